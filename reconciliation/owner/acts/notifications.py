"""What one is told by e-mail, and when: everybody's own page outside the admin, whatever shops they belong to."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from reconciliation.letters.readers import find_reader
from reconciliation.owner.acts.frame import note, person_of
from reconciliation.subscribing import make_form, send_sample, set_for_oneself


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def notifications_view(request: HttpRequest) -> HttpResponse:
    """The settings of the person who asks, and of nobody else: the request names no person."""
    person = person_of(request)
    form = make_form(person, request.POST if request.method == "POST" else None)
    if form.is_valid():
        set_for_oneself(form)
        note(person, form.instance, gettext("Set for oneself."))
        messages.success(request, gettext("Your notifications are set."))
        return HttpResponseRedirect(reverse("notifications"))
    context = {"form": form, "reader": find_reader(person), "waits_for_server": not settings.MAIL_SERVER_IS_SET}
    return render(request, "owner/acts/notifications.html", context)


@require_POST
@login_required
def sample_view(request: HttpRequest) -> HttpResponse:
    """Writes the person a digest as it would be now."""
    messages.add_message(request, *send_sample(person_of(request), now=timezone.now()))
    return HttpResponseRedirect(reverse("notifications"))
