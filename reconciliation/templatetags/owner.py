"""The tabs of the owner's pages beyond the figures: {% load owner %}{% owner_tabs as tabs %}."""

from dataclasses import dataclass

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reconciliation.permissions import VIEW_PERMISSION
from shops.models import Shop
from shops.people import MANAGE_PERMISSION

register = template.Library()

SHOP_SECTIONS: tuple[tuple[str, Promise, tuple[str, ...]], ...] = (
    ("names", _("Names"), (VIEW_PERMISSION,)),
    ("settings", _("Settings"), (VIEW_PERMISSION,)),
    ("people", _("People"), (MANAGE_PERMISSION,)),
    ("keys", _("Keys"), ("shops.add_apikey", "shops.change_apikey")),
)


@dataclass(frozen=True, slots=True)
class Tab:
    title: str | Promise
    address: str
    is_active: bool
    count: int = 0


@register.simple_tag(takes_context=True)
def owner_tabs(context: template.Context) -> list[Tab]:
    """What follows the tabs of the figures: questions, with how many wait, and the shop itself."""
    request, shop = context["request"], context["shop"]
    if not request.user.has_perm(VIEW_PERMISSION, shop):
        return []
    section = context.get("section")
    inner = [name for name, _title, _permissions in SHOP_SECTIONS]
    return [
        Tab(_("Questions"), reverse("owner:questions", args=[shop.pk]), section == "questions", count_questions(shop)),
        Tab(_("The shop"), reverse("owner:names", args=[shop.pk]), section in inner),
    ]


@register.simple_tag
def count_questions(shop: Shop) -> int:
    """How many questions about the shop wait for its owner; they are read with the shop (`with_questions`)."""
    count: int = shop.asked_count  # type: ignore[attr-defined]
    return count


@register.simple_tag(takes_context=True)
def shop_tabs(context: template.Context) -> list[Tab]:
    """The parts of what is set about the shop, as far as the person may open them."""
    request, shop = context["request"], context["shop"]
    return [
        Tab(title, reverse(f"owner:{name}", args=[shop.pk]), context.get("section") == name)
        for name, title, permissions in SHOP_SECTIONS
        if _may_open(request, shop, permissions)
    ]


def _may_open(request: HttpRequest, shop: Shop, permissions: tuple[str, ...]) -> bool:
    return any(request.user.has_perm(permission, shop) for permission in permissions)
