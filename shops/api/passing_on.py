"""Which headers of a register's request the shop's own CRM is to see, so that it notices no difference.

What Evotor says of the register, and the register's `Authorization`, unless that is a token of ours: what only crmpos
knows is told to nobody.
"""

from django.http import HttpRequest
from rest_framework.request import Request

from shops.access import is_token_of_ours
from shops.api.authentication import read_token
from shops.models import Shop
from shops.relay.forwarding import find_upstream

EVOTOR_PREFIX = "X-Evotor-"


def read_headers_to_pass_on(request: Request | HttpRequest, shop: Shop) -> dict[str, str]:
    """Nothing for a shop that keeps no CRM of its own."""
    upstream = find_upstream(shop)
    if upstream is None:
        return {}
    headers = {name: value for name, value in request.headers.items() if name.startswith(EVOTOR_PREFIX)}
    authorization, secret = request.headers.get("Authorization"), read_token(request)
    if authorization and not upstream.token and not (secret and is_token_of_ours(secret)):
        headers["Authorization"] = authorization
    return headers
