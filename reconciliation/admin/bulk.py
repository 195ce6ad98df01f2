"""Working many discrepancies of the queue at once: each is decided by itself, and what was refused is said."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from reconciliation.admin.steps import STEPS, Step, make_form
from reconciliation.admin.work import WorkMixin, say_done
from reconciliation.models import Discrepancy
from shops.admin_base import action
from shops.money import ZERO, parse_amount

CONFIRMED = "confirmed"
ROWS_LIMIT = 500
NAMES_SHOWN = 5


class BulkWorkMixin(WorkMixin):
    """Put it before the admin class of Discrepancy."""

    actions: Any = (
        "take_selected",
        "hand_over_selected",
        "comment_selected",
        "resolve_selected",
        "write_off_selected",
        "reopen_selected",
        "undo_selected",
    )

    @action(permissions=["work"], description=_("Take"))
    def take_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> None:
        self._decide_all(request, queryset, STEPS["take"], {})

    @action(permissions=["work"], description=_("Hand over…"))
    def hand_over_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> HttpResponse | None:
        return self._ask_and_decide(request, queryset, STEPS["hand-over"])

    @action(permissions=["work"], description=_("Comment…"))
    def comment_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> HttpResponse | None:
        return self._ask_and_decide(request, queryset, STEPS["comment"])

    @action(permissions=["work"], description=_("Resolve with a reason…"))
    def resolve_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> HttpResponse | None:
        return self._ask_and_decide(request, queryset, STEPS["resolve"])

    @action(permissions=["write_off"], description=_("Write off…"))
    def write_off_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> HttpResponse | None:
        return self._ask_and_decide(request, queryset, STEPS["write-off"])

    @action(permissions=["work"], description=_("Reopen…"))
    def reopen_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> HttpResponse | None:
        return self._ask_and_decide(request, queryset, STEPS["reopen"])

    @action(permissions=["work"], description=_("Undo the last step…"))
    def undo_selected(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> HttpResponse | None:
        return self._ask_and_decide(request, queryset, STEPS["undo"])

    def _ask_and_decide(self, request: HttpRequest, queryset: QuerySet[Discrepancy], step: Step) -> HttpResponse | None:
        """A page with the rows and the step's questions; its answer is the decision about each row."""
        rows = self._read_rows(request, queryset)
        if not rows:
            return None
        form = make_form(step, request, rows, bound=CONFIRMED in request.POST, many=True)
        if form.is_valid():
            self._decide_all(request, queryset, step, form.cleaned_data)
            return None
        context = self.admin_site.each_context(request) | {
            "title": step.label,
            "opts": self.opts,
            "step": step,
            "rows": rows,
            "total": sum((row.amount or ZERO for row in rows), ZERO),
            "form": form,
            "action": request.POST.get("action", ""),
        }
        return TemplateResponse(request, "admin/reconciliation/discrepancy/selected.html", context)

    def _decide_all(
        self, request: HttpRequest, queryset: QuerySet[Discrepancy], step: Step, answers: dict[str, Any]
    ) -> None:
        """Each row is decided, or refused, by itself."""
        done: Counter[str] = Counter()
        refused: dict[str, list[Discrepancy]] = {}
        for row in self._read_rows(request, queryset):
            seen = {"seen_amount": read_seen_amount(request, row)} if "seen_amount" in answers else {}
            if refusal := self.decide(request, row, step, answers | seen):
                refused.setdefault(refusal, []).append(row)
            else:
                done[say_done(step, row)] += 1
        for said, count in done.items():
            text = ngettext("%(count)d discrepancy: %(done)s", "%(count)d discrepancies: %(done)s", count)
            messages.success(request, text % {"count": count, "done": said[:1].lower() + said[1:].rstrip(".")})
        for refusal, held in refused.items():
            messages.error(request, say_refused(refusal, held))

    def _read_rows(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> list[Discrepancy]:
        """The rows that were chosen; none of them where they are too many for one request."""
        chosen = queryset.select_related("case__shop", "case__bill", "case__receipt", "case__event__shop", "assignee")
        rows = list(chosen.order_by("pk")[: ROWS_LIMIT + 1])
        if len(rows) > ROWS_LIMIT:
            text = gettext("At most %(count)d at once: choose fewer, and the rest after them.")
            messages.error(request, text % {"count": ROWS_LIMIT})
            return []
        return rows


def say_refused(refusal: str, rows: Sequence[Discrepancy]) -> str:
    """Why, of how many, and of which."""
    names = [str(row) for row in rows[:NAMES_SHOWN]]
    rest = len(rows) - NAMES_SHOWN
    if rest > 0:
        names.append(ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest})
    text = ngettext(
        "%(count)d discrepancy is left as it was: %(refusal)s (%(names)s)",
        "%(count)d discrepancies are left as they were: %(refusal)s (%(names)s)",
        len(rows),
    )
    return text % {"count": len(rows), "refusal": refusal, "names": "; ".join(names)}


def read_seen_amount(request: HttpRequest, row: Discrepancy) -> Decimal | None:
    """The amount of this row that was shown when it was asked."""
    try:
        return parse_amount(request.POST.get(f"seen-{row.pk}", ""))
    except ValueError:
        return None
