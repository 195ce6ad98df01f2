"""What pages send back is what they were given: a key in a field or an address is never written as a figure."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils.translation import override

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
# value="{{ row.pk }}" and href="?shop={{ case.shop_id }}", but not the same as text between tags.
ATTRIBUTE = re.compile(r"""[\w-]+="([^"]*\{\{[^"]*)\"""")
SHOWN = re.compile(r"\{\{\s*([\w.]+)((?:\|[^}]*)?)\s*\}\}")
KEY = re.compile(r"(^|\.|(?<!auto)_)(pk|id|key)$")  # `auto_id` is Django's text for the id of a field
AS_IT_IS = re.compile(r"\|(unlocalize|urlencode|stringformat)\b")


def list_keys_written_as_figures(content: str) -> list[str]:
    return [
        shown[0]
        for attribute in ATTRIBUTE.findall(content)
        for shown in SHOWN.finditer(attribute)
        if KEY.search(shown[1]) and not AS_IT_IS.search(shown[2])
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(settings.BASE_DIR).as_posix())
def test_a_key_that_is_sent_back_is_not_written_as_a_figure(path: Path) -> None:
    assert list_keys_written_as_figures(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('<input value="{{ row.pk }}">', ["{{ row.pk }}"]),
        ('<a href="?shop={{ case.shop_id }}&amp;q=1">', ["{{ case.shop_id }}"]),
        ('<input name="seen-{{ row.pk|default:0 }}">', ["{{ row.pk|default:0 }}"]),
        ('<input value="{{ key|unlocalize }}"> {{ row.pk }}', []),
        ('<input value="{{ monkey }}">', []),
    ],
)
def test_a_key_is_recognised(content: str, expected: list[str]) -> None:
    assert list_keys_written_as_figures(content) == expected


def test_a_figure_is_grouped_and_a_key_is_not() -> None:
    """Why the rule is there."""
    with override("ru"):
        written = Template("{% load l10n %}{{ pk }} {{ pk|unlocalize }}").render(Context({"pk": 1234}))
    assert written == "1\xa0234 1234"
