"""Moments that lie in one of several times."""

from collections.abc import Sequence

from django.db.models import Q

from reconciliation.owner.days import Span


def within(name: str, spans: Sequence[Span]) -> Q:
    """The rows whose `name` lies in any of the times; none where there is no time."""
    wanted = Q(pk__in=())
    for span in spans:
        wanted |= Q(**{f"{name}__gte": span.begins, f"{name}__lt": span.ends})
    return wanted
