"""Parts of unfold's lists that are written at once, where unfold's templates take most of a page's time.

What they say is the same, to the letter; tests hold both against each other. Used by `shops.admin_base` alone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from unfold.admin import checkbox
from unfold.templatetags import unfold_list
from unfold.widgets import UnfoldAdminSelectWidget

A_KEY = "key-of-a-row"


@dataclass(frozen=True, slots=True)
class WrittenTemplate:
    """What stands in the place of a template, and needs none."""

    text: str

    def render(self, context: object) -> str:
        return self.text


class FilterSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A list to choose from: a template for each of a thousand terminals takes a third of a page."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        """One group, with all options in one. `value` is what was chosen."""
        told = (("" if key is None else str(key), label) for key, label in self.choices)
        options = ((key, " selected" if key in value else "", label) for key, label in told)
        written = format_html_join("\n", '<option value="{}"{}>{}</option>', options)
        return [(None, [{"template_name": WrittenTemplate(written)}], 0)]


def write_checkbox(key: int | str) -> SafeString:
    """The box by which a row is chosen: a template for each row takes a tenth of a list's time."""
    before, after = _write_around_key(get_language())
    return mark_safe(f"{before}{escape(key)}{after}")


@cache
def _write_around_key(language: str | None) -> tuple[str, str]:
    before, _key, after = checkbox.render(ACTION_CHECKBOX_NAME, A_KEY).partition(A_KEY)
    return before, after


def write_heads_once() -> None:
    """Has the heads of a list written once: unfold writes them anew for each of its rows, a fifth of a list's time.

    It takes no heads from elsewhere, so its own function is replaced.
    """
    if not hasattr(unfold_list.result_headers, "__wrapped__"):
        unfold_list.result_headers = _once_for_a_list(unfold_list.result_headers)


def _once_for_a_list(write_heads: Callable[[Any], Iterable[Any]]) -> Callable[[Any], list[Any]]:
    @wraps(write_heads)
    def heads_of(changelist: Any) -> list[Any]:
        if "written_heads" not in vars(changelist):
            changelist.written_heads = list(write_heads(changelist))
        written: list[Any] = changelist.written_heads
        return written

    return heads_of
