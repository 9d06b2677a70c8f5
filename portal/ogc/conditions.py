"""What an address asks of features, as SQL conditions on ``f`` (portal.relation). Everything unclear is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from lib import cql2
from lib.crs import BY_URI, CRS, CRS84, STORAGE_SRID
from lib.parameters import Refusal, one_of
from portal.layer import Field, FieldType, Layer
from portal.relation import quoted

# Names that mean something of their own; a field of one of these names can be asked for in a CQL2 filter only.
OWN_PARAMETERS = frozenset(
    ["f", "limit", "cursor", "count", "bbox", "bbox-crs", "datetime", "crs", "filter", "filter-lang", "filter-crs", "sortby"]
    + ["properties"]
)
GEOMETRY = "geometry"  # the name of the geometry among the queryables

_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")  # as GDAL writes it; no NaN
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Condition:
    sql: str
    params: tuple[Any, ...] = ()


def conditions(layer: Layer, given: Mapping[str, str]) -> list[Condition]:
    """All that the parameters ask for, but the cursor. Errors: Refusal."""
    found = [_equals(field, given[field.name]) for field in filterable(layer) if field.name in given]
    if "bbox" in given:
        found.append(_within_box(given["bbox"], system_of(given, "bbox-crs")))
    elif "bbox-crs" in given:
        raise Refusal({"bbox-crs": _("There is no %(name)s that this would be about.") % {"name": "bbox"}})
    if "datetime" in given:
        found += _at_time(layer, given["datetime"])
    if "filter" in given:
        language, system = one_of(given, "filter-lang", cql2.LANGUAGES, cql2.LANGUAGES[0]), system_of(given, "filter-crs")
        sql, params = cql2.condition(given["filter"], language, queryable_columns(layer), system)
        found.append(Condition(sql, tuple(params)))
    else:
        for name in ("filter-lang", "filter-crs"):
            if name in given:
                raise Refusal({name: _("There is no %(name)s that this would be about.") % {"name": "filter"}})
    return found


def system_of(given: Mapping[str, str], name: str) -> CRS:
    """The reference system that a parameter names, CRS84 if none. Errors: Refusal."""
    return BY_URI[one_of(given, name, BY_URI, CRS84.uri)]


def filterable(layer: Layer) -> list[Field]:
    """The fields that are parameters themselves."""
    return [field for field in layer.fields if field.name not in OWN_PARAMETERS]


def queryable_columns(layer: Layer) -> dict[str, cql2.Column]:
    columns = {field.name: cql2.Column(f"f.{quoted(field.name)}", field.type.value) for field in layer.fields}
    return {GEOMETRY: cql2.Column("f.geom", "geometry")} | columns


def _equals(field: Field, text: str) -> Condition:
    column = f"f.{quoted(field.name)}"
    value = _value(field, text)
    return Condition(f"%s = ANY({column})" if field.type is FieldType.TEXTS else f"{column} = %s", (value,))


def _value(field: Field, text: str) -> Any:
    if field.choices:
        return one_of({field.name: text}, field.name, [value for value, _label in field.choices], "")
    if field.type is FieldType.BOOLEAN:
        return one_of({field.name: text}, field.name, ("true", "false"), "") == "true"
    if field.type is FieldType.INTEGER and re.fullmatch("-?[0-9]{1,18}", text):
        return int(text)
    if field.type is FieldType.NUMBER and _DECIMAL.fullmatch(text):
        return float(text)
    if field.type is FieldType.DATE:
        return _date(field.name, text)
    if field.type in {FieldType.INTEGER, FieldType.NUMBER}:
        raise Refusal({field.name: _("%(part)s is not a number.") % {"part": text[:40]}})
    return text


def _within_box(text: str, system: CRS) -> Condition:
    """``bbox``: features whose geometry meets the box, edges included.

    ST_Intersects alone would do for the storage CRS, and ``&&`` alone is off by the rounding of index boxes. In a projected
    system features are compared as that system shows them; the index is asked by a box around, wider than the bend of its edges.
    """
    west, south, east, north = _corners(text, system)
    if system.is_geographic:
        return Condition(f"ST_Intersects(f.geom, ST_MakeEnvelope(%s, %s, %s, %s, {STORAGE_SRID}))", (west, south, east, north))
    box = f"ST_MakeEnvelope(%s, %s, %s, %s, {system.srid})"
    step = max(east - west, north - south) / 64
    around = f"ST_Expand(ST_Transform(ST_Segmentize({box}, %s), {STORAGE_SRID}), 0.001)"
    meets = f"ST_Intersects(ST_Transform(f.geom, {system.srid}), {box})"
    corners = (west, south, east, north)
    return Condition(f"(f.geom && {around} AND {meets})", (*corners, step, *corners))


def _corners(text: str, system: CRS) -> tuple[float, float, float, float]:
    """West, south, east, north of a box whose numbers come in the order of the system's axes; heights are left out."""
    parts = text.split(",")
    if len(parts) not in {4, 6}:
        raise Refusal({"bbox": _("A bbox has four numbers, or six with heights: the lower corner, then the upper one.")})
    for part in parts:
        if not _DECIMAL.fullmatch(part):
            raise Refusal({"bbox": _("%(part)s is not a number.") % {"part": part[:40] or "''"}})
    numbers = [float(part) for part in parts]
    half = len(numbers) // 2
    corner, opposite = numbers[:2], numbers[half : half + 2]
    if system.north_first:
        corner, opposite = corner[::-1], opposite[::-1]
    west, south, east, north = *corner, *opposite
    low_x, low_y, high_x, high_y = system.domain
    if not (low_x <= west <= high_x and low_x <= east <= high_x and low_y <= south <= high_y and low_y <= north <= high_y):
        first = _("north comes first") if system.north_first else _("east comes first")
        message = _("The box is outside of %(system)s (%(first)s).") % {"system": system.name, "first": first}
        raise Refusal({"bbox": message})
    if west >= east or south >= north:
        raise Refusal({"bbox": _("The first corner of a bbox must lie south-west of the second.")})
    return west, south, east, north


