"""What may stand as the address of a CRM's webhook. Used by models."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

SCHEMES = ("http", "https")


def validate_address(address: str) -> None:
    """Refuses what is no complete address of HTTP, and one with a password in it, for addresses are shown."""
    try:
        parts = urlsplit(address)
        is_complete = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete or " " in address or not address.isprintable():
        raise ValidationError(_("Write the address like https://crm.example/hooks."))
    if "@" in parts.netloc or parts.fragment:
        raise ValidationError(_("The address must hold no user name, password or #."))
