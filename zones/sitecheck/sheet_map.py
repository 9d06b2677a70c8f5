"""The map of a sheet: the site and the pieces that findings are about, county lines, a scale that is true on paper, north up.

The same rows give the same drawing: positions are rounded to a hundredth of a point.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from lib.crs import STORAGE_SRID

from .typeset import FAINT, INK, SOFT, Draw, Style, draw_text, printable, width_of

# CGCS2000
_AXIS_M, _ECCENTRICITY_2 = 6378137.0, 0.00669438002290
_POINT_M = 0.0254 / 72  # on paper
_FINEST = 0.15  # points nearer than this to the one before it are not drawn
_STEPS, _SCALES = (1, 2, 2.5, 5), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
_COUNTY_LINE, _SITE = HexColor("#7d6a94"), HexColor("#16324f")
_GRID = HexColor("#dcd6ca")

Position = tuple[float, float]
_Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True)
class Piece:
    """What a finding is about: the number of the finding, GeoJSON in CGCS2000, the colour of its effect."""

    number: int
    geometry: dict[str, Any]
    color: Color


@dataclass(frozen=True)
class Frame:
    """Degrees to points of the page. ``denominator`` is that of the scale at the middle of the map."""

    left: float
    bottom: float
    width: float
    height: float
    lon: float
    lat: float
    denominator: float

    @property
    def per_lon(self) -> float:
        """Points to a degree of longitude."""
        phi = math.radians(self.lat)
        radius = _AXIS_M / math.sqrt(1 - _ECCENTRICITY_2 * math.sin(phi) ** 2)
        return math.radians(1) * radius * math.cos(phi) / self.denominator / _POINT_M

    @property
    def per_lat(self) -> float:
        phi = math.radians(self.lat)
        radius = _AXIS_M * (1 - _ECCENTRICITY_2) / math.sqrt(1 - _ECCENTRICITY_2 * math.sin(phi) ** 2) ** 3
        return math.radians(1) * radius / self.denominator / _POINT_M

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        east, north = self.width / 2 / self.per_lon, self.height / 2 / self.per_lat
        return self.lon - east, self.lat - north, self.lon + east, self.lat + north

    def at(self, positions: Iterable[Sequence[float]]) -> list[Position]:
        x, y = self.left + self.width / 2, self.bottom + self.height / 2
        east, north, lon, lat = self.per_lon, self.per_lat, self.lon, self.lat
        return [(round(x + (p[0] - lon) * east, 2), round(y + (p[1] - lat) * north, 2)) for p in positions]


def frame_of(geometry: dict[str, Any], left: float, bottom: float, width: float, height: float) -> Frame:
    """Around a site, at the largest round scale that leaves it room; a point is shown at 1 : 5,000."""
    west, south, east, north = _bounds(geometry)
    lon, lat = (west + east) / 2, (south + north) / 2
    unit = Frame(left, bottom, width, height, lon, lat, 1.0)
    needed = max((east - west) * unit.per_lon / (width * 0.6), (north - south) * unit.per_lat / (height * 0.66))
    return Frame(left, bottom, width, height, lon, lat, _round_up(max(needed, 500), _SCALES) if needed else 5000)


def _bounds(geometry: dict[str, Any]) -> tuple[float, float, float, float]:
    """West, south, east, north."""
    lons, lats = zip(*((p[0], p[1]) for _kind, line in _strokes(geometry) for p in line), strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def _round_up(value: float, steps: Sequence[float] = _STEPS) -> float:
    """To a round number that is no smaller."""
    power = float(10 ** math.floor(math.log10(value)))
    return next((step * power for step in steps if step * power >= value), 10 * power)


def map_of(frame: Frame, geometry: dict[str, Any], pieces: Sequence[Piece], language: str) -> Draw:
    """Reads the county lines; draws nothing before it is called."""
    counties = _counties(frame, geometry)

    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.setFillColor(white)
        canvas.rect(frame.left, frame.bottom, frame.width, frame.height, stroke=0, fill=1)
        path = canvas.beginPath()
        path.rect(frame.left, frame.bottom, frame.width, frame.height)
        canvas.clipPath(path, stroke=0, fill=0)
        _draw_grid(canvas, frame)
        for _name, _name_en, lines, _place in counties:
            _draw_county(canvas, frame, lines)
        for piece in pieces:
            _draw_shape(canvas, frame, piece.geometry, piece.color, 0.22, 0.8)
        _draw_shape(canvas, frame, geometry, _SITE, 0.0, 1.6)
        taken: list[_Box] = [_north_box(frame)]
        for name, name_en, _lines, place in counties:
            if place:
                _draw_county_name(canvas, frame, name_en if language == "en" and name_en else name, place, taken)
        _draw_numbers(canvas, frame, pieces)
        _draw_scale(canvas, frame)
        _draw_north(canvas, frame)
        canvas.restoreState()
        canvas.setStrokeColor(SOFT)
        canvas.setLineWidth(0.6)
        canvas.rect(frame.left, frame.bottom, frame.width, frame.height)

    return draw


def _counties(frame: Frame, site: dict[str, Any]) -> list[tuple[str, str, list[Any], Position | None]]:
    """Name, English name, lines within the frame and where the name goes, of each county that the frame shows.

    The name goes beside the site where there is room.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT name, name_en, ST_AsGeoJSON(ST_Intersection(ST_Boundary(boundary), box), 7, 0),
                ST_AsGeoJSON(ST_PointOnSurface(ST_Difference(part, site)), 7, 0), ST_AsGeoJSON(ST_PointOnSurface(part), 7, 0)
            FROM (
                SELECT ST_MakeEnvelope(%s, %s, %s, %s, {STORAGE_SRID}) AS box,
                    ST_MakeEnvelope(%s, %s, %s, %s, {STORAGE_SRID}) AS site
            ) AS frame JOIN zones_county ON boundary && box AND ST_Intersects(boundary, box),
                LATERAL (SELECT ST_Intersection(boundary, box) AS part) AS p
            ORDER BY code
            """,
            [*frame.bounds, *_bounds(site)],
        )
        rows = cursor.fetchall()
    found = []
    for name, name_en, lines, beside, within in rows:
        point = json.loads(beside)["coordinates"] or json.loads(within)["coordinates"]
        strokes = [line for _kind, line in _strokes(json.loads(lines))]
        found.append((name, name_en, strokes, (point[0], point[1]) if point else None))
    return found


def _strokes(geometry: dict[str, Any]) -> Iterator[tuple[int, list[Any]]]:
    """The dimension and the positions of each line, ring and point in a GeoJSON geometry."""
    kind: str = geometry["type"]
    coordinates: Any = geometry.get("coordinates")
    if kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _strokes(part)
    elif kind == "Point":
        yield 0, [coordinates] if coordinates else []
    elif kind == "MultiPoint":
        yield from ((0, [position]) for position in coordinates)
    elif kind == "LineString":
        yield 1, coordinates
    elif kind == "MultiLineString":
        yield from ((1, line) for line in coordinates)
    elif kind == "Polygon":
        yield from ((2, ring) for ring in coordinates)
    elif kind == "MultiPolygon":
        yield from ((2, ring) for rings in coordinates for ring in rings)


def _draw_shape(canvas: Canvas, frame: Frame, geometry: dict[str, Any], color: Color, opacity: float, width: float) -> None:
    canvas.setStrokeColor(color)
    canvas.setFillColor(color)
    canvas.setLineWidth(width)
    canvas.setLineJoin(1)
    area, line = canvas.beginPath(), canvas.beginPath()
    has_area = has_line = False
    for dimension, positions in _strokes(geometry):
        points = _thinned(frame.at(positions))
        if dimension == 0 or (dimension == 2 and len(points) < 3):
            for x, y in points[:1]:
                canvas.circle(x, y, 2.4 * width, stroke=1, fill=1)
        elif dimension == 1:
            has_line = _trace(line, points) or has_line
        else:
            has_area = _trace(area, points) or has_area
            area.close()
    if has_line:
        canvas.setLineWidth(max(width, 1.6))
        canvas.drawPath(line, stroke=1, fill=0)
        canvas.setLineWidth(width)
    if has_area:
        canvas.setFillAlpha(opacity)
        canvas.drawPath(area, stroke=1, fill=1 if opacity else 0, fillMode=0)
        canvas.setFillAlpha(1)


def _trace(path: Any, points: Sequence[Position]) -> bool:
    if not points:
        return False
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    return True


def _thinned(points: Sequence[Position]) -> list[Position]:
    kept: list[Position] = []
    for point in points:
        if not kept or abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= _FINEST:
            kept.append(point)
    return kept


def _draw_county(canvas: Canvas, frame: Frame, lines: Sequence[Any]) -> None:
    for width, color, dash in ((3.2, HexColor("#e9e2f0"), ()), (0.8, _COUNTY_LINE, (6, 2, 1.2, 2))):
        canvas.setStrokeColor(color)
        canvas.setLineWidth(width)
        canvas.setDash(list(dash))
        path = canvas.beginPath()
        drawn = [_trace(path, _thinned(frame.at(line))) for line in lines]
        if any(drawn):
            canvas.drawPath(path, stroke=1, fill=0)
    canvas.setDash([])


def _draw_county_name(canvas: Canvas, frame: Frame, name: str, place: Position, taken: list[_Box]) -> None:
    """Moved up or down where another name stands; left out where none of that helps."""
    (x, y), style, text = frame.at([place])[0], Style(9, _COUNTY_LINE), printable(name)
    half = width_of(text, style.size) / 2
    x = min(max(x, frame.left + half + 6), frame.left + frame.width - half - 6)
    for shift in (0, 12, -12, 24, -24):
        at = min(max(y + shift, frame.bottom + 34), frame.bottom + frame.height - 16)
        box = (x - half - 3, at - 3, x + half + 3, at + 9)
        if not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            taken.append(box)
            _draw_label(canvas, x - half, at, text, style)
            return


def _draw_label(canvas: Canvas, x: float, y: float, text: str, style: Style) -> None:
    """On a light ground, so that it can be read on lines."""
    canvas.setFillColor(white)
    canvas.setFillAlpha(0.8)
    canvas.roundRect(x - 2, y - 2.5, width_of(text, style.size) + 4, style.size + 3, 2, stroke=0, fill=1)
    canvas.setFillAlpha(1)
    draw_text(canvas, x, y, text, style)


def _draw_numbers(canvas: Canvas, frame: Frame, pieces: Sequence[Piece]) -> None:
    """The number of each finding at its largest piece, moved aside where another stands."""
    taken: list[Position] = []
    for piece in pieces:
        x, y = frame.at([_middle(piece.geometry)])[0]
        x = min(max(x, frame.left + 12), frame.left + frame.width - 12)
        y = min(max(y, frame.bottom + 12), frame.bottom + frame.height - 12)
        while any(abs(x - other[0]) < 14 and abs(y - other[1]) < 14 for other in taken) and x < frame.left + frame.width - 12:
            x += 15
        taken.append((x, y))
        style, text = Style(7.5, white, is_bold=True), str(piece.number)
        canvas.setFillColor(piece.color)
        canvas.setStrokeColor(white)
        canvas.setLineWidth(1)
        canvas.circle(x, y, 6.5, stroke=1, fill=1)
        draw_text(canvas, x - width_of(text, style.size) / 2, y - 2.7, text, style)


def _middle(geometry: dict[str, Any]) -> Position:
    """Of the longest line or ring: its centroid as an area, else the middle of its points."""
    _kind, line = max(_strokes(geometry), key=lambda stroke: (stroke[0], abs(_doubled_area(stroke[1])), len(stroke[1])))
    doubled = _doubled_area(line)
    if not doubled:
        return line[len(line) // 2][0], line[len(line) // 2][1]
    lon, lat = line[0][0], line[0][1]
    x = y = 0.0
    for (ax, ay), (bx, by) in zip(line, line[1:], strict=False):
        cross = (ax - lon) * (by - lat) - (bx - lon) * (ay - lat)
        x, y = x + (ax + bx - 2 * lon) * cross, y + (ay + by - 2 * lat) * cross
    return lon + x / (3 * doubled), lat + y / (3 * doubled)


def _doubled_area(line: Sequence[Sequence[float]]) -> float:
    if len(line) < 3:
        return 0.0
    lon, lat = line[0][0], line[0][1]
    return sum((a[0] - lon) * (b[1] - lat) - (b[0] - lon) * (a[1] - lat) for a, b in zip(line, line[1:], strict=False))


def scale_bar_m(denominator: float) -> float:
    """A round length that is some 25 to 50 mm on paper."""
    return _round_up(0.025 * denominator)


def length_in_words(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def _draw_scale(canvas: Canvas, frame: Frame) -> None:
    metres = scale_bar_m(frame.denominator)
    length = metres / frame.denominator / _POINT_M
    x, y, height = frame.left + 10, frame.bottom + 10, 3.2
    canvas.setFillColor(white)
    canvas.setFillAlpha(0.85)
    canvas.rect(frame.left + 4, frame.bottom + 4, length + 52, 27, stroke=0, fill=1)
    canvas.setFillAlpha(1)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.6)
    for number in range(4):
        canvas.setFillColor(INK if number % 2 == 0 else white)
        canvas.rect(x + length * number / 4, y, length / 4, height, stroke=1, fill=1)
    style = Style(7, INK)
    draw_text(canvas, x + length + 4, y - 1, length_in_words(metres), style)
    draw_text(canvas, x, y + 7.5, f"1 : {frame.denominator:,.0f}", style)


def _north_box(frame: Frame) -> _Box:
    x, y = frame.left + frame.width - 20, frame.bottom + frame.height - 40
    return x - 12, y - 4, x + 12, y + 40


def _draw_north(canvas: Canvas, frame: Frame) -> None:
    x, y = frame.left + frame.width - 20, frame.bottom + frame.height - 40
    for side, filled in ((-5, 1), (5, 0)):
        path = canvas.beginPath()
        _trace(path, [(x, y + 22), (x + side, y), (x, y + 5)])
        path.close()
        canvas.setFillColor(INK if filled else white)
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.6)
        canvas.drawPath(path, stroke=1, fill=1)
    style, text = Style(8, INK, is_bold=True), _("N")
    draw_text(canvas, x - width_of(text, style.size) / 2, y + 25, text, style)


def _draw_grid(canvas: Canvas, frame: Frame) -> None:
    """Degrees along the edges, some 40 mm apart."""
    west, south, east, north = frame.bounds
    style = Style(6, FAINT)
    step = _round_up(40 * mm / frame.per_lon)
    decimals = max(0, -math.floor(math.log10(step)) + (1 if step / 10 ** math.floor(math.log10(step)) == 2.5 else 0))
    canvas.setStrokeColor(_GRID)
    canvas.setLineWidth(0.4)
    top, right = frame.bottom + frame.height, frame.left + frame.width
    for number in range(math.ceil(west / step), math.floor(east / step) + 1):
        x = frame.at([(number * step, frame.lat)])[0][0]
        canvas.line(x, frame.bottom, x, top)
        draw_text(canvas, x + 2, top - 8, f"{number * step:.{decimals}f}°E", style)
    for number in range(math.ceil(south / step), math.floor(north / step) + 1):
        y = frame.at([(frame.lon, number * step)])[0][1]
        canvas.line(frame.left, y, right, y)
        text = f"{number * step:.{decimals}f}°N"
        if y > frame.bottom + 36:  # below it stands the scale
            draw_text(canvas, frame.left + 3, y + 2, text, style)


def legend(canvas: Canvas, x: float, y: float, kind: str, color: Color) -> None:
    """A swatch, 14 points wide, as the map draws it."""
    canvas.setStrokeColor(color)
    canvas.setFillColor(color)
    if kind == "county":
        canvas.setDash([6, 2, 1.2, 2])
        canvas.setLineWidth(0.8)
        canvas.line(x, y + 2.5, x + 14, y + 2.5)
        canvas.setDash([])
    elif kind == "site":
        canvas.setLineWidth(1.6)
        canvas.rect(x + 1, y - 0.5, 12, 6.5, stroke=1, fill=0)
    else:
        canvas.setFillAlpha(0.22)
        canvas.setLineWidth(0.8)
        canvas.rect(x + 1, y - 0.5, 12, 6.5, stroke=1, fill=1)
        canvas.setFillAlpha(1)


SITE_COLOR, COUNTY_COLOR = _SITE, _COUNTY_LINE
