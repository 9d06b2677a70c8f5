"""Shapefiles in a zip, with what the format can't say or hold: a dictionary of the fields, and notes on what was changed.

A Shapefile has names of 10 bytes, texts of 254 bytes, one kind of shape, and one encoding.
"""

import csv
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from django.utils import translation
from django.utils.translation import gettext as _

from lib.parameters import Refusal
from lib.units import UNITS

from ..layer import Field, FieldType, Geometry
from .gdal import run
from .job import SHAPE, Job, literal

ENCODINGS = {"utf-8": "UTF-8", "gbk": "CP936"}  # by the parameter, as the .cpg names them
MOST_NAME_BYTES = 10
MOST_TEXT_BYTES = 254
MOST_FILE_BYTES = 2**31 - 1
MISSING = "〓"  # stands for a character that GBK lacks; typesetters' sign for it, and in GBK itself

# Each in a file of its own: the end of its name, its type for GDAL, its types in PostGIS.
_SHAPES = {
    "points": ("POINT", ("POINT",)),
    "multipoints": ("MULTIPOINT", ("MULTIPOINT",)),
    "lines": ("LINESTRING", ("LINESTRING", "MULTILINESTRING")),
    "areas": ("POLYGON", ("POLYGON", "MULTIPOLYGON")),
}
_USUAL = {Geometry.POINT: "points", Geometry.LINE: "lines", Geometry.AREA: "areas", Geometry.MIXED: "points"}
_KIND = (
    "CASE "
    + " ".join(
        f"WHEN GeometryType(f.geom) IN ({', '.join(map(literal, types))}) THEN {literal(name)}"
        for name, (_type, types) in _SHAPES.items()
    )
    + " WHEN f.geom IS NOT NULL THEN 'none' END"
)


class _Survey:
    """What is in the rows, from a first reading of them: kinds of shapes, widths of texts, characters that GBK lacks."""

    def __init__(self, job: Job, notes: IO[str]) -> None:
        self.is_gbk = job.encoding == "gbk"
        self.kinds: Counter[str] = Counter()
        self.widths: Counter[str] = Counter()
        self.missing: set[str] = set()
        self.vertices = 0
        texts = dict(_text_columns(job))
        columns = {"kind": _KIND, "vertices": "ST_NPoints(f.geom)", "code": "f.code"}
        columns |= {f"text of {name}": sql for name, sql in texts.items()}
        for kind, vertices, code, *values in job.rows(columns):
            self.kinds[kind or ""] += 1
            self.vertices += vertices or 0
            if kind == "none":
                notes.write(_("%(code)s: its geometry is of several kinds and is left out.\n") % {"code": code})
            for name, value in zip(texts, values, strict=True):
                if value is not None:
                    self._look_at(code, name, value, notes)

    def _look_at(self, code: str, name: str, text: str, notes: IO[str]) -> None:
        if self.is_gbk:
            size = len(text.encode("gbk", "replace"))
            if lacking := _lacking(text):
                self.missing.update(lacking)
                size += len([character for character in text if character in lacking])  # the sign has two bytes, "?" has one
                message = _("%(code)s, %(field)s: GBK lacks %(characters)s; the file has %(sign)s instead.\n")
                shown = " ".join(f"{character} (U+{ord(character):04X})" for character in lacking)
                notes.write(message % {"code": code, "field": name, "characters": shown, "sign": MISSING})
        else:
            size = len(text.encode())
        if size > MOST_TEXT_BYTES:
            message = _("%(code)s, %(field)s: cut, it has %(size)s bytes.\n")
            notes.write(message % {"code": code, "field": name, "size": size})
        self.widths[name] = max(self.widths[name], min(size, MOST_TEXT_BYTES))


def _lacking(text: str) -> list[str]:
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return sorted({character for character in text if not character.encode("gbk", "ignore")})
    return []


def _text_columns(job: Job) -> Iterator[tuple[str, str]]:
    kinds = {field.name: field.type for field in job.found.fields}
    return ((name, sql) for name, sql in job.columns().items() if kinds[name] in {FieldType.TEXT, FieldType.TEXTS})


