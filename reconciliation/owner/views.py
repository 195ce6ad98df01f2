"""The owner's pages. Each finds the shop in one place (`find_shop`); one that somebody may not see is not there."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from reconciliation.freshness import answer_version, version_of, with_latest
from reconciliation.owner import files, tables
from reconciliation.owner.asked import Unreadable, read_comparison, read_rows_asked
from reconciliation.owner.days import Choice, Comparison, compare
from reconciliation.owner.page import ShopPage, read_page
from reconciliation.owner.rows import PAGES, Rows, find_rows
from reconciliation.owner.several import read_shops
from reconciliation.owner.showing import ask_again, list_periods, show_cards, show_discrepancies, show_table
from reconciliation.owner.wording import judge_page, word_comparison, word_days
from reconciliation.questions import with_questions
from reconciliation.reports.cells import show_row, show_totals
from reconciliation.reports.values import Report, Row
from shops.models import Shop
from shops.spreadsheets import TooManyRows
from shops.visibility import visible_shops

ROWS_ON_A_PAGE = 50
ALL_TABLES = "page"


def find_shop(request: HttpRequest, number: int) -> Shop:
    """The shop of an address, for whom may see it; with what its version is made of, and what its owner is asked."""
    return get_object_or_404(with_questions(with_latest(visible_shops(request.user))), pk=number)


@require_safe
@login_required
def shops_view(request: HttpRequest) -> HttpResponse:
    """All the shops that somebody may see; who sees one only is led to it."""
    shops = list(visible_shops(request.user).order_by("number"))
    if len(shops) == 1:
        return HttpResponseRedirect(reverse("owner:shop", args=[shops[0].number]))
    now = timezone.now()
    choice, own = Choice.YESTERDAY, None
    if shops:
        comparison = _read_comparison(request, shops[0], now)
        choice, own = comparison.choice, comparison.days if comparison.choice == Choice.OWN else None
    context = {
        "figures": read_shops(shops, choice, now, own),
        "periods": list_periods(reverse("owner:shops"), choice),
    }
    return render(request, "owner/shops.html", context)


@require_safe
@login_required
def shop_view(request: HttpRequest, number: int) -> HttpResponse:
    """The page of one shop."""
    shop, now = find_shop(request, number), timezone.now()
    # The version was read before the figures: what comes in between is new to the next question, or read already.
    page = read_page(shop, _read_comparison(request, shop, now), now)
    return render(request, "owner/shop.html", _describe(request, page))


@require_safe
@login_required
def version_view(request: HttpRequest, number: int) -> HttpResponse:
    """Which state of the shop a page would show now; open pages ask it all the time."""
    return answer_version(version_of(find_shop(request, number)))


@require_safe
@login_required
def file_view(request: HttpRequest, number: int, table: str, format: str) -> HttpResponseBase:
    """The tables of the page: all of them as a workbook, or one of them as CSV."""
    shop, now = find_shop(request, number), timezone.now()
    if format not in files.CONTENT_TYPES or (table == ALL_TABLES) != (format == files.XLSX):
        raise Http404
    page = read_page(shop, _read_comparison(request, shop, now), now)
    reports = {report.name: report for report in tables.list_tables(page)}
    if table != ALL_TABLES and table not in reports:
        raise Http404
    days = "-".join(dict.fromkeys((str(page.comparison.days.first), str(page.comparison.days.last))))
    name = f"{number}-{table}-{days}.{format}"
    if format == files.XLSX:
        return _as_file(HttpResponse(files.write_tables(list(reports.values()))), name, format)
    return _as_file(HttpResponse(b"".join(files.write_table_csv(reports[table]))), name, format)


def make_rows_view(page: str) -> Callable[..., HttpResponseBase]:
    """The view of the rows of one of `PAGES`, as a page or as a file."""

    @require_safe
    @login_required
    def rows_view(request: HttpRequest, number: int, format: str = "") -> HttpResponseBase:
        shop, now = find_shop(request, number), timezone.now()
        try:
            rows = find_rows(page, shop, read_rows_asked(request.GET.dict()), now)
        except Unreadable as reason:
            raise Http404(str(reason)) from None
        if format:
            return _send_rows(request, shop, page, rows, format)
        return render(request, "owner/rows.html", _describe_rows(request, shop, page, rows))

    return rows_view


VIEWS = {page: make_rows_view(page) for page in PAGES}


def _read_comparison(request: HttpRequest, shop: Shop, now: datetime) -> Comparison:
    """What is asked for; yesterday, and a word about it, where the question makes no sense."""
    try:
        return read_comparison(request.GET.dict(), shop, now)
    except Unreadable as reason:
        messages.warning(request, str(reason))
        return compare(Choice.YESTERDAY, now, shop.zone)


def _describe(request: HttpRequest, page: ShopPage) -> dict[str, Any]:
    question = ask_again(request.GET)
    shown = [show_table(page.shop, report, question) for report in tables.list_tables(page)]
    days = page.comparison.days
    return {
        "shop": page.shop,
        "section": "shop",
        "page": page,
        "days": word_days(days),
        "compared": word_comparison(page.comparison),
        "periods": list_periods(reverse("owner:shop", args=[page.shop.number]), page.comparison.choice),
        "is_own": page.comparison.choice == Choice.OWN,
        "live_address": reverse("owner:version", args=[page.shop.number]),
        "live_version": version_of(page.shop),
        "verdict": judge_page(page),
        "cards": show_cards(page),
        "discrepancies": show_discrepancies(page),
        "older_open": page.found.all_open.count - page.found.open.count,
        "tables": {table.name: table for table in shown},
        "workbook": reverse("owner:file", args=[page.shop.number, ALL_TABLES, files.XLSX]) + question,
    }


def _describe_rows(request: HttpRequest, shop: Shop, page: str, rows: Rows) -> dict[str, Any]:
    paginator = Paginator(rows.found, ROWS_ON_A_PAGE)
    paginator.count = rows.count  # counted with the total
    part = paginator.get_page(request.GET.get("page"))
    found = list(part.object_list)
    cells = rows.show(found)
    own_pages = [reverse(rows.page, args=[shop.number, row.pk]) if rows.page else "" for row in found]
    report = Report(page, rows.title, (), rows.columns, tuple(Row(row) for row in cells), rows.totals)
    question = ask_again(request.GET)
    addresses = {
        format: reverse(f"owner:{page}-file", args=[shop.number, format]) + question for format in files.CONTENT_TYPES
    }
    return {
        "shop": shop,
        "section": page,
        "rows": rows,
        "part": part,
        "columns": rows.columns,
        "cells": [
            (address, list(zip(rows.columns, show_row(report, row), strict=True)))
            for address, row in zip(own_pages, report.rows, strict=True)
        ],
        "totals": show_totals(report),
        "files": addresses,
        "previous": ask_again(request.GET, page=str(part.number - 1)) if part.has_previous() else "",
        "next": ask_again(request.GET, page=str(part.number + 1)) if part.has_next() else "",
    }


def _send_rows(request: HttpRequest, shop: Shop, page: str, rows: Rows, format: str) -> HttpResponseBase:
    name = f"{shop.number}-{page}.{format}"
    if format == files.CSV:
        return _as_file(StreamingHttpResponse(files.write_rows_csv(rows)), name, format)
    if format != files.XLSX:
        raise Http404
    try:
        return _as_file(FileResponse(files.write_rows_workbook(rows)), name, format)
    except TooManyRows as reason:
        messages.error(request, str(reason))
        return HttpResponseRedirect(reverse(f"owner:{page}", args=[shop.number]) + ask_again(request.GET))


def _as_file(response: HttpResponseBase, name: str, format: str) -> HttpResponseBase:
    response["Content-Type"] = files.CONTENT_TYPES[format]
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
