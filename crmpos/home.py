"""The front door: everybody is led to the pages that are theirs."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse


def home_view(request: HttpRequest) -> HttpResponse:
    """Whoever may enter the admin works there; a shop's owner looks at the shop."""
    is_owner = request.user.is_authenticated and not request.user.is_staff
    return HttpResponseRedirect(reverse("owner:shops" if is_owner else "admin:index"))
