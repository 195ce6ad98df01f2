"""How values are written in answers: money and quantities as text, times in UTC."""

from datetime import UTC
from typing import Any

from django.db import models
from rest_framework import serializers


class UtcTimeField(serializers.DateTimeField):
    """`2026-03-25T14:24:52Z`"""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default_timezone": UTC} | options)


class OptionalChoiceField(serializers.ChoiceField):
    """A word of a list, or null where the model has an empty text."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(choices, **{"allow_null": True, "read_only": True} | options)

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


class RowSerializer(serializers.ModelSerializer[Any]):
    """A row to read. A decimal is text with the places that its column has; a time is UTC."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.DateTimeField: UtcTimeField
    }

    def get_extra_kwargs(self) -> Any:
        """No field of an answer can be written."""
        return super().get_extra_kwargs() | {
            name: {"read_only": True} for name in self.Meta.fields if name not in self._declared_fields
        }


def shop_field(path: str = "shop_id") -> serializers.IntegerField:
    """The number of a row's shop."""
    return serializers.IntegerField(source=path, read_only=True)


def optional_text(path: str) -> serializers.CharField:
    """A text of another table, null where the row has no such neighbour."""
    return serializers.CharField(source=path, read_only=True, allow_null=True)


def optional_id(path: str) -> serializers.IntegerField:
    return serializers.IntegerField(source=path, read_only=True, allow_null=True)
