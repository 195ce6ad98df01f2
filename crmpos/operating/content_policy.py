"""What a page of this site may load, run and be used for: told to browsers with every answer.

Pages are strict: nothing from elsewhere, no script or style within the page. The admin's theme evaluates expressions
and writes styles, so it may; the page that shows the API has small pictures within its stylesheet.
"""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

STRICT: dict[str, Any] = {
    "default-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
WITH_PICTURES = STRICT | {"img-src": [SELF, "data:"]}
ADMIN = WITH_PICTURES | {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
BY_PREFIX = (("/admin/", ADMIN), ("/api/docs/", WITH_PICTURES))

# Registers and CRMs are no browsers, and call a thousand times a second.
MACHINES = ("/api/v1/", "/api/v2/", "/index.php")

NOT_USED = ("camera", "display-capture", "geolocation", "microphone", "payment", "serial", "usb")
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in NOT_USED)


class ContentPolicy(CSPMiddleware):
    """Adds `Content-Security-Policy` and `Permissions-Policy` to what browsers show."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        path = request.path_info
        if path.startswith(MACHINES):
            return response
        for prefix, policy in BY_PREFIX:
            if path.startswith(prefix):
                response._csp_config = policy  # type: ignore[attr-defined]
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return super().process_response(request, response)
