"""The small map of a page: county outlines and the records of the page, as SVG that needs no script and prints well."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import Polygon
from django.db.models import Func, Value

from lib.crs import STORAGE_SRID

from .models import County, LocationPrecision, Record
from .models.records import kind_of

WIDTH = 480  # units of the drawing; strokes and letters are sized in them
TALLEST = 1.15  # of the width
LETTER = 14
BADGE = 21  # across a number
# The zone lies around 38.6° N, where a degree of longitude is this much of a degree of latitude.
LONGITUDE_SCALE = math.cos(math.radians(38.6))
EXACT = {LocationPrecision.SITE, LocationPrecision.VILLAGE}

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees
Shape = Any  # a GEOSGeometry; its type stubs know nothing of parts and coordinates


class Simplify(Func):
    """A simpler shape, tolerance in degrees: for display only."""

    function = "ST_SimplifyPreserveTopology"
    output_field = GeometryField(srid=STORAGE_SRID)


@dataclass(frozen=True)
class Outline:
    county: County
    path: str
    x: float
    y: float
    is_highlighted: bool
    has_label: bool


@dataclass(frozen=True)
class Mark:
    """A record on the map: a line when it has a path, whole counties when it has their codes, else a point.

    ``number`` refers to a list beside the map; 0 for a map without one.
    """

    record: Record
    kind: str
    path: str
    county_codes: list[str]
    x: float
    y: float
    is_approximate: bool
    number: int


@dataclass(frozen=True)
class _Frame:
    """Turns degrees into units of the drawing, north up."""

    bounds: Bounds

    @property
    def scale(self) -> float:
        west, south, east, north = self.bounds
        return min(WIDTH / ((east - west) * LONGITUDE_SCALE), WIDTH * TALLEST / (north - south))

    @property
    def height(self) -> int:
        return round((self.bounds[3] - self.bounds[1]) * self.scale)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        west, south, east, north = self.bounds
        inset = (WIDTH - (east - west) * LONGITUDE_SCALE * self.scale) / 2
        return round(inset + (lon - west) * LONGITUDE_SCALE * self.scale, 1), round((north - lat) * self.scale, 1)

    def path(self, geometry: Shape) -> str:
        """SVG path data of lines and rings; empty for points."""
        if geometry.geom_type in {"Point", "MultiPoint"}:
            return ""
        if geometry.geom_type in {"LineString", "LinearRing"}:
            return "M" + "L".join("{} {}".format(*self.at(x, y)) for x, y in geometry.coords)
        closing = "Z" if geometry.geom_type == "Polygon" else ""
        return "".join(self.path(part) + closing for part in geometry)


@dataclass(frozen=True)
class Locator:
    frame: _Frame
    outlines: list[Outline]
    marks: list[Mark] = field(default_factory=list)

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def height(self) -> int:
        return self.frame.height

    def marking(self, records: Iterable[Record]) -> "Locator":
        """The same map with these records on it, as far as they have a geometry."""
        return replace(self, marks=[_mark(record, self.frame, 0) for record in records if shape_of(record)])

    def numbering(self, records: Iterable[Record]) -> "Locator":
        """The same map with these records numbered from 1; one without a geometry is shown by its counties, if it has any."""
        marks: list[Mark] = []
        for number, record in enumerate(records, start=1):
            if shape_of(record):
                marks.append(_mark(record, self.frame, number))
            elif codes := {county.code for county in record.counties.all()}:  # type: ignore[attr-defined]
                marks.append(_area_mark(record, [outline for outline in self.outlines if outline.county.code in codes], number))
        return replace(self, marks=_apart(marks))


def locator(highlighted: Collection[int] = (), *, close: bool = False) -> Locator:
    """The map of the zone with counties (by primary key) highlighted; ``close`` fills it with those counties."""
    close = close and bool(highlighted)
    counties = list(County.objects.annotate(shape=Simplify("boundary", Value(0.0012 if close else 0.004))).defer("boundary"))
    framed = [county for county in counties if county.pk in highlighted] if close else counties
    frame = _Frame(_padded(_bounds_of(framed), 0.16 if close else 0.03))
    outlines = [outline for county in counties if (outline := _outline(county, frame, county.pk in highlighted))]
    outlines.sort(key=lambda outline: outline.is_highlighted)  # the highlighted border is drawn over its neighbours'
    return Locator(frame, outlines)


def shape_of(record: Record) -> Shape | None:
    return getattr(record, "geom", None) or getattr(record, "point", None)


def _bounds_of(counties: Sequence[County]) -> Bounds:
    extents = [county.shape.extent for county in counties]  # type: ignore[attr-defined]
    return min(e[0] for e in extents), min(e[1] for e in extents), max(e[2] for e in extents), max(e[3] for e in extents)


def _padded(bounds: Bounds, share: float) -> Bounds:
    west, south, east, north = bounds
    pad = share * max((east - west) * LONGITUDE_SCALE, north - south)
    return west - pad / LONGITUDE_SCALE, south - pad, east + pad / LONGITUDE_SCALE, north + pad


def _outline(county: County, frame: _Frame, is_highlighted: bool) -> Outline | None:
    shape: Shape = county.shape  # type: ignore[attr-defined]
    window = Polygon.from_bbox(_padded(frame.bounds, 0.05))
    window.srid = STORAGE_SRID
    visible = shape.intersection(window)
    if visible.empty:
        return None
    largest = visible if visible.geom_type == "Polygon" else max(visible, key=lambda part: part.area)
    inside = largest.centroid if largest.contains(largest.centroid) else largest.point_on_surface
    x, y = frame.at(inside.x, inside.y)
    room = math.sqrt(largest.area * LONGITUDE_SCALE) * frame.scale
    length = _letters(str(county)) * LETTER
    fits = room > length and length / 2 < x < WIDTH - length / 2 and LETTER < y < frame.height - LETTER
    return Outline(county, frame.path(visible), x, y, is_highlighted, has_label=is_highlighted or fits)


def _letters(label: str) -> float:
    """The length of a label in Chinese characters; a Latin letter takes half of one."""
    return sum(1 if letter > "\u2e80" else 0.5 for letter in label)


def _mark(record: Record, frame: _Frame, number: int) -> Mark:
    shape = shape_of(record)
    middle = _middle_of(shape)
    x, y = frame.at(middle.x, middle.y)
    is_approximate = getattr(record, "location_precision", "") not in EXACT
    return Mark(record, kind_of(record), frame.path(shape), [], x, y, is_approximate, number)


def _area_mark(record: Record, outlines: list[Outline], number: int) -> Mark:
    x = round(fmean(outline.x for outline in outlines), 1)
    y = round(fmean(outline.y for outline in outlines), 1)
    return Mark(record, kind_of(record), "", [outline.county.code for outline in outlines], x, y, True, number)


def _apart(marks: list[Mark]) -> list[Mark]:
    """The same marks, a number that would cover another moved to its right."""
    placed: list[Mark] = []
    for mark in marks:
        while any(math.hypot(mark.x - other.x, mark.y - other.y) < BADGE for other in placed):
            mark = replace(mark, x=round(mark.x + BADGE, 1))
        placed.append(mark)
    return placed


def _middle_of(shape: Shape) -> Shape:
    """The point itself, the middle of a line's course, or a point within an area."""
    if shape.geom_type == "Point":
        return shape
    line = max(shape, key=lambda part: part.length) if shape.geom_type == "MultiLineString" else shape
    return line.interpolate_normalized(0.5) if line.geom_type == "LineString" else shape.point_on_surface
