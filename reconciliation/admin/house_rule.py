"""Rules of the house in the admin: the list, the page of one with what it would have done, making and replacing."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from reconciliation.admin.house_rule_form import HouseRuleForm, initial_of
from reconciliation.admin.house_rule_preview import describe_preview
from reconciliation.house_rules import making
from reconciliation.house_rules.loading import know_assignees, select_in_force
from reconciliation.house_rules.making import RuleRefused
from reconciliation.house_rules.open_work import apply_to_open, find_open_work
from reconciliation.house_rules.preview import preview_rule
from reconciliation.house_rules.wording import describe_conditions, describe_obstacle, describe_outcome
from reconciliation.models import HouseRule, Reason
from reconciliation.permissions import (
    ADD_RULE_PERMISSION,
    CHANGE_RULE_PERMISSION,
    VIEW_PERMISSION,
    WRITE_OFF_PERMISSION,
)
from shops.admin_base import FactAdmin, RelatedDropdownFilter, display
from shops.money import ZERO
from shops.presentation import show_time
from shops.visibility import scope_of

AFTER_ALL_OTHERS = 2**31 - 1
RELATED = ("shop", "store", "terminal", "employee", "write_off_account", "assignee", "replaced_by")

STEPS: dict[str, tuple[Callable[..., None], Any]] = {
    "switch-off": (making.switch_off, _("The rule is switched off.")),
    "switch-on": (making.switch_on, _("The rule is in force.")),
    "earlier": (lambda rule, **how: making.move(rule, earlier=True, **how), _("The rule is asked earlier now.")),
    "later": (lambda rule, **how: making.move(rule, earlier=False, **how), _("The rule is asked later now.")),
}


@admin.register(HouseRule)
class HouseRuleAdmin(FactAdmin):
    """A rule is not edited: it is switched off, or replaced by another."""

    change_form_template = "admin/reconciliation/houserule/change_form.html"
    list_display = (
        "name",
        "shown_conditions",
        "shown_outcome",
        "shown_state",
        "times_applied",
        "last_applied",
    )
    list_display_links = ("name",)
    list_select_related = RELATED
    list_filter = ("is_active", ("shop", RelatedDropdownFilter))
    search_fields = ("name",)
    ordering = ("position", "pk")
    fields = ("name",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(ADD_RULE_PERMISSION)

    def has_rule_permission(self, request: HttpRequest, rule: HouseRule) -> bool:
        """Whether this person may switch, order, replace and apply the rule, in all shops that it is for."""
        return request.user.has_perm(CHANGE_RULE_PERMISSION, rule)

    def get_queryset(self, request: HttpRequest) -> QuerySet[HouseRule]:
        rules: QuerySet[HouseRule] = super().get_queryset(request)
        seen = Q()
        if not (scope := scope_of(request.user, VIEW_PERMISSION)).every_shop:
            seen = Q(steps__discrepancy__shop__in=scope.shop_numbers)
        times, last_at = Count("steps", filter=seen), Max("steps__at", filter=seen)
        return know_assignees(rules).annotate(times=times, last_at=last_at)

    # --- the columns of the list ---

    @display(description=_("conditions"))
    def shown_conditions(self, rule: HouseRule) -> str:
        return describe_conditions(rule)

    @display(description=_("what is done"))
    def shown_outcome(self, rule: HouseRule) -> str:
        return describe_outcome(rule)

    @display(description=_("in force"), ordering="is_active")
    def shown_state(self, rule: HouseRule) -> str:
        return show_state(rule)

    @display(description=_("times applied"), ordering="times")
    def times_applied(self, rule: HouseRule) -> int:
        times: int = rule.times  # type: ignore[attr-defined]
        return times

    @display(description=_("last applied"), ordering="last_at")
    def last_applied(self, rule: HouseRule) -> str:
        return show_time(rule.last_at)  # type: ignore[attr-defined]

    # --- the page of one rule ---

    def describe(self, request: HttpRequest, row: HouseRule) -> dict[str, Any]:
        rule = self.get_queryset(request).select_related(*RELATED, "replaces", "made_by", "changed_by").get(pk=row.pk)
        return {
            "rule": rule,
            "conditions": describe_conditions(rule),
            "outcome": describe_outcome(rule),
            "state": show_state(rule),
            "times": rule.times,  # type: ignore[attr-defined]
            "last_at": rule.last_at,  # type: ignore[attr-defined]
            "replacement": find_replacement(rule),
            "may_change": self.has_rule_permission(request, rule),
            "may_apply": self.may_apply(request, rule),
            "preview": self._preview(request, rule),
        }

    def _preview(self, request: HttpRequest, rule: HouseRule) -> dict[str, Any] | None:
        """It tells of discrepancies: for who sees those of all shops that the rule is for."""
        if not request.user.has_perm(VIEW_PERMISSION, rule):
            return None
        return describe_preview(preview_rule(rule, in_force=select_in_force(), now=timezone.now()))

    def may_apply(self, request: HttpRequest, rule: HouseRule) -> bool:
        """Whoever has a rule write off what is open writes it off."""
        writes_off = rule.reason == Reason.WRITTEN_OFF
        may_write_off = not writes_off or request.user.has_perm(WRITE_OFF_PERMISSION, rule)
        return rule.is_active and self.has_rule_permission(request, rule) and may_write_off

    def get_urls(self) -> list[URLPattern]:
        views = (
            ("replace", "replace", self.replace_view),
            ("apply", "apply", self.apply_view),
            ("step", "step/<slug:step>", self.step_view),
        )
        ours = [
            path(
                f"<int:rule_id>/{address}/",
                self.admin_site.admin_view(view),
                name=f"reconciliation_houserule_{name}",
            )
            for name, address, view in views
        ]
        return [*ours, *super().get_urls()]

    def step_view(self, request: HttpRequest, rule_id: int, step: str) -> HttpResponse:
        """Switches or moves a rule, by POST; then back to its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        rule = self._find(request, rule_id)
        if not self.has_rule_permission(request, rule) or step not in STEPS:
            raise PermissionDenied
        take, done = STEPS[step]
        try:
            take(rule, actor=request.user, now=timezone.now())
        except RuleRefused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, rule, str(done))
            messages.success(request, str(done))
        return HttpResponseRedirect(address_of(rule))

    # --- making and replacing ---

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._fill_in(request, None)

    def replace_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        rule = self._find(request, rule_id)
        if not (self.has_add_permission(request) and self.has_rule_permission(request, rule)):
            raise PermissionDenied
        return self._fill_in(request, rule)

    def _fill_in(self, request: HttpRequest, replaced: HouseRule | None) -> HttpResponse:
        """The form; a preview below it where that is asked for; the rule's page once it is saved."""
        data = request.POST if request.method == "POST" else None
        assert isinstance(request.user, User)
        initial = initial_of(replaced) if replaced else None
        form = HouseRuleForm(data, prefix="rule", initial=initial, maker=request.user)
        preview = None
        if form.is_valid():
            rule = form.make_rule()
            if not request.user.has_perm(ADD_RULE_PERMISSION, rule):
                form.add_error("shop", gettext("You make rules for your own shops: choose one of them."))
            elif "preview" in request.POST:
                preview = self._try(request, form, rule, replaced)
            elif self._save(request, form, rule, replaced):
                return HttpResponseRedirect(address_of(rule))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Replace the rule “%s”") % replaced if replaced else gettext("New rule of the house"),
            "opts": self.opts,
            "form": form,
            "replaced": replaced,
            "preview": preview,
        }
        return TemplateResponse(request, "admin/reconciliation/houserule/form.html", context)

    def _try(
        self, request: HttpRequest, form: HouseRuleForm, rule: HouseRule, replaced: HouseRule | None
    ) -> dict[str, Any] | None:
        assert isinstance(request.user, User)
        rule.replaces, rule.position = replaced, replaced.position if replaced else AFTER_ALL_OTHERS
        in_force = list(select_in_force())
        if faults := making.find_faults(rule, request.user, in_force):
            form.complain(RuleRefused(faults))
            return None
        return describe_preview(preview_rule(rule, in_force=in_force, now=timezone.now()))

    def _save(self, request: HttpRequest, form: HouseRuleForm, rule: HouseRule, replaced: HouseRule | None) -> bool:
        assert isinstance(request.user, User)
        try:
            making.make_rule(rule, actor=request.user, now=timezone.now(), replaces=replaced)
        except RuleRefused as refusal:
            form.complain(refusal)
            return False
        self.log_addition(request, rule, [{"added": {}}])
        if replaced is not None:
            self.log_change(request, replaced, gettext("Replaced by another rule."))
        messages.success(request, gettext("The rule is in force. What was open before, it leaves alone."))
        return True

    def _find(self, request: HttpRequest, rule_id: int) -> HouseRule:
        rule: HouseRule = get_object_or_404(self.get_queryset(request).select_related(*RELATED), pk=rule_id)
        return rule

    # --- what is open now ---

    def apply_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """Shows the rows that the rule would decide now; by POST it decides those that were shown."""
        rule = self._find(request, rule_id)
        if not self.may_apply(request, rule):
            raise PermissionDenied
        if request.method == "POST":
            return self._apply(request, rule)
        work = find_open_work(rule)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Apply the rule “%s” to what is open now") % rule,
            "opts": self.opts,
            "rule": rule,
            "conditions": describe_conditions(rule),
            "outcome": describe_outcome(rule),
            "rows": work.rows,
            "is_cut": work.is_cut,
            "total": sum((row.amount or ZERO for row in work.rows), ZERO),
        }
        return TemplateResponse(request, "admin/reconciliation/houserule/apply.html", context)

    def _apply(self, request: HttpRequest, rule: HouseRule) -> HttpResponse:
        assert isinstance(request.user, User)
        keys = [int(key) for key in request.POST.getlist("discrepancy") if key.isdecimal()]
        try:
            done = apply_to_open(rule, keys=keys, actor=request.user, now=timezone.now())
        except RuleRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(address_of(rule))
        text = ngettext(
            "The rule has decided %(count)d discrepancy.", "The rule has decided %(count)d discrepancies.", done
        ) % {"count": done}
        if left := len(set(keys)) - done:
            text += " " + ngettext(
                "%(count)d has been changed by somebody meanwhile and was left alone.",
                "%(count)d have been changed by somebody meanwhile and were left alone.",
                left,
            ) % {"count": left}
        self.log_change(request, rule, text)
        messages.success(request, text)
        return HttpResponseRedirect(address_of(rule))


def address_of(rule: HouseRule) -> str:
    return reverse("admin:reconciliation_houserule_change", args=[rule.pk])


def find_replacement(rule: HouseRule) -> HouseRule | None:
    """The rule that stands in the place of this one; `replaced_by` has to be at hand."""
    replacement: HouseRule | None = getattr(rule, "replaced_by", None)
    return replacement


def show_state(rule: HouseRule) -> str:
    """In force, passed over and why, switched off or replaced."""
    if obstacle := describe_obstacle(rule):
        return format_html('<span class="flag flag-bad">{}</span>', obstacle)
    if rule.is_active:
        return format_html('<span class="flag flag-good">{}</span>', _("in force"))
    return format_html('<span class="flag">{}</span>', _("replaced") if find_replacement(rule) else _("switched off"))
