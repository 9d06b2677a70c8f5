"""Geometry literals of a filter (GeoJSON and boxes), checked and brought into the storage CRS."""

import math
import re
from collections.abc import Callable, Collection, Iterable
from itertools import pairwise
from typing import Any

from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSGeometry
from django.utils.translation import gettext as _

from ..crs import CRS, STORAGE_SRID
from .terms import refusal

Position = tuple[float, float]  # east or longitude first, whatever the system declares

# What is straight in a projected CRS is bent in degrees, by 2 cm at most between points so far apart. A geometry is given no
# more points than so many, however many lines it has.
_STEP_M = 1000
_MOST_STEPS = 5000
_LINES = re.compile(r"(?<!MULTIPOINT)\(([^()]+,[^()]+)\)")  # in WKT


def geometry_of(node: dict[str, Any], system: CRS) -> GEOSGeometry:
    """The geometry of a GeoJSON object or of ``{"bbox": …}`` in the storage CRS: valid, without heights.

    Errors: Refusal that says what is wrong with it.
    """
    # By way of WKT: an object of GEOS for each point would take a second for ten thousand.
    wkt = _box(node["bbox"], system) if "type" not in node else _wkt(node, system)
    built = GEOSGeometry(wkt, srid=system.srid)
    parts: Any = built if built.geom_type == "GeometryCollection" else [built]
    for part in parts:
        if (reason := part.valid_reason) != "Valid Geometry":
            raise refusal(_("A geometry of the filter is not valid: %(reason)s.") % {"reason": reason})
    if not system.is_geographic:
        step = max(_STEP_M, built.length / _MOST_STEPS)
        built = GEOSGeometry(_LINES.sub(lambda line: _dense(line[1], step), wkt), srid=system.srid)
        _transform(built)
    built.srid = STORAGE_SRID
    return built


def _transform(geometry: GEOSGeometry) -> None:
    try:
        geometry.transform(STORAGE_SRID)
    except GDALException:
        raise refusal(_("A geometry of the filter can't be transformed from its CRS.")) from None


def _wkt(node: dict[str, Any], system: CRS) -> str:
    if node["type"] == "GeometryCollection":
        members = _some(node.get("geometries"))
        if not all(isinstance(member, dict) and member.get("type") not in (None, "GeometryCollection") for member in members):
            raise refusal(_("A geometry collection of the filter holds something else than points, lines and polygons."))
        return f"GEOMETRYCOLLECTION{_listed(_wkt(member, system) for member in members)}"
    coordinates = node.get("coordinates")
    match node["type"]:
        case "Point":
            return f"POINT{_listed([_text(_position(coordinates, system))])}"
        case "MultiPoint":
            return f"MULTIPOINT{_listed(_text(_position(position, system)) for position in _some(coordinates))}"
        case "LineString":
            return f"LINESTRING{_line(coordinates, system)}"
        case "MultiLineString":
            return f"MULTILINESTRING{_each(_line, coordinates, system)}"
        case "Polygon":
            return f"POLYGON{_rings(coordinates, system)}"
        case "MultiPolygon":
            return f"MULTIPOLYGON{_each(_rings, coordinates, system)}"
    raise refusal(_("The filter names a type of geometry that GeoJSON doesn't have."))


def _listed(parts: Iterable[str]) -> str:
    return f"({','.join(parts)})"


def _text(position: Position) -> str:
    return f"{position[0]!r} {position[1]!r}"


def _some(node: Any) -> list[Any]:
    if not isinstance(node, list) or not node:
        raise refusal(_("A geometry of the filter has no coordinates where they are needed."))
    return node


def _each(one: Callable[[Any, CRS], str], nodes: Any, system: CRS) -> str:
    return _listed(one(node, system) for node in _some(nodes))


def _rings(node: Any, system: CRS) -> str:
    return _each(_ring, node, system)


def _ring(node: Any, system: CRS) -> str:
    positions = [_position(position, system) for position in _some(node)]
    if len(positions) < 4 or positions[0] != positions[-1]:
        raise refusal(_("A ring of a polygon has at least four positions, and the last is the first again."))
    return _joined(positions)


def _line(node: Any, system: CRS) -> str:
    positions = [_position(position, system) for position in _some(node)]
    if len(positions) < 2:
        raise refusal(_("A line has at least two positions."))
    return _joined(positions)


def _dense(line: str, step: float) -> str:
    positions = [(float(x), float(y)) for x, y in map(str.split, line.split(","))]
    dense = positions[:1]
    for (x, y), (x_end, y_end) in pairwise(positions):
        count = math.ceil(math.hypot(x_end - x, y_end - y) / step)
        dense.extend((x + (x_end - x) * part / count, y + (y_end - y) * part / count) for part in range(1, count))
        dense.append((x_end, y_end))
    return _joined(dense)


def _joined(positions: Iterable[Position]) -> str:
    return _listed(map(_text, positions))


def _position(node: Any, system: CRS) -> Position:
    numbers = _numbers(node, {2, 3})
    x, y = numbers[1::-1] if system.north_first else numbers[:2]
    west, south, east, north = system.domain
    if not (west <= x <= east and south <= y <= north):
        sentence = _("%(position)s is outside of %(crs)s; mind which axis comes first.")
        raise refusal(sentence % {"position": f"({numbers[0]:.12g} {numbers[1]:.12g})", "crs": system.name})
    return x, y


def _numbers(node: Any, counts: Collection[int]) -> list[float]:
    if not isinstance(node, list) or len(node) not in counts:
        raise refusal(_("A position has two numbers, or three with a height; a box has four or six."))
    if not all(isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < 1e12 for number in node):
        raise refusal(_("A coordinate of the filter is not a number in range."))
    return [float(number) for number in node]


def _box(node: Any, system: CRS) -> str:
    numbers = _numbers(node, {4, 6})
    half = len(numbers) // 2
    (west, south), (east, north) = _position(numbers[:half], system), _position(numbers[half:], system)
    if south >= north or west == east or (west > east and not system.is_geographic):
        raise refusal(_("The first corner of a bbox must lie south-west of the second."))
    if west > east:
        parts = [_rectangle(west, south, 180.0, north), _rectangle(-180.0, south, east, north)]
        return f"MULTIPOLYGON{_listed(parts)}"
    return f"POLYGON{_rectangle(west, south, east, north)}"


def _rectangle(west: float, south: float, east: float, north: float) -> str:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return _listed([_joined(corners)])
