"""The polygons of a WKB geometry, ring by ring: PostGIS refuses a whole COPY for one ring that is not closed."""

import math
import struct
from array import array
from dataclasses import dataclass, field

_POINT, _LINE, _POLYGON, _MULTI_POINT, _MULTI_LINE, _MULTI_POLYGON, _COLLECTION = range(1, 8)
_POSITION = 16  # bytes
_MOST_DEPTH = 20
_POLYGON_HEAD, _MULTI_HEAD = struct.pack("<BI", 1, _POLYGON), struct.pack("<BI", 1, _MULTI_POLYGON)


@dataclass
class Polygons:
    """``wkb`` is a multipolygon, empty where there is nothing of an area; ``found`` are the problems met on the way."""

    wkb: bytes = b""
    found: set[str] = field(default_factory=set)
    parts: list[bytes] = field(default_factory=list)


def polygons(wkb: bytes | None, *, closed_lines: bool) -> Polygons:
    """The areas of a geometry in little-endian WKB without Z and M.

    ``closed_lines`` makes areas of those too, as drawings mean them.
    """
    read = Polygons()
    if wkb is None:
        read.found.add("empty")
        return read
    try:
        _walk(wkb, 0, read, closed_lines, 0)
    except (struct.error, ValueError, IndexError):
        read.found.add("unknown kind")
        read.parts.clear()
    if read.parts:
        read.wkb = _MULTI_HEAD + struct.pack("<I", len(read.parts)) + b"".join(read.parts)
    elif not read.found:
        read.found.add("empty")
    return read


def _walk(wkb: bytes, at: int, read: Polygons, closed_lines: bool, depth: int) -> int:
    count: int
    order, kind, count = struct.unpack_from("<BII", wkb, at)
    if order != 1 or depth > _MOST_DEPTH:
        raise ValueError("not as OGR writes it")
    if kind == _POINT:
        read.found.add("point")
        return at + 5 + _POSITION
    at += 9
    if kind == _POLYGON:
        rings, at = _rings(wkb, at, count, read)
        if rings:
            read.parts.append(_POLYGON_HEAD + struct.pack("<I", len(rings)) + b"".join(rings))
        return at
    if kind == _LINE:
        line = wkb[at : at + count * _POSITION]
        if closed_lines and count > 3 and line[:_POSITION] == line[-_POSITION:] and _is_finite(line):
            read.parts.append(_POLYGON_HEAD + struct.pack("<II", 1, count) + line)
        else:
            read.found.add("line")
        return at + count * _POSITION
    if kind not in {_MULTI_POINT, _MULTI_LINE, _MULTI_POLYGON, _COLLECTION}:
        raise ValueError("a curve or a surface")
    for _number in range(count):
        at = _walk(wkb, at, read, closed_lines, depth + 1)
    return at


def _rings(wkb: bytes, at: int, count: int, read: Polygons) -> tuple[list[bytes], int]:
    """The rings with their counts. A polygon whose shell is of no use has none."""
    rings = []
    is_lost = False
    for number in range(count):
        (points,) = struct.unpack_from("<I", wkb, at)
        ring = wkb[at + 4 : at + 4 + points * _POSITION]
        at += 4 + points * _POSITION
        if len(ring) != points * _POSITION:
            raise ValueError("cut off")
        if not _is_finite(ring):
            read.found.add("no number")
            is_lost |= number == 0
            continue
        if points and ring[:_POSITION] != ring[-_POSITION:]:
            read.found.add("ring not closed")
            ring += ring[:_POSITION]
            points += 1
        if points < 4:
            if points:
                read.found.add("ring of fewer than three points")
            is_lost |= number == 0
            continue
        rings.append(struct.pack("<I", points) + ring)
    return ([] if is_lost else rings), at


def _is_finite(positions: bytes) -> bool:
    return math.isfinite(sum(array("d", positions)))
