"""Sums of money in the database, exact to the kopeck on every database. Anyone may import it.

SQLite keeps a decimal as a binary float, and a million of those do not add up to the kopeck: amounts are counted in
whole kopecks, which are whole numbers on both sides.
"""

from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, DecimalField, Expression, F, Q, Sum, Value
from django.db.models.functions import Cast, Coalesce, Round

from shops.money import from_kopecks

WIDE = DecimalField(max_digits=25, decimal_places=2)
WHOLE = DecimalField(max_digits=25, decimal_places=0)  # PostgreSQL adds whole numbers up to a numeric


def kopecks(amount: str | Expression) -> Expression:
    """An amount as a whole number of kopecks."""
    figure = F(amount) if isinstance(amount, str) else amount
    hundredfold = Cast(figure, WIDE) * Value(100)
    hundredfold.output_field = WIDE
    return Cast(Round(hundredfold), BigIntegerField())


class _SumOfKopecks(Sum):
    """PostgreSQL adds decimals up exactly, and faster than it makes whole numbers of them; SQLite needs these."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        amount, *rest = self.get_source_expressions()
        exact = self.copy()
        exact.set_source_expressions([kopecks(amount), *rest])
        return super(_SumOfKopecks, exact).as_sql(compiler, connection, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, parameters = super().as_sql(compiler, connection, **context)
        return f"({sql} * 100)", parameters


def sum_kopecks(amount: str | Expression, *, filter: Q | None = None) -> Any:
    """The sum of an amount over the rows (those of `filter`) in kopecks; none is zero. For `annotate`, `aggregate`."""
    return Coalesce(_SumOfKopecks(amount, filter=filter, output_field=WHOLE), Value(0), output_field=WHOLE)


def read_sum(figure: Decimal | int | None) -> Decimal:
    """What `sum_kopecks` has brought, as an amount."""
    return from_kopecks(int(figure or 0))
