"""Sites as people type and paste them: GeoJSON, or lists of coordinates."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from lib.parameters import Refusal

from .site import parse_json

MOST_CHARACTERS = 2_000_000
KINDS = ("area", "line", "point")
_MULTI = {"Point": "MultiPoint", "LineString": "MultiLineString", "Polygon": "MultiPolygon"}
# A point may have a name before its numbers (J1, 拐点3), as survey lists have it.
_LINE = re.compile(r"(?:[^\W\d]\w{0,15}[\s,;:]+)?(-?\d{1,9}(?:\.\d{1,15})?)\s*[\s,;]\s*(-?\d{1,9}(?:\.\d{1,15})?)[\s,;]*")


def geometry_of(text: str, kind: str) -> Any:
    """The geometry of GeoJSON (FeatureCollections as one), or of lines with two numbers each, blank lines between parts.

    ``kind`` says what the lines draw. What is well formed may still be no site; read_site tells. Errors: Refusal.
    """
    if len(text) > MOST_CHARACTERS:
        raise Refusal({"geometry": _("A site may have at most 2 MB. Simplify it.")})
    text = text.strip().removeprefix("\ufeff")
    if not text:
        raise Refusal({"geometry": _("Draw a site, or give its coordinates.")})
    if text[0] in "{[":
        try:
            return one_geometry(parse_json(text.encode("utf-8", "replace")))
        except Refusal as refusal:
            raise Refusal({"geometry": refusal.errors.get("geometry") or _("This is no complete GeoJSON.")}) from refusal
    if kind not in KINDS:
        raise Refusal({"kind": _("Choose area, line or point.")})
    return _drawn([part for part in _parts(text) if part], kind)


def _parts(text: str) -> Iterator[list[list[float]]]:
    part: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = unicodedata.normalize("NFKC", line).replace("、", ",").strip()
        if not line:
            yield part
            part = []
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            sentence = _("Line %(number)s is not a position: give two numbers, east or longitude first.")
            raise Refusal({"geometry": sentence % {"number": number}})
        part.append([float(found[1]), float(found[2])])
    yield part


def _drawn(parts: list[list[list[float]]], kind: str) -> dict[str, Any]:
    if kind == "point":
        points = [point for part in parts for point in part]
        return {"type": "Point", "coordinates": points[0]} if len(points) == 1 else {"type": "MultiPoint", "coordinates": points}
    if kind == "line":
        lines = parts
        return (
            {"type": "LineString", "coordinates": lines[0]}
            if len(lines) == 1
            else {"type": "MultiLineString", "coordinates": lines}
        )
    rings = [[part] for part in parts]
    return {"type": "Polygon", "coordinates": rings[0]} if len(rings) == 1 else {"type": "MultiPolygon", "coordinates": rings}


def one_geometry(document: Any) -> Any:
    """The one geometry of a GeoJSON document; the features of a collection become parts of one. Errors: Refusal."""
    if isinstance(document, dict) and document.get("type") == "Feature":
        document = document.get("geometry")
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return document
    features = document.get("features")
    if not isinstance(features, list):
        raise Refusal({"geometry": _("The collection has no list of features.")})
    return _joined(feature.get("geometry") for feature in features if isinstance(feature, dict))


def _joined(geometries: Iterable[Any]) -> dict[str, Any]:
    found = [one for one in geometries if isinstance(one, dict)]
    if not found:
        raise Refusal({"geometry": _("The collection has no feature with a geometry.")})
    if len(found) == 1:
        return found[0]
    kinds = {_MULTI.get(str(one.get("type")), str(one.get("type"))) for one in found}
    if len(kinds) > 1 or not kinds <= set(_MULTI.values()):
        raise Refusal({"geometry": _("The features mix areas, lines and points. Send those of one kind.")})
    parts: list[Any] = []
    for one in found:
        coordinates = one.get("coordinates")
        parts.extend([coordinates] if one["type"] in _MULTI else coordinates if isinstance(coordinates, list) else [None])
    return {"type": kinds.pop(), "coordinates": parts}


def swapped(geometry: Any) -> Any:
    """The same geometry with the two numbers of each position changed about."""
    return {**geometry, "coordinates": _swapped(geometry["coordinates"])}


def _swapped(value: Any) -> Any:
    if isinstance(value, list) and len(value) >= 2 and all(isinstance(one, int | float) for one in value):
        return [value[1], value[0], *value[2:]]
    return [_swapped(one) for one in value] if isinstance(value, list) else value


def first_position(geometry: Any) -> list[Any] | None:
    """The first position of a geometry; None where it has none."""
    value = geometry.get("coordinates") if isinstance(geometry, dict) else None
    while isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
    return value if isinstance(value, list) and len(value) >= 2 else None


def text_of(geometry: Any) -> str:
    """As ``geometry_of`` reads it: a list of positions where one is enough, else GeoJSON."""
    listed = _as_list(geometry) if isinstance(geometry, dict) else None
    if listed is None or not all(_is_plain(position) for position in listed):
        return json.dumps(geometry, separators=(",", ":"))
    return "\n".join(f"{position[0]!r}, {position[1]!r}" for position in listed)


def _as_list(geometry: dict[str, Any]) -> list[Any] | None:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        return [coordinates]
    if kind == "Polygon" and isinstance(coordinates, list) and len(coordinates) == 1:
        coordinates = coordinates[0]
        if isinstance(coordinates, list) and len(coordinates) > 1 and coordinates[0] == coordinates[-1]:
            coordinates = coordinates[:-1]
    elif kind != "LineString":
        return None
    return coordinates if isinstance(coordinates, list) and coordinates else None


def _is_plain(position: Any) -> bool:
    """Whether it is two numbers that are written without an exponent."""
    return (
        isinstance(position, list)
        and len(position) == 2
        and all(type(one) in {int, float} and (one == 0 or 1e-4 <= abs(one) < 1e9) for one in position)
    )


def kind_of(geometry: Any) -> str:
    """What it draws: area, line or point; area where it is nothing known."""
    return {"Point": "point", "MultiPoint": "point", "LineString": "line", "MultiLineString": "line"}.get(
        str(geometry.get("type")) if isinstance(geometry, dict) else "", "area"
    )
