"""Arithmetic of vector tiles in Web Mercator: addresses, bounds in degrees, and the cells in which points are counted.

Tile 0/0/0 is the world, y grows to the south. A cell is a 32nd of a tile's side, 8 px of 256: the cells of zoom z are the tiles
of zoom z + 5, so each of them lies in one tile, and four of them make one of the zoom above.
"""

import math
import re
from dataclasses import dataclass

from .crs import WEB_MERCATOR_EDGE_M

EXTENT = 4096  # units of a tile's side, as clients expect them
BUFFER = 64  # units beyond each side, so that what touches the edge is drawn whole
MAX_ZOOM = 22
CELL_LEVELS = 5
CELLS = 2**CELL_LEVELS

_WHOLE = re.compile(r"0|[1-9][0-9]{0,7}")


@dataclass(frozen=True)
class Tile:
    z: int
    x: int
    y: int

    @classmethod
    def parse(cls, z: str, x: str, y: str) -> "Tile | None":
        """The tile with this address; None when there is none: not whole numbers, or out of range."""
        if not all(_WHOLE.fullmatch(part) for part in (z, x, y)):
            return None
        tile = cls(int(z), int(x), int(y))
        return tile if tile.z <= MAX_ZOOM and max(tile.x, tile.y) < 1 << tile.z else None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees with the buffer; the outermost rows reach the poles."""
        margin = BUFFER / EXTENT
        return (
            _longitude(self.x - margin, self.z),
            _latitude(self.y + 1 + margin, self.z) if self.y + 1 < 1 << self.z else -90.0,
            _longitude(self.x + 1 + margin, self.z),
            _latitude(self.y - margin, self.z) if self.y else 90.0,
        )

    @property
    def pixel_m(self) -> float:
        """The side of a pixel, 256 of which make a tile's side, in metres of Web Mercator."""
        return 2 * WEB_MERCATOR_EDGE_M / (1 << self.z) / 256


def _longitude(x: float, z: int) -> float:
    return x / (1 << z) * 360 - 180


def _latitude(y: float, z: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / (1 << z)))))


def cell_sql(geometry: str, zoom: int) -> tuple[str, str]:
    """SQL for the cell, as x and y, of the middle of a geometry in degrees; null for none and for an empty one.

    Every place has exactly one: a cell owns its north and west side, and the outermost own what lies beyond them.
    """
    levels = zoom + CELL_LEVELS
    x = f"(ST_XMin({geometry}) + ST_XMax({geometry}) + 360) / 720"
    y = f"0.5 - atanh(sin(radians((ST_YMin({geometry}) + ST_YMax({geometry})) / 2))) / (2 * pi())"
    last = 2**levels - 1
    return (
        f"least(greatest(floor(({x}) * {last + 1}), 0), {last})::integer",
        f"least(greatest(floor(({y}) * {last + 1}), 0), {last})::integer",
    )
