"""Reports in the admin: a page for each, and the same figures as a workbook and as a PDF."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from reconciliation.admin.report_form import ReportForm
from reconciliation.permissions import VIEW_PERMISSION
from reconciliation.reports.catalogue import REPORTS, Definition
from reconciliation.reports.cells import ShownCell, show_rows, show_totals
from reconciliation.reports.pdf import PdfUnavailable, write_pdf
from reconciliation.reports.sheet import write_workbook
from reconciliation.reports.values import Chart, Link, Report, shorten

ROWS_LIMIT = 500  # of a page; the files hold more
PAGES = {
    "discrepancies": "admin:reconciliation_discrepancy_changelist",
    "bills": "admin:shops_bill_changelist",
    "receipts": "admin:shops_receipt_changelist",
    "documents": "admin:shops_registerdocument_changelist",
}
SHEET, PDF = "xlsx", "pdf"
CONTENT_TYPES = {
    SHEET: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    PDF: "application/pdf",
}


@dataclass(frozen=True, slots=True)
class LinkedCell:
    """A cell of the page, with the address of the rows behind it."""

    text: str
    is_figure: bool
    is_missing: bool
    address: str


def report_view(request: HttpRequest, name: str) -> HttpResponse:
    """The page: the question, and the answer where the question makes sense."""
    definition, form = _ask(request, name)
    report = definition.answer(form.read_query()) if form.is_valid() else None
    context = admin.site.each_context(request) | {
        "title": definition.title,
        "form": form,
        "tabs": _list_tabs(definition),
        **(_describe(request, definition, report) if report else {}),
    }
    return TemplateResponse(request, "admin/reconciliation/report/page.html", context)


def file_view(request: HttpRequest, name: str, format: str) -> HttpResponse:
    """The same as a file; a question that makes none leads back to the page, which says why."""
    if format not in CONTENT_TYPES:
        raise Http404
    definition, form = _ask(request, name)
    page = HttpResponseRedirect(_address(reverse("reports:report", args=[name]), request.GET))
    if not form.is_valid():
        return page
    query = form.read_query()
    try:
        content = WRITE[format](definition.answer(query))
    except PdfUnavailable:
        messages.error(
            request,
            _(
                "This installation cannot make a PDF. Install WeasyPrint (uv sync --extra pdf) and the Debian packages "
                "libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0 and fonts-noto-core."
            ),
        )
        return page
    response = HttpResponse(content, content_type=CONTENT_TYPES[format])
    days = "-".join(str(day) for day in dict.fromkeys((query.first_day, query.last_day)))
    response["Content-Disposition"] = f'attachment; filename="{name}-{days}.{format}"'
    return response


def list_urls() -> list[URLPattern]:
    """The addresses of the reports, for the composition root."""
    return [
        path("<slug:name>/", admin.site.admin_view(report_view), name="report"),
        path("<slug:name>/<slug:format>/", admin.site.admin_view(file_view), name="file"),
    ]


def _ask(request: HttpRequest, name: str) -> tuple[Definition, ReportForm]:
    if not request.user.has_perm(VIEW_PERMISSION):
        raise PermissionDenied
    if name not in REPORTS:
        raise Http404
    definition = REPORTS[name]
    return definition, ReportForm(definition, request.GET, viewer=request.user, today=timezone.localdate())


def _describe(request: HttpRequest, definition: Definition, report: Report) -> dict[str, Any]:
    shown = shorten(report, ROWS_LIMIT, _("and %(count)d more: in the files"))
    return {
        "report": shown,
        "rows": [[_link(cell) for cell in row] for row in show_rows(shown)],
        "totals": show_totals(shown),
        "chart": _describe_chart(report.chart) if report.chart else None,
        "groupings": _list_groupings(request, definition),
        **{
            f"{kind}_link": _address(reverse("reports:file", args=[definition.name, format]), request.GET)
            for kind, format in (("sheet", SHEET), ("pdf", PDF))
        },
    }


def _link(cell: ShownCell) -> LinkedCell:
    return LinkedCell(cell.text, cell.is_figure, cell.is_missing, _find_address(cell.link))


def _find_address(link: Link | None) -> str:
    return f"{reverse(PAGES[link.page])}?{urlencode(link.filters)}" if link else ""


def _describe_chart(chart: Chart) -> dict[str, Any]:
    """For the script. Figures are texts: a number of JSON is a float to it anyway, and to Python it never is."""
    return {
        "title": chart.title,
        "labels": chart.labels,
        "stacked": chart.stacked,
        "series": [
            {"title": series.title, "figures": [str(figure) for figure in series.figures]} for series in chart.series
        ],
    }


def _list_tabs(current: Definition) -> list[dict[str, Any]]:
    return [
        {
            "title": definition.title,
            "link": reverse("reports:report", args=[definition.name]),
            "active": definition is current,
        }
        for definition in REPORTS.values()
    ]


def _list_groupings(request: HttpRequest, definition: Definition) -> list[dict[str, Any]]:
    """The same question, grouped otherwise."""
    chosen = request.GET.get("by") or (definition.groupings[0][0] if definition.groupings else "")
    groupings = []
    for name, title in definition.groupings:
        question = request.GET.copy()
        question["by"] = name
        groupings.append({"title": title, "link": f"?{question.urlencode()}", "active": name == chosen})
    return groupings


def _address(address: str, question: QueryDict) -> str:
    return f"{address}?{question.urlencode()}" if question else address


def _write_sheet(report: Report) -> bytes:
    file = io.BytesIO()
    write_workbook(file, report)
    return file.getvalue()


WRITE: dict[str, Callable[[Report], bytes]] = {SHEET: _write_sheet, PDF: write_pdf}
