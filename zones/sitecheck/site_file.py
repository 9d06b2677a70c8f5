"""Sites out of files: GeoJSON is read here, all else as a delivery is, with nothing believed of it."""

import json
import re
import struct
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from lib.parameters import Refusal
from zones.delivery.refusal import Refused
from zones.delivery.staging import DeclaredCRS, staged
from zones.delivery.taking import take

from .coordinates import one_geometry
from .site import SYSTEMS, parse_json

MOST_FILE_BYTES = 20_000_000
MOST_UNPACKED_BYTES = 3 * MOST_FILE_BYTES
MOST_FEATURES = 2000
SUFFIXES = (".geojson", ".json", ".kml", ".zip", ".gpkg", ".dxf")

# How systems without a number are named: CGCS2000_3_Degree_GK_Zone_37, CGCS2000 / 3-degree Gauss-Kruger CM 111E.
_BY_NAME = (
    (re.compile(r"cgcs.?2000.*3.?degree.*zone.?37\b"), "EPSG:4525"),
    (re.compile(r"cgcs.?2000.*3.?degree.*zone.?38\b"), "EPSG:4526"),
    (re.compile(r"cgcs.?2000.*3.?degree.*\b111e\b"), "EPSG:4546"),
    (re.compile(r"cgcs.?2000.*3.?degree.*\b114e\b"), "EPSG:4547"),
)


def read_site_file(path: Path, layer: str = "") -> tuple[Any, str | None]:
    """The geometry of all features as one, and the system that the file names; None where it names none that sites come in.

    The suffix of the path says what it is. ``layer`` chooses where there are several. Errors: Refusal.
    """
    if path.suffix.lower() in {".geojson", ".json"}:
        return _geojson(path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return _delivered(path, Path(folder), layer)
        except Refused as refused:
            raise _refusal(str(refused)) from refused


def _refusal(sentence: str) -> Refusal:
    return Refusal({"file": sentence})


def _geojson(path: Path) -> tuple[Any, str | None]:
    try:
        document = parse_json(path.read_bytes())
        return one_geometry(document), _of_crs_member(document)
    except Refusal as refusal:
        raise _refusal(refusal.errors.get("geometry") or _("This is no complete GeoJSON.")) from refusal


def _of_crs_member(document: Any) -> str | None:
    """The system as GDAL and older programs write it; degrees where there is no member, as the standard says."""
    if not isinstance(document, dict) or "crs" not in document:
        return "EPSG:4490"
    found = re.search(r"EPSG:+([0-9]{4,5})|CRS84", json.dumps(document["crs"])[:200])
    if found is None:
        return None
    name = f"EPSG:{found[1]}" if found[1] else "EPSG:4326"
    return name if name in SYSTEMS else None


def _delivered(path: Path, folder: Path, layer: str) -> tuple[Any, str | None]:
    if path.suffix.lower() == ".zip":
        _check_unpacked_size(path)
    delivery = take(path, folder, layer=layer or None)
    with staged(delivery, folder, layer or None) as rows:
        if rows.count > MOST_FEATURES:
            raise _refusal(_("The file has more than %(most)s features. A site has fewer.") % {"most": MOST_FEATURES})
        geometries = [_geometry(feature.wkb) for feature in rows.features() if feature.wkb is not None]
        system = _system(rows.crs)
    if delivery.driver == "DXF":
        geometries = [_as_area(one) for one in geometries if one["type"] != "Point"]
    features = [{"type": "Feature", "geometry": one} for one in geometries]
    try:
        return one_geometry({"type": "FeatureCollection", "features": features}), system
    except Refusal as refusal:
        raise _refusal(refusal.errors["geometry"]) from refusal


def _check_unpacked_size(path: Path) -> None:
    """What zipfile unpacks is never more than the archive says. A bad archive is for others to refuse."""
    with suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED_BYTES:
            raise _refusal(_("The file is larger than %(most)s MB.") % {"most": MOST_UNPACKED_BYTES // 1_000_000})


def _as_area(geometry: dict[str, Any]) -> dict[str, Any]:
    """A drawing has no areas but closed lines; its points are mostly where text stands, and no part of a site."""
    line = geometry["coordinates"]
    is_closed = geometry["type"] == "LineString" and len(line) > 3 and line[0] == line[-1]
    return {"type": "Polygon", "coordinates": [line]} if is_closed else geometry


def _system(declared: DeclaredCRS | None) -> str | None:
    if declared is None or declared.name in SYSTEMS:
        return declared.name if declared else None
    name = declared.name.lower().replace("_", " ")
    return next((system for pattern, system in _BY_NAME if pattern.search(name)), None)


_TYPES = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}


def _geometry(wkb: bytes) -> dict[str, Any]:
    """GeoJSON of a geometry as OGR writes it, open rings and all: read_site mends those and says so. Errors: Refusal."""
    try:
        return _parsed(wkb, 0)[0]
    except (struct.error, KeyError) as error:
        raise _refusal(_("The file holds shapes that are neither areas nor lines nor points.")) from error


def _parsed(wkb: bytes, at: int) -> tuple[dict[str, Any], int]:
    (number,) = struct.unpack_from("<I", wkb, at + 1)
    kind = _TYPES[number]
    at += 5
    if kind == "Point":
        return {"type": kind, "coordinates": list(struct.unpack_from("<2d", wkb, at))}, at + 16
    if kind == "LineString":
        line, at = _positions(wkb, at)
        return {"type": kind, "coordinates": line}, at
    (count,) = struct.unpack_from("<I", wkb, at)
    at += 4
    parts: list[Any] = []
    for _number in range(count):
        if kind == "Polygon":
            part, at = _positions(wkb, at)
        else:
            inner, at = _parsed(wkb, at)
            part = inner["coordinates"]
        parts.append(part)
    return {"type": kind, "coordinates": parts}, at


def _positions(wkb: bytes, at: int) -> tuple[list[list[float]], int]:
    (count,) = struct.unpack_from("<I", wkb, at)
    end = at + 4 + count * 16
    if end > len(wkb):
        raise struct.error("cut off")
    numbers = struct.unpack_from(f"<{count * 2}d", wkb, at + 4)
    return [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)], end
