"""A file of each format, looked at before GDAL sees it: GDAL would follow it wherever it points."""

import codecs
import re
import sqlite3
import struct
import xml.parsers.expat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from .dbase import Table, codec_of, gdal_name, known
from .refusal import Refused, cut_off, not_a

MOST_KML_DEPTH = 100
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NEEDED = (".shp", ".shx", ".dbf")


@dataclass(frozen=True)
class Delivery:
    """``path`` is our own copy, for the GDAL driver with that name. ``count`` is how many features it says it holds, if it does.

    ``encoding`` is that of the attributes where GDAL can't know it; ``said`` what the file says of it and is not so.
    """

    path: Path
    driver: str
    name: str
    sha256: str
    encoding: str = ""
    said: str = ""
    count: int | None = None
    options: tuple[str, ...] = ()


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _shapefile(delivery: Delivery, encoding: str | None) -> Delivery:
    parts = {suffix: delivery.path.with_suffix(suffix) for suffix in SHAPEFILE}
    for suffix in _NEEDED:
        if not parts[suffix].exists():
            raise Refused(
                _("The Shapefile lacks its %(suffix)s. It comes as %(all)s.") % {"suffix": suffix, "all": ", ".join(SHAPEFILE)}
            )
    for suffix in (".shp", ".shx"):
        head = _head(parts[suffix], 100)
        if len(head) < 100 or struct.unpack(">i", head[:4])[0] != 9994:
            raise Refused(_("The %(suffix)s is no Shapefile.") % {"suffix": suffix})
        if struct.unpack(">i", head[24:28])[0] * 2 > parts[suffix].stat().st_size:
            raise cut_off(suffix)
    table = Table(parts[".dbf"])
    count = (parts[".shx"].stat().st_size - 100) // 8
    if count != table.count:
        sentence = _("The Shapefile holds %(shapes)s shapes and %(rows)s rows of attributes.")
        raise Refused(sentence % {"shapes": count, "rows": table.count})
    said = parts[".cpg"].read_text("ascii", "replace").strip()[:40] if parts[".cpg"].exists() else ""
    is_so, deleted = table.encoding(encoding or codec_of(said), strict=bool(encoding))
    is_wrong = said and not (encoding or table.is_ascii) and codec_of(said) != codec_of(is_so)
    return replace(
        delivery,
        encoding=is_so,
        said=said if is_wrong else "",
        count=count - deleted,
        options=("-oo", f"ENCODING={is_so}"),
    )


def _geopackage(delivery: Delivery, encoding: str | None) -> Delivery:
    """Only plain tables: a view or a virtual table can be a program, and GDAL's SQLite has functions that open other files."""
    if _head(delivery.path, 16) != b"SQLite format 3\0":
        raise not_a("GeoPackage")
    try:
        with closing(sqlite3.connect(f"{delivery.path.as_uri()}?mode=ro&immutable=1", uri=True)) as source:
            source.execute("PRAGMA trusted_schema = OFF")
            things = source.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
            layers = source.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchall()
    except sqlite3.Error as error:
        raise not_a("GeoPackage") from error
    for kind, name, sql in things:
        is_virtual = re.match(r"\s*CREATE\s+VIRTUAL", sql, re.IGNORECASE) and not re.search(
            r"\bUSING\s+\"?rtree\"?\s*\(", sql, re.IGNORECASE
        )
        is_computed = kind == "table" and re.search(r"\bGENERATED\b|\bAS\s*\(", sql, re.IGNORECASE)
        if kind == "view" or is_virtual or is_computed:
            raise Refused(_("The GeoPackage computes %(name)s. Save its layer as a plain table.") % {"name": name[:100]})
    if not layers:
        raise Refused(_("The GeoPackage has no layer of features."))
    return delivery


def _kml(delivery: Delivery, encoding: str | None) -> Delivery:
    """Read once by a parser that opens nothing: what refers to elsewhere is refused before GDAL sees it."""
    depth = 0

    def start(name: str, _attributes: Any) -> None:
        nonlocal depth
        depth += 1
        bare = name.rpartition(":")[2]
        if depth == 1 and bare != "kml":
            raise not_a("KML")
        if depth > MOST_KML_DEPTH:
            raise Refused(_("The KML is nested too deeply."))
        if bare in {"NetworkLink", "NetworkLinkControl"}:
            raise Refused(_("The KML points to another place (%(name)s). Save what it shows as KML.") % {"name": bare})

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_parts: Any) -> None:
        raise Refused(_("The KML declares a DOCTYPE, which is not read."))

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, doctype
    try:
        with delivery.path.open("rb") as file:
            parser.ParseFile(file)
    except (xml.parsers.expat.ExpatError, ValueError) as error:
        raise Refused(_("The KML is broken: %(why)s.") % {"why": error}) from error
    return delivery


def _dxf(delivery: Delivery, encoding: str | None) -> Delivery:
    head = _head(delivery.path, 4096)
    if head.startswith((b"AutoCAD Binary DXF", b"AC10")):
        raise Refused(_("The drawing is binary. Save it as an ASCII DXF."))
    if not re.match(rb"(\s*999\s*\n[^\n]*\n)*\s*0\s*\r?\n\s*SECTION", head):
        raise not_a("DXF")
    with delivery.path.open("rb") as file:
        file.seek(-min(delivery.path.stat().st_size, 64), 2)
        tail = file.read()
    if not re.search(rb"\n\s*EOF\s*$", tail):
        raise cut_off(".dxf")
    options = ("--config", "DXF_ENCODING", gdal_name(known(encoding))) if encoding else ()
    return replace(delivery, options=options)


def _geojson(delivery: Delivery, encoding: str | None) -> Delivery:
    if _head(delivery.path, 64).removeprefix(codecs.BOM_UTF8).lstrip()[:1] != b"{":
        raise not_a("GeoJSON")
    tried = [known(encoding)] if encoding else ["utf-8", "gb18030"]
    for codec in tried:
        copy = delivery.path.with_name("utf8.geojson")
        try:
            _recode(delivery.path, copy, codec)
        except UnicodeDecodeError:
            continue
        return replace(delivery, path=copy, encoding=gdal_name(codec))
    raise Refused(_("The attributes are neither in UTF-8 nor in GB18030. Say which encoding they are in."))


def _recode(source: Path, target: Path, codec: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8-sig" if codec == "utf-8" else codec)()
    with source.open("rb") as given, target.open("wb") as taken:
        while part := given.read(1 << 20):
            taken.write(decoder.decode(part).encode())
        taken.write(decoder.decode(b"", final=True).encode())


# By suffix: the name of GDAL's driver, and what looks at the file first.
FORMATS: dict[str, tuple[str, Callable[[Delivery, str | None], Delivery]]] = {
    ".shp": ("ESRI Shapefile", _shapefile),
    ".gpkg": ("GPKG", _geopackage),
    ".kml": ("LIBKML", _kml),
    ".dxf": ("DXF", _dxf),
    ".geojson": ("GeoJSON", _geojson),
    ".json": ("GeoJSON", _geojson),
}
