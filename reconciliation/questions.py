"""Questions of accountants to the owner of a shop, and the answers.

A part of what people decide; see `reconciliation.decisions` for what every decision does.
"""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from reconciliation.attachments import CheckedFile, attach
from reconciliation.decisions import Action, DecisionRefused, take_step
from reconciliation.letters.conversation import tell_at_once
from reconciliation.models import Discrepancy, DiscrepancyStep, Status
from shops.models import Shop


@transaction.atomic
def ask(discrepancy: Discrepancy, *, actor: User, comment: str, now: datetime) -> DiscrepancyStep:
    """The owner of the shop is asked; it waits for an answer until one comes or it is closed."""
    if not comment.strip():
        raise DecisionRefused(_("The question is empty: write what the owner is to answer."))
    with take_step(discrepancy, Action.ASKED, actor, now, comment) as (locked, step):
        if locked.status == Status.RESOLVED:
            raise DecisionRefused(_("It is resolved already. Reopen it first."))
        locked.asked_by = actor
    tell_at_once(step, now=now)
    return step


@transaction.atomic
def answer(
    discrepancy: Discrepancy,
    *,
    actor: User,
    comment: str,
    now: datetime,
    attachments: Sequence[CheckedFile] = (),
) -> DiscrepancyStep:
    """The question is answered, and whoever has asked it is told."""
    if not comment.strip():
        raise DecisionRefused(_("The answer is empty: write it."))
    with take_step(discrepancy, Action.ANSWERED, actor, now, comment) as (locked, step):
        if locked.asked_by is None:
            raise DecisionRefused(_("No question waits for an answer any more. Write a comment instead."))
        asked_by, locked.asked_by = locked.asked_by, None
    attach(step, attachments)
    tell_at_once(step, asked_by=asked_by, now=now)
    return step


def with_questions(shops: QuerySet[Shop]) -> QuerySet[Shop]:
    """The shops, each with how many questions wait for its owner (`asked_count`), in the same query."""
    asked = Discrepancy.objects.filter(shop=OuterRef("pk"), asked_by__isnull=False).order_by()
    counted = asked.values("shop").annotate(count=Count("pk")).values("count")
    return shops.annotate(asked_count=Coalesce(Subquery(counted), 0))
