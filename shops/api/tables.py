"""Lists as files for spreadsheet programs: the whole filtered list, not one page of it."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.fields import Field, SerializerMethodField
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.settings import api_settings

from shops.spreadsheets import Cell, TooManyRows, write_csv, write_xlsx

ROWS_PER_QUERY = 1000

AnyField = Field[Any, Any, Any, Any]


class TableRenderer(BaseRenderer):
    """Only a choice of the client's: `write_table` writes the file."""

    render_style = "binary"


class CsvRenderer(TableRenderer):
    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class XlsxRenderer(TableRenderer):
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    format = "xlsx"
    charset = None


class StrictNegotiation(DefaultContentNegotiation):
    """Says which formats there are, where one is asked for that is not."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:
        renderers = list(renderers)
        found = [renderer for renderer in renderers if renderer.format == format]
        if not found:
            known = ", ".join(str(renderer.format) for renderer in renderers)
            raise ValidationError({api_settings.URL_FORMAT_OVERRIDE: [_("Unknown format. Known: %s.") % known]})
        return found


def write_table(
    rows: QuerySet[Any], fields: Sequence[AnyField], renderer: TableRenderer, name: str
) -> StreamingHttpResponse:
    """The rows as a file, a column for each field. Memory does not grow with the rows."""
    header = [str(field.field_name) for field in fields]
    cells = _read_cells(rows, fields)
    if isinstance(renderer, CsvRenderer):
        answer = StreamingHttpResponse(write_csv(header, cells), content_type=f"{renderer.media_type}; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the answer closes it)
    try:
        write_xlsx(file, header, cells)
    except TooManyRows as error:
        file.close()
        raise ValidationError({api_settings.URL_FORMAT_OVERRIDE: [str(error)]}) from None
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=renderer.media_type)


def _read_cells(rows: QuerySet[Any], fields: Sequence[AnyField]) -> Iterator[list[Cell]]:
    # A streamed answer is written after the middleware has left, which set the reader's language.
    with override(get_language()):
        for row in rows.iterator(ROWS_PER_QUERY):
            yield [_read_cell(field, row) for field in fields]


def _read_cell(field: AnyField, row: Any) -> Cell:
    value: Cell = field.get_attribute(row)
    return field.to_representation(value) if isinstance(field, SerializerMethodField) else value
