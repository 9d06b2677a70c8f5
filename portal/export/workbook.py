"""XLSX: numbers, dates and yes/no as what they are, every text as text, and a second sheet that says what it is."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from lib.parameters import Refusal
from lib.units import UNITS

from ..layer import Field, FieldType
from .job import Job
from .text import DANGEROUS

MOST_ROWS = 1_048_575  # of Excel, without the header
MOST_CHARACTERS = 32_767  # of a cell
_MOST_CUTS = 1000  # named on the second sheet
_POINT_TITLES = {
    "longitude": gettext_lazy("longitude"),
    "latitude": gettext_lazy("latitude"),
    "easting": gettext_lazy("easting, m"),
    "northing": gettext_lazy("northing, m"),
}


def write_xlsx(job: Job) -> Path:
    """Texts with a meaning (stages, kinds) are written as their names in the language of the request."""
    _refuse_too_many(job)
    path = job.folder / "rows.xlsx"
    options = {"constant_memory": True, "tmpdir": str(job.folder), "use_zip64": True, "nan_inf_to_errors": True}
    with Workbook(str(path), options) as workbook:
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        rows, about = workbook.add_worksheet(_("Records")), workbook.add_worksheet(_("About"))
        points = job.point_columns
        columns = job.columns() | points
        kinds = [*(field.type for field in job.found.fields), *(FieldType.NUMBER for _name in points)]
        titles = [*(_label(field) for field in job.found.fields), *(str(_POINT_TITLES[name]) for name in points)]
        for column, (title, kind) in enumerate(zip(titles, kinds, strict=True)):
            rows.set_column(column, column, 12 if kind is not FieldType.TEXT else 24)
            rows.write_string(0, column, title, bold)
        rows.freeze_panes(1, 0)
        write = _Cells(workbook, rows, job)
        for number, row in enumerate(job.rows(columns), start=1):
            for column, value in enumerate(row):
                if value is not None:
                    write.cell(number, column, value)
        _write_about(job, about, bold, write)
    return path


def _refuse_too_many(job: Job) -> None:
    with job.database.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({job.select({'one': '1'})} LIMIT {MOST_ROWS + 1}) AS counted")
        if cursor.fetchone()[0] > MOST_ROWS:
            message = _("A sheet holds %(count)s rows, and these are more. Filter them, or take another format.")
            raise Refusal({"f": message % {"count": f"{MOST_ROWS:,}"}})


class _Cells:
    """Writes the values of the first sheet; remembers the texts that did not fit."""

    def __init__(self, workbook: Workbook, sheet: Worksheet, job: Job) -> None:
        self.sheet = sheet
        self.date = workbook.add_format({"num_format": "yyyy-mm-dd"})
        # Without it a text that looks like a formula would become one when someone edits the cell.
        self.quoted = workbook.add_format({"quote_prefix": True})
        self.names = [{value: str(label) for value, label in field.choices} for field in job.found.fields]
        self.fields = [field.name for field in job.found.fields]
        self.code = self.fields.index("code")
        self.last_code = ""
        self.kinds = [field.type for field in job.found.fields]
        self.cuts: list[str] = []
        self.cut_count = 0

    def cell(self, row: int, column: int, value: Any) -> None:
        kind = self.kinds[column] if column < len(self.kinds) else FieldType.NUMBER
        if kind is FieldType.BOOLEAN:
            self.sheet.write_boolean(row, column, value)
        elif kind is FieldType.DATE:
            self.sheet.write_datetime(row, column, value, self.date)
        elif kind in {FieldType.INTEGER, FieldType.NUMBER}:
            self.sheet.write_number(row, column, value)
        else:
            self._text(row, column, self.names[column].get(value, value))

    def _text(self, row: int, column: int, text: str) -> None:
        if column == self.code:
            self.last_code = text
        if len(text) > MOST_CHARACTERS:
            text = text[:MOST_CHARACTERS]
            self.cut_count += 1
            if self.cut_count <= _MOST_CUTS:
                self.cuts.append(f"{self.last_code}: {self.fields[column]}")
        self.sheet.write_string(row, column, text, self.quoted if text[:1] in DANGEROUS and text else None)


def _label(field: Field) -> str:
    label = str(field.label)
    unit = str(UNITS[field.unit].label) if field.unit else ""
    return label if not unit or unit in label else f"{label} ({unit})"


def _write_about(job: Job, sheet: Worksheet, bold: Any, cells: _Cells) -> None:
    lines: list[tuple[str, ...]] = [*job.about()]
    lines.append((_("Geometry"), _("The sheet holds the coordinates of points only; take a GeoPackage for lines and areas.")))
    if cells.cut_count:
        text = _("%(count)s texts are longer than %(most)s characters and were cut.")
        lines.append((_("Cut"), text % {"count": cells.cut_count, "most": f"{MOST_CHARACTERS:,}"}))
        lines += [("", cut) for cut in cells.cuts]
    lines += [(), (_("Column"), _("Field"), _("Type"), _("Unit"), _("Values"))]
    for field in job.found.fields:
        unit = str(UNITS[field.unit].label) if field.unit else ""
        values = ", ".join(f"{value} = {label}" for value, label in field.choices)
        lines.append((_label(field), field.name, field.type.value, unit, values))
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 4, 40)
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text[:MOST_CHARACTERS], bold if column == 0 else None)
