"""Working a discrepancy in the admin: actions on the queue, buttons on the page. `decisions` does what is decided."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from reconciliation import decisions
from reconciliation.admin.forms import CommentForm, HandOverForm, RequiredCommentForm, ResolveForm
from reconciliation.linking import LINK_PERMISSION
from reconciliation.models import Discrepancy, DiscrepancyStep, Status
from shops.admin_base import action

WORK_PERMISSION = "reconciliation.work_discrepancy"
DONE = {
    "take": _("Taken."),
    "hand-over": _("Handed over."),
    "comment": _("Comment added."),
    "resolve": _("Resolved."),
    "reopen": _("Reopened."),
    "undo": _("The last step is undone."),
}


class WorkMixin:
    """Put it before the admin class of Discrepancy."""

    actions: Any = ("take_selected", "resolve_selected", "reopen_selected")
    admin_site: Any
    model: Any
    opts: Any

    def has_work_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm(WORK_PERMISSION)

    # --- the buttons of the page ---

    def get_urls(self) -> list[URLPattern]:
        work = path(
            "<int:discrepancy_id>/work/<slug:step>/",
            self.admin_site.admin_view(self.work_view),
            name="reconciliation_discrepancy_work",
        )
        return [work, *super().get_urls()]  # type: ignore[misc]

    def describe_work(self, request: HttpRequest, row: Discrepancy) -> dict[str, Any] | None:
        """Which buttons and forms the page has for this person; none without the permission."""
        if not self.has_work_permission(request):
            return None
        resolved = row.status == Status.RESOLVED
        colleagues = list_colleagues(request)
        return {
            "can_take": not resolved and row.assignee_id != request.user.pk,
            "can_reopen": resolved and row.cause_present,
            "can_undo": self._may_undo(request, decisions.find_step_to_undo(row)),
            "resolve_form": None if resolved else ResolveForm(prefix="resolve"),
            "hand_over_form": None if resolved else HandOverForm(prefix="hand-over", colleagues=colleagues),
            "comment_form": RequiredCommentForm(prefix="comment"),
        }

    def _may_undo(self, request: HttpRequest, step: DiscrepancyStep | None) -> bool:
        return step is not None and (step.allocation_id is None or request.user.has_perm(LINK_PERMISSION))

    def work_view(self, request: HttpRequest, discrepancy_id: int, step: str) -> HttpResponse:
        """One step, by POST; then back to the page, where a message says what was done or why not."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_work_permission(request) or step not in DONE:
            raise PermissionDenied
        page = HttpResponseRedirect(reverse("admin:reconciliation_discrepancy_change", args=[discrepancy_id]))
        row = self.get_queryset(request).filter(pk=discrepancy_id).first()  # type: ignore[attr-defined]
        if row is None:
            return HttpResponseRedirect(reverse("admin:reconciliation_discrepancy_changelist"))
        if step == "undo" and decisions.undoes_link(row) and not request.user.has_perm(LINK_PERMISSION):
            raise PermissionDenied
        form = make_form(request, step)
        if not form.is_valid():
            complain(request, form)
        elif self._decide(request, row, step, form.cleaned_data):
            messages.success(request, str(DONE[step]))
        return page

    def _decide(self, request: HttpRequest, row: Discrepancy, step: str, answers: dict[str, Any]) -> bool:
        """Takes the step, and writes it into the admin's own log too. A refusal is said and nothing is done."""
        try:
            DECIDE[step](row, actor=request.user, now=timezone.now(), **answers)
        except decisions.DecisionRefused as refusal:
            messages.error(request, f"{row}: {refusal}")
            return False
        self.log_change(request, row, str(DONE[step]))  # type: ignore[attr-defined]
        return True

    # --- the actions of the queue ---

    @action(permissions=["work"], description=_("Take"))
    def take_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> None:
        self._decide_all(request, queryset, "take", {})

    @action(permissions=["work"], description=_("Reopen"))
    def reopen_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> None:
        self._decide_all(request, queryset, "reopen", {"comment": ""})

    @action(permissions=["work"], description=_("Resolve with a reason…"))
    def resolve_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> HttpResponse | None:
        form = ResolveForm(request.POST if "confirmed" in request.POST else None, prefix="resolve")
        if form.is_valid():
            self._decide_all(request, queryset, "resolve", form.cleaned_data)
            return None
        context = self.admin_site.each_context(request) | {
            "title": gettext("Resolve discrepancies"),
            "opts": self.opts,
            "rows": queryset,
            "form": form,
            "selected": request.POST.getlist("_selected_action"),
        }
        return TemplateResponse(request, "admin/reconciliation/discrepancy/resolve_selected.html", context)

    def _decide_all(
        self, request: HttpRequest, queryset: QuerySet[Discrepancy], step: str, answers: dict[str, Any]
    ) -> None:
        done = sum(self._decide(request, row, step, answers) for row in queryset.order_by("pk"))
        if done:
            text = ngettext("%(count)d discrepancy: %(done)s", "%(count)d discrepancies: %(done)s", done)
            messages.success(request, text % {"count": done, "done": str(DONE[step]).rstrip(".").lower()})


def list_colleagues(request: HttpRequest) -> QuerySet[User]:
    """Whom a discrepancy can be handed to: everybody else who may work it."""
    return User.objects.with_perm(WORK_PERMISSION, backend="django.contrib.auth.backends.ModelBackend").exclude(
        username=request.user.get_username()
    )


def make_form(request: HttpRequest, step: str) -> Form:
    if step == "resolve":
        return ResolveForm(request.POST, prefix=step)
    if step == "hand-over":
        return HandOverForm(request.POST, prefix=step, colleagues=list_colleagues(request))
    if step == "comment":
        return RequiredCommentForm(request.POST, prefix=step)
    if step == "take":
        return Form(request.POST)
    return CommentForm(request.POST, prefix=step)


def complain(request: HttpRequest, form: Form) -> None:
    for name, faults in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        for fault in faults:
            messages.error(request, f"{label}: {fault}")


DECIDE: dict[str, Callable[..., object]] = {
    "take": decisions.take,
    "hand-over": decisions.hand_over,
    "comment": decisions.comment,
    "resolve": decisions.resolve,
    "reopen": decisions.reopen,
    "undo": decisions.undo,
}
