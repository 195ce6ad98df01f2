"""A report as PDF, by WeasyPrint: the one module that imports it, and only when a PDF is made.

It is an extra, and needs libraries of the operating system; without either `PdfUnavailable` says so. Nothing is fetched
for a PDF: what it shows stands in its own page.
"""

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from reconciliation.reports.bars import draw
from reconciliation.reports.cells import show_rows, show_totals
from reconciliation.reports.values import Report, shorten

CELLS_LIMIT = 2400  # ten pages, and a few seconds; a longer table is for a spreadsheet


class PdfUnavailable(Exception):
    """WeasyPrint or a library that it needs is not installed."""


def write_pdf(report: Report) -> bytes:
    """The report as a document. Raises PdfUnavailable."""
    weasyprint = _import_weasyprint()
    document: bytes = weasyprint.HTML(string=render_page(report), url_fetcher=_refuse).write_pdf()
    return document


def render_page(report: Report) -> str:
    """What is printed, as HTML with everything in it."""
    shown = shorten(report, CELLS_LIMIT // len(report.columns), _("and %(count)d more"))
    context = {
        "report": shown,
        "rows": show_rows(shown),
        "totals": show_totals(shown),
        "drawing": draw(report.chart) if report.chart else None,
        "language": get_language(),
    }
    return render_to_string("reconciliation/report.html", context)


def _import_weasyprint() -> Any:
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError: a library of the operating system is not found
        raise PdfUnavailable from error
    return weasyprint


def _refuse(url: str, *args: object, **options: object) -> Any:
    raise ValueError(f"a report fetches nothing, and so not {url}")
