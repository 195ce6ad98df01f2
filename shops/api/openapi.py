"""How the back-office API describes itself (OpenAPI)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.renderers import JSONRenderer

from shops.api.parsing import StrictSerializer
from shops.api.tables import CsvRenderer, XlsxRenderer

Json = Mapping[str, Any]

SESSION = "cookieAuth"  # the framework's name for it
LIST_DESCRIPTION = _(
    "Newest first. JSON comes in pages that neither repeat nor skip a row while others are inserted: follow `next`. "
    "CSV and XLSX hold the whole filtered list. Amounts are text with two places, times are UTC."
)
DECISION_DESCRIPTION = _(
    "Only for somebody who has logged in: send the cookie of the session, and the token against forged requests in "
    "`X-CSRFToken`. A key decides nothing."
)
ONE_ERROR: Json = {
    "type": "object",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
    "additionalProperties": False,
}
ERRORS_BY_FIELD: Json = {
    "type": "object",
    "description": _("What is wrong, by the name of the parameter or field; or one sentence in `detail`."),
    "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
}
ERRORS = {
    "400": (ERRORS_BY_FIELD, _("Something in the request is not understood.")),
    "401": (ONE_ERROR, _("No key, no login, or a key that does not work.")),
    "403": (ONE_ERROR, _("The caller may not do this.")),
    "406": (ONE_ERROR, _("No format that `Accept` names.")),
    "429": (ONE_ERROR, _("Too many calls in a minute; `Retry-After` says how many seconds to wait.")),
}
NOT_FOUND = {"404": (ONE_ERROR, _("There is no such object among those that the caller may see."))}
DECISION_ERRORS = {
    "409": (ONE_ERROR, _("What has been decided before does not allow it.")),
    "413": (ONE_ERROR, _("The body is too large.")),
    "415": (ONE_ERROR, _("The body is no JSON.")),
}


class KeyAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "shops.api.authentication.KeyAuthentication"
    match_subclasses = True
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": str(_("A key of a shop."))}


class OfficeSchema(AutoSchema):
    """Adds to every operation its errors, its files and its examples.

    The example of an operation is a file `<list>-<action>.json` in the view's folder `examples`; a test holds it
    against the answer of the program.
    """

    view: Any

    def get_auth(self) -> Any:
        """A key opens no decision."""
        return [auth for auth in super().get_auth() if self.method == "GET" or SESSION in auth]

    def get_summary(self) -> Any:
        return self.view.summaries.get(self.view.action)

    def get_description(self) -> Any:  # type: ignore[override]
        if self.method != "GET":
            return DECISION_DESCRIPTION
        return LIST_DESCRIPTION if self.view.action == "list" else ""

    def get_tags(self) -> list[str]:
        return [self.view.table_name]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        errors = ERRORS if self.view.action == "list" else ERRORS | NOT_FOUND
        if self.method != "GET":
            errors = errors | DECISION_ERRORS
        for code, (schema, description) in errors.items():
            content = {JSONRenderer.media_type: {"schema": schema}}
            bodies[code] = {"content": content, "description": description}
        return bodies

    def _get_response_for_code(
        self, serializer: Any, status_code: Any, media_types: Any = None, direction: Any = "response"
    ) -> Any:
        answer: Any = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        content = answer["content"]
        if CsvRenderer.media_type in content:
            content[CsvRenderer.media_type] = {"schema": {"type": "string"}}
            content[XlsxRenderer.media_type] = {"schema": {"type": "string", "format": "binary"}}
        content[JSONRenderer.media_type]["examples"] = {self.view.action: {"value": self._read_example()}}
        return answer

    def _postprocess_serializer_schema(self, schema: Any, serializer: Any, direction: Any) -> Any:
        answer: Any = super()._postprocess_serializer_schema(  # type: ignore[no-untyped-call]
            schema, serializer, direction
        )
        return answer | {"additionalProperties": False} if isinstance(serializer, StrictSerializer) else answer

    def _read_example(self) -> Any:
        view = self.view
        # After a decision stands what stands in the detail.
        action = view.action if view.action == "list" else "retrieve"
        return json.loads(Path(view.examples, f"{view.table_name}-{action}.json").read_text(encoding="utf-8"))
