"""A site as it was asked about: GeoJSON of any of the portal's systems, read strictly and mended where that is safe.

What can't be told apart from a mistake is refused with the place and a proposal; what is mended is said.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.crs import BY_NAME, CRS, STORAGE_SRID
from lib.parameters import Refusal

MOST_VERTICES = 20_000

# How deep the positions of each type lie, and the dimension of what they draw.
_DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_DIMENSIONS = {"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2, "MultiPolygon": 2}

# As people write them; coordinates are east (or longitude) first whatever the system declares.
SYSTEMS: dict[str, CRS] = {name: system for name, system in BY_NAME.items() if name != "OGC:CRS84"}
SHIFTED = {"GCJ-02", "GCJ02", "BD-09", "BD09"}

# Where coordinates of China lie, to tell what someone has mixed up.
_LON, _LAT = (70, 140), (3, 54)
_NORTHING_M = (330_000, 6_000_000)


@dataclass(frozen=True)
class Note:
    """Something done to the site or to be known of it; ``code`` is stable, ``text`` a sentence with ``values`` in it."""

    code: str
    text: Promise
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.text) % self.values


@dataclass(frozen=True)
class Site:
    """``geojson`` is the text of a geometry in the system with the PostGIS number ``srid``, east or longitude first.

    ``dimension`` is 2 for areas, 1 for lines, 0 for points.
    """

    geojson: str
    srid: int
    dimension: int
    crs: str
    notes: tuple[Note, ...] = ()


CLOSED = gettext_lazy("Ring %(ring)s was not closed: its first point has been repeated at its end.")
FLATTENED = gettext_lazy("Heights and measures of the points were left out.")
THINNED = gettext_lazy("%(count)s points that repeat the one before them were left out.")


def read_site(geometry: Any, crs: Any = None) -> Site:
    """The site of a GeoJSON geometry (or Feature with one) and the name of its system, EPSG:4490 by default.

    Errors: Refusal that names the member and the place.
    """
    system = _system(crs)
    geometry = _unwrapped(geometry)
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        raise _refusal(_("A GeometryCollection mixes kinds. Send its areas, lines or points as one Multi geometry."))
    if not isinstance(kind, str) or kind not in _DEPTHS:
        known = ", ".join(_DEPTHS)
        raise _refusal(_("The type of a geometry is one of %(known)s.") % {"known": known})
    depth = _DEPTHS[kind]
    positions = list(_positions(coordinates, depth, "coordinates"))
    if not positions:
        raise _refusal(_("The geometry has no points."))
    _plausible(positions, system)
    reader = _Reader()
    read = reader.part(coordinates, depth, _DIMENSIONS[kind], "coordinates")
    text = json.dumps({"type": kind, "coordinates": read}, separators=(",", ":"))
    return Site(text, STORAGE_SRID if system.is_geographic else system.srid, _DIMENSIONS[kind], system.name, tuple(reader.notes))


def parse_json(body: bytes) -> Any:
    """JSON without NaN and of bounded depth. Errors: Refusal."""

    def refuse(text: str) -> Any:
        raise Refusal(detail=_("%(text)s is not a number of JSON.") % {"text": text})

    try:
        return json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Refusal(detail=_("The body is not JSON.")) from error


def _refusal(sentence: str, member: str = "geometry") -> Refusal:
    return Refusal({member: sentence})


def _system(crs: Any) -> CRS:
    if crs is None:
        return SYSTEMS["EPSG:4490"]
    text = str(crs).strip().upper()
    if text in SHIFTED:
        sentence = _("%(crs)s is shifted by some 570 m and is no survey system. Convert the site to CGCS2000 first.")
        raise _refusal(sentence % {"crs": text}, "crs")
    name = f"EPSG:{text}" if text.isdigit() else text
    if name not in SYSTEMS:
        raise _refusal(_("The crs is one of %(known)s.") % {"known": ", ".join(SYSTEMS)}, "crs")
    return SYSTEMS[name]


def _unwrapped(geometry: Any) -> Mapping[str, Any]:
    if isinstance(geometry, Mapping) and geometry.get("type") == "Feature":
        geometry = geometry.get("geometry")
    if not isinstance(geometry, Mapping):
        raise _refusal(_("Send a GeoJSON geometry: an object with type and coordinates."))
    return geometry


def _positions(value: Any, depth: int, path: str) -> Iterator[tuple[float, float]]:
    """All positions, checked one by one; stops at the first that is none."""
    if depth == 0:
        yield _position(value, path)
        return
    if not isinstance(value, list):
        raise _refusal(_("%(path)s is not a list.") % {"path": path})
    for number, part in enumerate(value):
        yield from _positions(part, depth - 1, f"{path}[{number}]")


def _position(value: Any, path: str) -> tuple[float, float]:
    if not isinstance(value, list) or not 2 <= len(value) <= 4:
        raise _refusal(_("%(path)s is not a position: two numbers, east or longitude first.") % {"path": path})
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= 1e9:  # NaN is not either
            raise _refusal(_("%(path)s holds what is not a number.") % {"path": path})
    return float(value[0]), float(value[1])


def _plausible(positions: list[tuple[float, float]], system: CRS) -> None:
    """Errors: Refusal that proposes what was probably meant."""
    if len(positions) > MOST_VERTICES:
        sentence = _("The site has %(count)s points; at most %(most)s are checked. Simplify it.")
        raise _refusal(sentence % {"count": len(positions), "most": MOST_VERTICES})
    west, south, east, north = system.domain
    wrong = next((p for p in positions if not (west <= p[0] <= east and south <= p[1] <= north)), None)
    if wrong is None and system.is_geographic and all(map(_is_swapped, positions)):
        wrong = positions[0]
    if wrong is None:
        return
    place = {"x": f"{wrong[0]:.10g}", "y": f"{wrong[1]:.10g}", "crs": system.name}
    if system.is_geographic and _is_swapped(wrong):
        raise _refusal(_("At %(x)s, %(y)s latitude seems to come first. Longitude comes first here: swap the two.") % place)
    if system.is_geographic and (meant := _belt_of(wrong)):
        sentence = _("%(x)s, %(y)s are metres, not degrees. Did you mean crs %(meant)s?")
        raise _refusal(sentence % (place | {"meant": meant}), "crs")
    if not system.is_geographic and _within(wrong[0], _LON) and _within(wrong[1], _LAT):
        raise _refusal(_("%(x)s, %(y)s are degrees, not metres. Did you mean crs EPSG:4490?") % place, "crs")
    if not system.is_geographic and _belt_of((wrong[1], wrong[0])):
        raise _refusal(_("At %(x)s, %(y)s the northing seems to come first. The easting comes first here: swap the two.") % place)
    raise _refusal(_("%(x)s, %(y)s lies outside of what %(crs)s describes.") % place)


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _is_swapped(position: tuple[float, float]) -> bool:
    return _within(position[0], _LAT) and _within(position[1], _LON)


def _belt_of(position: tuple[float, float]) -> str | None:
    """The Gauss-Krueger system whose easting and northing these can be."""
    east, north = position
    if not _within(north, _NORTHING_M):
        return None
    if 37e6 < east < 38e6:
        return "EPSG:4525"
    if 38e6 < east < 39e6:
        return "EPSG:4526"
    return "EPSG:4546 / EPSG:4547" if 200_000 < east < 800_000 else None


class _Reader:
    """Copies coordinates and notes what it mends on the way."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def part(self, value: Any, depth: int, dimension: int, path: str) -> Any:
        if depth == 0:
            return self._flat([value])[0]
        if depth == 1 and dimension > 0:
            return self._string(value, dimension, path)
        return [self.part(inner, depth - 1, dimension, f"{path}[{number}]") for number, inner in enumerate(value)]

    def _string(self, value: Any, dimension: int, path: str) -> Any:
        """The points of a line or a ring."""
        flat = self._flat(value)
        points = [point for number, point in enumerate(flat) if number == 0 or point != flat[number - 1]]
        if len(points) < len(flat):
            self._note("thinned", THINNED, count=len(flat) - len(points))
        if dimension == 2 and len(points) > 2 and points[0] != points[-1]:
            points.append(points[0])
            self._note("closed", CLOSED, ring=path)
        least = 4 if dimension == 2 else 2
        if len(points) < least:
            sentence = _("%(path)s has %(count)s different points; an area needs three, a line two.")
            raise _refusal(sentence % {"path": path, "count": len({tuple(point) for point in points})})
        return points

    def _flat(self, value: Any) -> list[list[float]]:
        if any(len(point) > 2 for point in value):
            self._note("flattened", FLATTENED)
        return [[float(point[0]), float(point[1])] for point in value]

    def _note(self, code: str, text: Promise, **values: Any) -> None:
        if all(note.code != code or note.values != values for note in self.notes):
            self.notes.append(Note(code, text, values))
