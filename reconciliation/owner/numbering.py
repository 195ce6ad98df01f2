"""Several sums in one query: each is numbered, and all are asked for together."""

from typing import Any

from django.db.models import IntegerField, Value


def number_rows(rows: Any, place: int) -> Any:
    """The rows with the number of the sum that they are of (`place`)."""
    return rows.annotate(place=Value(place, output_field=IntegerField()))
