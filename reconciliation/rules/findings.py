"""What the rules find. Pure.

A finding's evidence is made of texts, whole numbers, lists and dicts only, so that it can be stored and compared
as it is; amounts in it are texts with two places.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from reconciliation.rules.kinds import Kind

Evidence = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Finding:
    """One named difference. `amount` is signed (negative: money missing) and None where there is no amount."""

    kind: Kind
    amount: Decimal | None = None
    evidence: Evidence = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a case came to. `received`, `due` and `gap` are None where the case has no receipt of money."""

    due: Decimal | None
    received: Decimal | None
    fully_paid: bool
    findings: tuple[Finding, ...]
    judge_again_at: datetime | None  # when time alone may change the answer

    @property
    def gap(self) -> Decimal | None:
        return None if self.received is None or self.due is None else self.received - self.due