def write_shapefile(job: Job) -> Path:
    """Rows without a place are in the first file, without a shape. Errors: Refusal of what is more than 2 GB."""
    parts = job.folder / "parts"
    parts.mkdir()
    names = dict(
        zip((field.name for field in job.found.fields), short_names(field.name for field in job.found.fields), strict=True)
    )
    with (parts / "notes.txt").open("w", encoding="utf-8") as notes:
        notes.writelines(f"{title}: {text}\n" for title, text in job.about())
        notes.write(_("Encoding: %(name)s\n\n") % {"name": ENCODINGS[job.encoding]})
        survey = _Survey(job, notes)
    _refuse_too_big(job, survey)
    _write_dictionary(parts / "fields.csv", job.found.fields, names)
    columns = _columns(job, names, survey)
    kinds = [kind for kind in _SHAPES if survey.kinds[kind]] or [_USUAL[job.layer.geometry]]
    for kind in kinds:
        stem = job.layer.id if len(kinds) == 1 else f"{job.layer.id}_{kind}"
        placed = f"{_KIND} = {literal(kind)}"
        condition = f"({placed}) OR f.geom IS NULL OR {_KIND} = 'none'" if kind == kinds[0] else placed
        shape = f"CASE WHEN {placed} THEN {SHAPE} END"
        options = ["-nln", stem, "-nlt", _SHAPES[kind][0], "-a_srs", job.system.name]
        options += ["-lco", f"ENCODING={ENCODINGS[job.encoding]}", "-lco", "2GB_LIMIT=YES"]
        run(job, "ESRI Shapefile", parts / f"{stem}.shp", job.select(columns | {"geom": shape}, condition), *options)
    return _zipped(parts, job.folder / "rows.zip")


def short_names(names: Iterable[str]) -> list[str]:
    """The names, which are ASCII, as short as a Shapefile wants them; of two that would be one the second ends with a number."""
    taken: list[str] = []
    for name in names:
        short, number = name[:MOST_NAME_BYTES], 1
        while short in taken:
            number += 1
            end = f"_{number}"
            short = name[: MOST_NAME_BYTES - len(end)] + end
        taken.append(short)
    return taken


def _columns(job: Job, names: dict[str, str], survey: _Survey) -> dict[str, str]:
    texts = {name: _fitting(sql, job, survey, name) for name, sql in _text_columns(job)}
    return {names[field.name]: texts.get(field.name, sql) for field, sql in job.fields()}


def _fitting(sql: str, job: Job, survey: _Survey, name: str) -> str:
    """SQL for the text in the characters that the encoding has, cut after the last one that fits, as wide as the widest."""
    if survey.missing:
        lacking = "".join(sorted(survey.missing))
        sql = f"translate({sql}, {literal(lacking)}, {literal(MISSING * len(lacking))})"
    width = survey.widths[name]
    if width == MOST_TEXT_BYTES:
        part = f"left({sql}, size)"
        # Of what GBK has, ASCII takes one byte and all else two.
        more = f" + length(regexp_replace({part}, '[\\x01-\\x7f]', '', 'g'))"
        size = f"length({part}){more}" if job.encoding == "gbk" else f"octet_length({part})"
        longest = f"SELECT max(size) FROM generate_series(1, {MOST_TEXT_BYTES}) AS size WHERE {size} <= {MOST_TEXT_BYTES}"
        sql = f"CASE WHEN octet_length({sql}) <= {MOST_TEXT_BYTES} THEN {sql} ELSE left({sql}, ({longest})) END"
    return f"({sql})::varchar({width or 1})"


def _refuse_too_big(job: Job, survey: _Survey) -> None:
    others = [field for field in job.found.fields if field.type not in {FieldType.TEXT, FieldType.TEXTS}]
    rows = survey.kinds.total()
    table = rows * (1 + survey.widths.total() + 24 * len(others))
    shapes = rows * 60 + survey.vertices * 16
    if max(table, shapes) > MOST_FILE_BYTES:
        message = _("A Shapefile holds 2 GB, and this is more. Filter the records, or take a GeoPackage.")
        raise Refusal({"f": message})


def _write_dictionary(path: Path, fields: Iterable[Field], names: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["short_name", "name", "label_zh", "label_en", "type", "unit"])
        for field in fields:
            labels = []
            for language in ("zh-hans", "en"):
                with translation.override(language):
                    labels.append(str(field.label))
            unit = str(UNITS[field.unit].label) if field.unit else ""
            writer.writerow([names[field.name], field.name, *labels, field.type.value, unit])


def _zipped(parts: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in sorted(parts.iterdir()):
            archive.write(part, part.name)
            part.unlink()
    return path
