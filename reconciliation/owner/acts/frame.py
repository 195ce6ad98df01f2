"""What every page of this package stands on: its shop, who may open it, and how a row is changed and noted.

A shop that somebody does not belong to, and a page that their role in it does not open, are both not there.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from reconciliation.owner.views import find_shop
from shops.models import Shop

More = ParamSpec("More")
View = Callable[Concatenate[HttpRequest, Shop, More], HttpResponseBase]
Page = Callable[..., HttpResponseBase]


def shop_page(*permissions: str) -> Callable[[View[More]], Page]:
    """A page of a shop, for who has one of the permissions there. The view gets the shop in place of its number."""

    def wrap(view: View[More]) -> Page:
        @login_required
        @wraps(view)
        def page(request: HttpRequest, number: int, *args: More.args, **more: More.kwargs) -> HttpResponseBase:
            shop = find_shop(request, number)
            if not any(request.user.has_perm(permission, shop) for permission in permissions):
                raise Http404
            return view(request, shop, *args, **more)

        return page

    return wrap


def person_of(request: HttpRequest) -> User:
    """Who asks; the page has made sure that somebody is logged in."""
    assert isinstance(request.user, User)
    return request.user


def show(request: HttpRequest, template: str, shop: Shop, section: str, context: dict[str, Any]) -> HttpResponse:
    """A page in the frame of the shop, with the tab `section` open."""
    return render(request, f"owner/acts/{template}.html", {"shop": shop, "section": section, **context})


def note(person: User, row: Model, text: str, *, flag: int = CHANGE) -> None:
    """Writes into the admin's own log what somebody did to a row."""
    LogEntry.objects.log_actions(person.pk, [row], flag, text, single_object=True)
