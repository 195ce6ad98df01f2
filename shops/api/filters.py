"""What the filters of the office API are made of. They are strict: a value that is not understood, a value that is
empty and a name that is not known are refused. A mistyped filter must never return everything.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import connections
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request
from rest_framework.serializers import ValidationError as ParametersRefused

from shops.money import parse_amount

TEXT_LENGTH_LIMIT = 200
NUMBER_PATTERN = r"^(0|[1-9][0-9]{0,17})$"
AMOUNT_PATTERN = r"^-?(0|[1-9][0-9]{0,10})(\.[0-9]{1,2})?$"
TIME_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$"
)
TEXT_PATTERN = r"^[^\u0000]+$"
DATE_LENGTH = len("2026-03-25")
TRUTH = {"true": True, "false": False}

Json = Mapping[str, Any]
ReadText = Callable[[str], Any]


class TextField(forms.CharField):
    """A text, to the letter: blanks around it are part of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"strip": False, "max_length": TEXT_LENGTH_LIMIT} | options)


class ReadField(forms.Field):
    """A value that `read` makes of a text; it raises ValueError for what it does not understand."""

    def __init__(self, *, read: ReadText, complaint: Any, **options: Any) -> None:
        self.read, self.complaint = read, complaint
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            return self.read(value)
        except (ValueError, OverflowError):
            raise ValidationError(self.complaint) from None


class TextsField(forms.MultipleChoiceField):
    """Any number of texts, none of them known beforehand."""

    def validate(self, value: Any) -> None:
        check = ProhibitNullCharactersValidator()
        for text in value:
            check(text)

    def valid_value(self, value: Any) -> bool:
        return True


def read_number(text: str) -> int:
    if not re.fullmatch(NUMBER_PATTERN, text):
        raise ValueError(text)
    return int(text)


def read_amount(text: str) -> Decimal:
    if not re.fullmatch(AMOUNT_PATTERN, text):
        raise ValueError(text)
    return parse_amount(text)


def read_time(text: str) -> datetime:
    """A time with its zone, or the beginning of a day in the time zone of this site; in UTC."""
    if not re.fullmatch(TIME_PATTERN, text):
        raise ValueError(text)
    if len(text) == DATE_LENGTH:
        read = timezone.make_aware(datetime.combine(datetime.fromisoformat(text), time.min))
    else:
        read = datetime.fromisoformat(text)
    if not 1 < read.year < 9999:  # beyond these not every time zone can show it
        raise ValueError(text)
    return read.astimezone(UTC)


def read_truth(text: str) -> bool:
    if text not in TRUTH:
        raise ValueError(text)
    return TRUTH[text]


NO_NUMBER = gettext_lazy("A whole number.")
NO_AMOUNT = gettext_lazy("An amount with two places at the most. Write it like -31040.00.")
# The message is formatted: two per cent signs are one.
NO_TIME = gettext_lazy("A time with its zone, or a date. Write it like 2026-03-25T17:30:00Z; a plus is %%2B.")
NO_TRUTH = gettext_lazy("Neither true nor false.")


def described(made: Any, label: str | Promise, schema: Json) -> Any:
    """A filter with its description for the documentation of the API."""
    made.label = label
    return extend_schema_field({**schema, "description": label})(made)


def text_filter(path: str, label: str | Promise, *, example: str, lookup: str = "exact") -> Any:
    """A text, to the letter."""
    made = django_filters.CharFilter(field_name=path, lookup_expr=lookup)
    made.field_class = TextField
    return described(made, label, _text_schema(example))


