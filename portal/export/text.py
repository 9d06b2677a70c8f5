"""CSV, GeoJSON and KML: PostgreSQL writes the lines, nothing passes through Python but bytes."""

import codecs
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lib.crs import CRS84

from ..layer import Field, FieldType
from ..relation import feature_sql
from .job import SHAPE, Job, literal

# A cell that begins with one of these is run as a formula by spreadsheets, in full width by some of them. The apostrophe is
# what is put before it; one that is there already gets a second, so that taking one away always gives the text back.
DANGEROUS = "=+-@\t\r\n＝＋－＠'"
_DANGEROUS_CODES = ", ".join(str(ord(character)) for character in DANGEROUS)

# Lines as they are: neither character can stand in JSON or in our XML, so COPY never has to quote.
_PLAIN_LINES = r"FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02'"
# What XML 1.0 can't carry at all.
_CONTROLS = "".join(rf"\x{code:02x}" for code in range(1, 32) if code not in (9, 10, 13)) + r"\uFFFE\uFFFF"


def write_csv(job: Job) -> Path:
    """UTF-8 with a byte order mark, for spreadsheets; text that would be a formula begins with an apostrophe."""
    columns = {name: _cell(job.layer.field(name), sql) for name, sql in job.columns().items()}
    columns |= job.point_columns | {"wkt": f"ST_AsText({SHAPE})"}
    path = job.folder / "rows.csv"
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8)
        job.copy(job.select(columns), file, "FORMAT csv, HEADER")
    return path


def _cell(field: Any, sql: str) -> str:
    if field.type in {FieldType.TEXT, FieldType.TEXTS}:
        # ascii() is the code point of the first character: a quarter of the cost of a regular expression.
        return f"CASE WHEN ascii({sql}) IN ({_DANGEROUS_CODES}) THEN '''' || {sql} ELSE {sql} END"
    return f"{sql}::text" if field.type is FieldType.BOOLEAN else sql


def write_geojson(job: Job) -> Path:
    """RFC 7946; the features are those of the API."""
    path = job.folder / "rows.geojson"
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[\n')
        start = file.tell()
        job.copy(job.select({"line": f"{feature_sql(job.found, CRS84)} || ','"}), file, _PLAIN_LINES)
        if file.tell() > start:
            file.seek(-len(b",\n"), 2)
        file.write(b"\n]}\n")
    return path


_KML_TYPES = {FieldType.INTEGER: "int", FieldType.NUMBER: "double", FieldType.BOOLEAN: "bool"}


def write_kml(job: Job) -> Path:
    """KML 2.2, which is always WGS 84; the fields are typed data of each placemark."""
    path = job.folder / "rows.kml"
    fields = "".join(_kml_field(field) for field in job.found.fields)
    data = " || ".join(_kml_element("SimpleData", sql, name) for name, sql in job.columns().items())
    placemark = (
        f"'<Placemark>' || {_kml_element('name', 'f.name')} || '<ExtendedData><SchemaData schemaUrl=\"#fields\">' || {data}"
        f" || '</SchemaData></ExtendedData>' || coalesce({_KML_GEOMETRY}, '') || '</Placemark>'"
    )
    with path.open("wb") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
            f"<name>{escape(str(job.layer.title))}</name><description>{escape(str(job.layer.source_note))}</description>\n"
            f'<Schema name={quoteattr(job.layer.id)} id="fields">{fields}</Schema>\n'
            f"<Folder><name>{escape(job.layer.id)}</name>\n".encode()
        )
        job.copy(job.select({"line": placemark}), file, _PLAIN_LINES)
        file.write(b"</Folder></Document></kml>\n")
    return path


# Stored coordinates are WGS 84 to some centimetres (lib.crs): they are named so, never moved. PostGIS writes no collections.
_KML_GEOMETRY = """
CASE WHEN GeometryType(f.geom) = 'GEOMETRYCOLLECTION' THEN (
    SELECT '<MultiGeometry>' || string_agg(ST_AsKML(ST_SetSRID(part.geom, 4326)), '') || '</MultiGeometry>'
    FROM ST_Dump(f.geom) AS part
) ELSE ST_AsKML(ST_SetSRID(ST_ForcePolygonCCW(f.geom), 4326)) END
"""


def _kml_field(field: Field) -> str:
    kind, label = _KML_TYPES.get(field.type, "string"), escape(str(field.label))
    return f"<SimpleField name={quoteattr(field.name)} type={quoteattr(kind)}><displayName>{label}</displayName></SimpleField>"


def _kml_element(tag: str, sql: str, name: str = "") -> str:
    """SQL for an element with a value, an empty text for null."""
    text = f"translate({sql}::text, E'{_CONTROLS}', '')"
    attribute = f", xmlattributes({literal(name)} AS name)" if name else ""
    # A line break in the text is written as a reference: rows end with line breaks.
    element = f"replace(xmlelement(name \"{tag}\"{attribute}, {text})::text, E'\\n', '&#10;')"
    return f"CASE WHEN {sql} IS NULL THEN '' ELSE {element} END"
