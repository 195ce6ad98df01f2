"""Everything on screen is said in Russian: no string is left out, none is old, and the theme's are among them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
import unfold
from django.conf import settings
from django.test import Client
from django.utils.translation import gettext, override

from tests.factories import import_sample, make_accountant

CATALOGUE = settings.BASE_DIR / "crmpos" / "locale" / "ru" / "LC_MESSAGES" / "django.po"
THEME = Path(next(iter(unfold.__path__)))
THEME_PARTS_IN_USE = ("templates/unfold", "templates/admin", "templates/registration", "contrib/filters", "")

# {% trans "..." %} and {% translate "..." %} of templates, _("...") of modules.
TEMPLATE_STRING = re.compile(r"""\{%\s*trans(?:late)?\s+(?:"([^"]+)"|'([^']+)')""")
MODULE_STRING = re.compile(r"""\b(?:_|gettext|gettext_lazy)\(\s*"((?:[^"\\]|\\.)+)"\s*\)""")
RENEW = "manage.py makemessages -l ru --no-location --no-obsolete; translate; manage.py compilemessages -l ru"
SAME_IN_RUSSIAN = {"Emoji", "URL", "ID"}


def read_catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def list_theme_strings() -> set[str]:
    strings: set[str] = set()
    for part in THEME_PARTS_IN_USE:
        folder = THEME / part
        for path in folder.rglob("*.html") if part else ():
            found = TEMPLATE_STRING.findall(path.read_text(encoding="utf-8"))
            strings |= {double or single for double, single in found}
        for path in folder.rglob("*.py") if part else folder.glob("*.py"):
            strings |= set(MODULE_STRING.findall(path.read_text(encoding="utf-8")))
    return strings - SAME_IN_RUSSIAN


def test_the_catalogue_is_complete_and_nothing_in_it_is_doubtful() -> None:
    catalogue = read_catalogue()
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_the_catalogue_is_compiled_as_it_is_written() -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    written = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in read_catalogue()}
    assert {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in compiled} == written


def test_a_translation_keeps_the_places_of_its_figures() -> None:
    def list_places(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)[sd]|%[sd]|%%|\{\w*\}", text))

    differing = [
        entry.msgid
        for entry in read_catalogue()
        for translation in (entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr])
        if list_places(translation) != list_places(entry.msgid)
    ]
    assert differing == []


def test_every_string_of_the_program_is_in_the_catalogue(tmp_path: Path) -> None:
    """What `makemessages` finds today, in a copy, is what the catalogue has."""
    for name in ("crmpos", "reconciliation", "shops", "templates"):
        shutil.copytree(settings.BASE_DIR / name, tmp_path / name, ignore=shutil.ignore_patterns("locale", "static"))
    program = (
        "import sys; from django.conf import settings;"
        "settings.configure(LOCALE_PATHS=[sys.argv[1] + '/locale'], USE_I18N=True); import django; django.setup();"
        "from django.core.management import call_command;"
        "call_command('makemessages', locale=['ru'], no_location=True, verbosity=0)"
    )
    (tmp_path / "locale").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = polib.pofile(str(tmp_path / "locale" / "ru" / "LC_MESSAGES" / "django.po"))
    named, known = ({(entry.msgctxt, entry.msgid) for entry in catalogue} for catalogue in (found, read_catalogue()))
    assert (named - known, known - named) == (set(), set()), RENEW


def test_the_theme_says_nothing_in_english() -> None:
    strings = list_theme_strings()
    assert len(strings) > 80
    with override("ru"):
        assert sorted(string for string in strings if gettext(string) == string) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/reconciliation/discrepancy/",
        "/admin/reconciliation/case/",
        "/admin/shops/exchangeevent/",
        "/admin/shops/bill/",
        "/admin/shops/receipt/",
        "/admin/shops/shop/40/change/",
        "/admin/shops/store/",
    ],
)
def test_a_page_in_russian_has_no_string_of_the_theme_in_english(client: Client, address: str) -> None:
    import_sample()
    client.force_login(make_accountant())
    page = client.get(address).content.decode()
    text = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", page)
    shown = re.findall(r">\s*([^<>]*?)\s*<", text) + re.findall(r'(?:title|placeholder|aria-label)="([^"]*)"', text)
    assert sorted(list_theme_strings() & set(shown)) == []