def contains_filter(paths: Iterable[str], label: str | Promise, *, example: str) -> Any:
    """A part of a text in any of the paths, whether its letters are small or capital."""
    paths = tuple(paths)

    def select(rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(contains(rows, paths, value))

    made = django_filters.CharFilter(method=select)
    made.field_class = TextField
    return described(made, label, _text_schema(example))


def texts_filter(path: str, label: str | Promise, *, example: str) -> Any:
    """A text, to the letter, which may be given several times: rows with any of them."""
    made = django_filters.MultipleChoiceFilter(field_name=path, distinct=False)
    made.field_class = TextsField
    return described(made, label, _text_schema(example))


def choices_filter(path: str, label: str | Promise, choices: Iterable[str]) -> Any:
    """One of some words, which may be given several times: rows with any of them."""
    words = list(choices)
    made = django_filters.MultipleChoiceFilter(
        field_name=path, distinct=False, choices=[(word, word) for word in words]
    )
    return described(made, label, {"type": "string", "enum": words})


def number_filter(path: str, label: str | Promise, *, example: int, select: Callable[[int], Q] | None = None) -> Any:
    """The rows with this number at `path`, or those that `select` makes of it."""

    def select_rows(rows: QuerySet[Any], name: str, value: int | None) -> QuerySet[Any]:
        assert select is not None
        return rows if value is None else rows.filter(select(value))

    schema = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1, "examples": [example]}
    method = select_rows if select else None
    made = django_filters.Filter(field_name=path, method=method, read=read_number, complaint=NO_NUMBER)
    made.field_class = ReadField
    return described(made, label, schema)


def amount_filter(path: str, lookup: str, label: str | Promise, *, example: str) -> Any:
    made = django_filters.Filter(field_name=path, lookup_expr=lookup, read=read_amount, complaint=NO_AMOUNT)
    made.field_class = ReadField
    return described(made, label, {"type": "string", "pattern": AMOUNT_PATTERN, "examples": [example]})


def time_filter(path: str, lookup: str, label: str | Promise, *, example: str) -> Any:
    made = django_filters.Filter(field_name=path, lookup_expr=lookup, read=read_time, complaint=NO_TIME)
    made.field_class = ReadField
    return described(made, label, {"type": "string", "pattern": TIME_PATTERN, "examples": [example]})


def truth_filter(select_true: Q, label: str | Promise) -> Any:
    """`true`: the rows of `select_true`; `false`: the others."""

    def select(rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(select_true if value else ~select_true)

    made = django_filters.Filter(method=select, read=read_truth, complaint=NO_TRUTH)
    made.field_class = ReadField
    return described(made, label, {"type": "boolean"})


def contains(rows: QuerySet[Any], paths: Iterable[str], text: str) -> Q:
    """The rows with a text in one of the paths. SQLite tells small letters from capitals outside of ASCII, unless
    Python compares.
    """
    python_compares = connections[rows.db].vendor == "sqlite" and not text.isascii()
    lookup, sought = ("iregex", re.escape(text)) if python_compares else ("icontains", text)
    found = Q()
    for path in paths:
        found |= Q(**{f"{path}__{lookup}": sought})
    return found


def list_repeatable(filterset: type[FilterSet] | None) -> dict[str, bool]:
    """The names of the filters, each with whether it may be given several times."""
    filters = filterset.base_filters if filterset else {}
    return {name: isinstance(one, django_filters.MultipleChoiceFilter) for name, one in filters.items()}


def check_parameters(request: Request, known: Mapping[str, bool]) -> None:
    """Refuses parameters that nobody asked for, empty ones, and repeated ones that may be given once only."""
    complaints = {}
    for name, values in request.query_params.lists():
        if name not in known:
            complaints[name] = [_("Unknown parameter. Known: %s.") % (", ".join(sorted(known)) or "—")]
        elif not all(values):
            complaints[name] = [_("The value is empty. Leave the parameter out.")]
        elif len(values) > 1 and not known[name]:
            complaints[name] = [_("May be given once only.")]
    if complaints:
        raise ParametersRefused(complaints)


def _text_schema(example: str) -> Json:
    return {"type": "string", "pattern": TEXT_PATTERN, "maxLength": TEXT_LENGTH_LIMIT, "examples": [example]}