def _at_time(layer: Layer, text: str) -> list[Condition]:
    """``datetime``: an instant, or an interval that may be open to one side. A feature without a date always matches.

    The portal's dates are days: a time counts as the day that it is written with, whatever its offset.
    """
    first, last = _interval(text)
    field = layer.field(layer.datetime_field)
    if field is None:
        return []
    column = f"f.{quoted(field.name)}"
    bounds = [(column, sign, day) for sign, day in ((">=", first), ("<=", last)) if day is not None]
    within = " AND ".join(f"{column} {sign} %s" for column, sign, _day in bounds)
    return [Condition(f"({column} IS NULL OR ({within}))", tuple(day for _column, _sign, day in bounds))]


def _interval(text: str) -> tuple[date | None, date | None]:
    if "/" not in text:
        day = _date("datetime", text)
        return day, day
    start, _slash, end = text.partition("/")
    first, last = (None if part in {"", ".."} else _moment("datetime", part) for part in (start, end))
    if first is None and last is None:
        raise Refusal({"datetime": _("An interval needs a beginning or an end.")})
    if first and last and first > last:
        raise Refusal({"datetime": _("The interval ends before it begins.")})
    return first and first.date(), last and last.date()


def _date(name: str, text: str) -> date:
    return _moment(name, text).date()


def _moment(name: str, text: str) -> datetime:
    """A day (as its first moment) or a time with its offset from UTC, as RFC 3339 writes them. Errors: Refusal."""
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.min, UTC)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    message = _("%(part)s is neither a day (2022-03-01) nor a time with its offset (2022-03-01T00:00:00Z).")
    raise Refusal({name: message % {"part": text[:40]}})
