"""Reads what a person or a program sends to the office API: small JSON documents, strictly."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

BODY_LIMIT = 64 << 10  # bytes


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The body is larger than 64 KB.")
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
    """JSON of a size and a depth that no form of ours exceeds."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = stream.read(BODY_LIMIT + 1)
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError(_("The body is nested too deeply.")) from None


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses a field that it does not know: a mistyped name must not pass for one that was left out."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            known = ", ".join(self.fields) or "—"
            raise serializers.ValidationError({name: [_("Unknown field. Known: %s.") % known] for name in unknown})
        return super().to_internal_value(data)
