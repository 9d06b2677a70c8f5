"""Land for a project: available parcels, and parks, ranked with reasons.

One statement finds the candidates and what is near to them; of these the best that have surveyed bounds are put through the
site check until enough are found, MOST_CHECKED at most, so that what a question costs does not grow with the register.
"""

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, models
from django.db.models import ExpressionWrapper, F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lib.parameters import Refusal
from lib.units import MU_IN_M2
from zones.models import County, Industry, InLanguage, Park, Place
from zones.sitecheck.engine import VERDICTS, Verdict, check
from zones.sitecheck.rule import Activity
from zones.sitecheck.site import read_site

from .models import Parcel

# Of more parcels than this those nearest to each place are ranked, and the answer says so.
MOST_PARCELS, MOST_NEAR_ONE, MOST_PARKS = 500, 40, 200
MOST_CHECKED = 40
DEFAULT_LIMIT, MOST_RESULTS = 20, 50
MOST_AREA_M2, MOST_DISTANCE_M = 1_000_000_000, 200_000
# What a project may ask to be near to.
NEAR = (Place.Kind.STATION, Place.Kind.COUNTY_SEAT, Place.Kind.TOWN)

# Square metres to a square degree are within 6 % of this where the zone lies: what is further off needs no geodesic area.
_M2_PER_DEGREE2, _OFF = 9.64e9, 0.06
# Of longitude, where the zone lies; of latitude it is more.
_LEAST_M_PER_DEGREE = 83_000


class Kind(models.TextChoices):
    PARCEL = "parcel", _("parcel")
    PARK = "park", _("park")


@dataclass(frozen=True)
class Named(InLanguage):
    code: str
    name: str
    name_en: str

    def __str__(self) -> str:
        return self.in_language("name")


@dataclass(frozen=True)
class Reason:
    """Why a place ranks where it does; ``points`` speak for it, or against it where they are negative."""

    code: str
    text: Promise
    points: float = 0.0
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.text) % self.values


@dataclass(frozen=True)
class Land:
    """A parcel or a park that may serve.

    ``area_m2`` is the registered area, else that of surveyed bounds; null without either. ``position`` is longitude and latitude
    of a point in it, null where no place is known. ``near`` is the nearest place of the kind that was asked for, and
    ``distance_m`` that to it on the ellipsoid, from the edge of what is surveyed. ``verdict`` is null where it was not checked.
    """

    kind: Kind
    pk: int
    record: Named
    counties: tuple[Named, ...]
    park: Named | None
    industries: tuple[Named, ...]
    area_m2: float | None
    position: tuple[float, float] | None
    is_surveyed: bool
    near: Named | None
    distance_m: float | None
    reasons: tuple[Reason, ...] = ()
    verdict: Verdict | None = None

    @property
    def score(self) -> float:
        return round(sum(reason.points for reason in self.reasons), 2)

    @property
    def area_mu(self) -> float | None:
        return None if self.area_m2 is None else self.area_m2 / float(MU_IN_M2)


@dataclass(frozen=True)
class Found:
    """The best first, and what was left out: in conflict, not checked (only with no_conflicts), without a known place (only
    with max_distance_m). ``is_cut`` where more fit than are ranked or given.
    """

    lands: tuple[Land, ...]
    checked: int
    in_conflict: int
    unchecked: int
    without_place: int
    is_cut: bool


def find_land(
    user: Any,
    *,
    min_area_m2: float | None = None,
    max_area_m2: float | None = None,
    industry: str = "",
    near: str = Place.Kind.STATION,
    max_distance_m: float | None = None,
    county: str = "",
    no_conflicts: bool = False,
    limit: int = DEFAULT_LIMIT,
) -> Found:
    """What suits, among what ``user`` may see; codes are empty for any.

    With ``no_conflicts`` is left out what the site check finds in conflict, and what is surveyed but was not checked. Where data
    are missing the check can't tell: that stays in, ranked below what is clear and marked so. Errors: Refusal for unknown codes.
    """
    wanted = Industry.objects.filter(code=industry).first() if industry else None
    if industry and wanted is None:
        raise Refusal({"industry": gettext("There is no such industry.")})
    if county and not County.objects.filter(code=county).exists():
        raise Refusal({"county": gettext("There is no such county.")})
    has_area = min_area_m2 is not None or max_area_m2 is not None
    candidates, is_cut = _candidates(user, min_area_m2, max_area_m2, industry, near, max_distance_m, county)
    placed = [land for land in candidates if max_distance_m is None or land.near is not None]
    ranked = _ranked(replace(land, reasons=tuple(_reasons(land, has_area, wanted))) for land in placed)
    verdicts = _verdicts([land for land in ranked if land.is_surveyed][:MOST_CHECKED], industry, limit)
    judged = _ranked(_judged(land, verdicts) for land in ranked)
    in_conflict = [land for land in judged if land.verdict is Verdict.CONFLICT]
    unchecked = [land for land in judged if land.is_surveyed and land.verdict is None]
    left_out = {(land.kind, land.pk) for land in (*in_conflict, *unchecked)} if no_conflicts else set()
    kept = [land for land in judged if (land.kind, land.pk) not in left_out]
    return Found(
        lands=tuple(kept[:limit]),
        checked=len(verdicts),
        in_conflict=len(in_conflict) if no_conflicts else 0,
        unchecked=len(unchecked) if no_conflicts else 0,
        without_place=len(candidates) - len(placed),
        is_cut=is_cut or len(kept) > limit,
    )


def _ranked(lands: Iterable[Land]) -> list[Land]:
    """Of two that score alike, parcels before parks, and the nearer one first."""

    def place(land: Land) -> tuple[float, bool, float, str]:
        return -land.score, land.kind is Kind.PARK, math.inf if land.distance_m is None else land.distance_m, land.record.code

    return sorted(lands, key=place)


AREA_FITS = _("Its area fits: %(mu)s mu.")
AREA_UNKNOWN = _("Its area is not on record.")
LEADING = _("%(industry)s is a leading industry of %(park)s.")
LEADING_HERE = _("%(industry)s is a leading industry here.")
OTHER_INDUSTRY = _("%(industry)s is none of the leading industries on record here.")
IN_NO_PARK = _("It lies in no park on record, and new industry must go into one.")
NEAREST = _("%(length)s to %(place)s.")
NEAREST_ABOUT = _("About %(length)s to %(place)s, from an approximate place.")
NO_PLACE = _("Its place is not known.")
CHECKED = _("Site check: %(verdict)s.")
NOT_CHECKED = _("Not checked: only the best are.")
NO_BOUNDS = _("Not checked: its bounds are not published.")

_POINTS = {Verdict.CLEAR: 3.0, Verdict.CONDITIONAL: 1.0, Verdict.INCOMPLETE: 0.0, Verdict.CONFLICT: -6.0}
_UNCHECKED = -3.0  # what could be checked and was not ranks below what was, unless that is in conflict
_FAR_M = 50_000.0  # further away nearness counts for nothing


def _reasons(land: Land, has_area: bool, wanted: Industry | None) -> Iterable[Reason]:
    if has_area and land.area_mu is not None:
        yield Reason("area-fits", AREA_FITS, 2.0, {"mu": f"{land.area_mu:,.2f}"})
    elif has_area:
        yield Reason("area-unknown", AREA_UNKNOWN)
    if wanted is not None:
        yield _of_industry(land, wanted)
    if land.distance_m is None:
        yield Reason("place-unknown", NO_PLACE)
        return
    length = f"{land.distance_m / 1000:.1f} km" if land.distance_m >= 1000 else f"{land.distance_m:.0f} m"
    values = {"length": length, "place": land.near}
    points = 2.0 * max(0.0, 1 - land.distance_m / _FAR_M)
    if land.is_surveyed:
        yield Reason("distance", NEAREST, round(points, 2), values)
    else:
        yield Reason("distance-approximate", NEAREST_ABOUT, round(points / 2, 2), values)


def _of_industry(land: Land, wanted: Industry) -> Reason:
    values = {"industry": wanted, "park": land.park}
    if land.kind is Kind.PARCEL and land.park is None:
        return Reason("in-no-park", IN_NO_PARK, -1.0)
    if wanted.code not in {industry.code for industry in land.industries}:
        return Reason("industry-other", OTHER_INDUSTRY, 0.0, values)
    return Reason("industry-leading", LEADING if land.park else LEADING_HERE, 3.0, values)


def _judged(land: Land, verdicts: Mapping[tuple[Kind, int], Verdict]) -> Land:
    if not land.is_surveyed:
        return replace(land, reasons=(*land.reasons, Reason("no-bounds", NO_BOUNDS)))
    verdict = verdicts.get((land.kind, land.pk))
    if verdict is None:
        return replace(land, reasons=(*land.reasons, Reason("not-checked", NOT_CHECKED, _UNCHECKED)))
    reason = Reason(f"verdict-{verdict.value}", CHECKED, _POINTS[verdict], {"verdict": VERDICTS[verdict]})
    return replace(land, reasons=(*land.reasons, reason), verdict=verdict)


def _verdicts(lands: list[Land], industry: str, enough: int) -> dict[tuple[Kind, int], Verdict]:
    """Of surveyed bounds, one after the other until ``enough`` are not in conflict; what has too many points has none."""
    found: dict[tuple[Kind, int], Verdict] = {}
    shapes = {
        (kind, pk): geojson
        for kind, model in ((Kind.PARCEL, Parcel), (Kind.PARK, Park))
        for pk, geojson in _shapes(model, [land.pk for land in lands if land.kind is kind])
    }
    activity, today = Activity.INDUSTRY if industry else Activity.UNSTATED, timezone.localdate()
    for land in lands:
        if sum(verdict is not Verdict.CONFLICT for verdict in found.values()) >= enough:
            break
        with suppress(Refusal):
            site = read_site(json.loads(shapes[land.kind, land.pk]))
            found[land.kind, land.pk] = check(site, today, activity=activity, industry=industry).verdict
    return found


def _shapes(model: type[models.Model], pks: list[int]) -> list[tuple[int, str]]:
    if not pks:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, ST_AsGeoJSON(geom, 12, 0) FROM {model._meta.db_table} WHERE id = ANY(%s) ORDER BY id",
            [pks],
        )
        return list(cursor.fetchall())


def _candidates(
    user: Any,
    min_area_m2: float | None,
    max_area_m2: float | None,
    industry: str,
    near: str,
    max_distance_m: float | None,
    county: str,
) -> tuple[list[Land], bool]:
    """The parcels and parks to rank; whether more would fit."""
    values: dict[str, Any] = {
        "least": min_area_m2,
        "most": max_area_m2,
        "industry": industry,
        "near": near,
        "reach_m": max_distance_m,
        "reach": None if max_distance_m is None else max_distance_m / _LEAST_M_PER_DEGREE,
        "county": county,
    }
    available = Parcel.objects.visible_to(user).filter(state=Parcel.State.AVAILABLE)
    visible = {
        "places": _sql(Place.objects.visible_to(user).values("id"), "places", values),
        "parcels": _sql(available.values("id", "area_m2", "county_id", "park_id", shape=_AS_IT_IS), "parcels", values),
        "parks": _sql(Park.objects.visible_to(user).values("id"), "parks", values),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL.format(**visible), values)
        rows = cursor.fetchall()
    parcels = rows[0][0] if rows else 0
    parks = sum(row[1] == Kind.PARK for row in rows)
    return [_land(row[1:]) for row in rows], parcels > MOST_PARCELS or parks > MOST_PARKS


# Django would turn a geometry into bytes, which no index knows.
_AS_IT_IS = ExpressionWrapper(F("geom"), output_field=models.TextField())


def _sql(rows: models.QuerySet[Any, Any], name: str, values: dict[str, Any]) -> str:
    """SQL for the rows; their values are added to ``values`` under names of their own."""
    compiler = rows.order_by().query.get_compiler(connection=connection, elide_empty=False)
    sql, params = compiler.as_sql()
    names = [f"{name}_{number}" for number in range(len(params))]
    values.update(zip(names, params, strict=True))
    return str(sql % tuple(f"%({one})s" for one in names))


def _land(row: tuple[Any, ...]) -> Land:
    kind, pk, code, name, name_en, counties, park, industries, area_m2, lon, lat, is_surveyed, near, distance_m = row
    return Land(
        kind=Kind(kind),
        pk=pk,
        record=Named(code, name, name_en),
        counties=tuple(Named(*one) for one in counties or ()),
        park=Named(*park) if park else None,
        industries=tuple(Named(*one) for one in industries or ()),
        area_m2=None if area_m2 is None else float(area_m2),
        position=None if lon is None else (lon, lat),
        is_surveyed=is_surveyed,
        near=Named(*near) if near else None,
        distance_m=distance_m,
    )


_NAMES = "json_build_array({0}.code, {0}.name, {0}.name_en)"
_INDUSTRIES = f"""(
    SELECT json_agg({_NAMES.format("i")} ORDER BY i.sort_order, i.code) FROM zones_park_industries AS m
    JOIN zones_industry AS i ON i.id = m.industry_id WHERE m.park_id = %s
)"""
_AREA = "coalesce(p.area_m2::double precision, ST_Area(p.geom::geography))"


def _area_is(sign: str, bound: str) -> str:
    """SQL that compares the area with a bound, if there is one. The planar area tells for most, for a tenth of the cost."""
    planar = f"ST_Area(p.shape) * {_M2_PER_DEGREE2}"
    return f"""(%({bound})s::double precision IS NULL OR CASE
        WHEN p.area_m2 IS NOT NULL THEN p.area_m2 {sign} %({bound})s
        WHEN {planar} NOT BETWEEN %({bound})s * {1 - _OFF} AND %({bound})s * {1 + _OFF} THEN {planar} {sign} %({bound})s
        ELSE ST_Area(p.shape::geography) {sign} %({bound})s END)"""


_FITS = f"""
    {_area_is(">=", "least")} AND {_area_is("<=", "most")}
    AND (%(county)s = '' OR p.county_id = (SELECT id FROM zones_county WHERE code = %(county)s))
"""
_WITHIN_REACH = "(%(reach)s::double precision IS NULL OR ST_DWithin(p.shape, w.point, %(reach)s))"


def _choice(name: str, condition: str) -> str:
    """CTEs that leave the ids of parcels in ``name``: all that fit, or of more than MOST_PARCELS those nearest to each place.

    Nearest by degrees, as the index of the geometry has them in order. One scan with a limit tells which of the two it is; the
    planner drops what a parameter that is not given leaves without a meaning.
    """
    fits = f"{_FITS} AND {condition}"
    too_many = f"(SELECT count(*) FROM some_{name}) > {MOST_PARCELS} AND EXISTS (SELECT FROM wanted)"
    return f"""
    some_{name} AS MATERIALIZED (
        (SELECT p.id FROM ({{parcels}}) AS p WHERE %(reach)s::double precision IS NULL AND {fits} LIMIT {MOST_PARCELS + 1})
        UNION
        (SELECT p.id FROM wanted AS w, LATERAL (
            SELECT p.id FROM ({{parcels}}) AS p
            WHERE %(reach)s::double precision IS NOT NULL AND ST_DWithin(p.shape, w.point, %(reach)s) AND {fits}
            LIMIT {MOST_PARCELS + 1}
        ) AS p GROUP BY p.id LIMIT {MOST_PARCELS + 1})
    ), {name} AS MATERIALIZED (
        SELECT id FROM some_{name} WHERE NOT ({too_many})
        UNION
        SELECT p.id FROM wanted AS w, LATERAL (
            SELECT p.id FROM ({{parcels}}) AS p WHERE {too_many} AND {_WITHIN_REACH} AND {fits}
            ORDER BY p.shape <-> w.point LIMIT {MOST_NEAR_ONE}
        ) AS p
    )"""


_SQL = f"""
WITH wanted AS MATERIALIZED (
    SELECT w.code, w.name, w.name_en, w.point FROM zones_place AS w WHERE w.kind = %(near)s AND w.id IN ({{places}})
), fitting AS MATERIALIZED (
    SELECT m.park_id FROM zones_park_industries AS m JOIN zones_industry AS i ON i.id = m.industry_id
    WHERE i.code = %(industry)s AND m.park_id IN ({{parks}})
), {_choice("in_fitting_park", "p.park_id = ANY(ARRAY(SELECT park_id FROM fitting))")},
{_choice("any_other", "true")},
chosen AS (
    SELECT id FROM in_fitting_park UNION SELECT id FROM any_other
), candidate AS (
    SELECT 'parcel' AS kind, p.id, p.code, p.name, p.name_en, json_build_array({_NAMES.format("c")}) AS counties,
        CASE WHEN k.id IS NOT NULL THEN {_NAMES.format("k")} END AS park, {_INDUSTRIES % "k.id"} AS industries,
        {_AREA} AS area_m2,
        p.geom, ST_PointOnSurface(p.geom) AS place, true AS is_surveyed
    FROM chosen JOIN projects_parcel AS p USING (id) JOIN zones_county AS c ON c.id = p.county_id
    LEFT JOIN zones_park AS k ON k.id = p.park_id AND k.id IN ({{parks}})
    UNION ALL
    (SELECT 'park', k.id, k.code, k.name, k.name_en,
        (SELECT json_agg({_NAMES.format("c")} ORDER BY c.code) FROM zones_park_counties AS m
            JOIN zones_county AS c ON c.id = m.county_id WHERE m.park_id = k.id),
        NULL, {_INDUSTRIES % "k.id"}, a.area_m2, k.geom, ST_PointOnSurface(k.geom), a.area_m2 IS NOT NULL
    FROM zones_park AS k, LATERAL (
        SELECT CASE WHEN k.location_precision = 'site' AND ST_Dimension(k.geom) = 2 THEN ST_Area(k.geom::geography) END AS area_m2
    ) AS a
    WHERE k.id IN ({{parks}}) AND (%(county)s = '' OR EXISTS (
            SELECT FROM zones_park_counties AS m JOIN zones_county AS c ON c.id = m.county_id
            WHERE m.park_id = k.id AND c.code = %(county)s))
        AND (a.area_m2 IS NULL OR (a.area_m2 >= coalesce(%(least)s::double precision, 0)
            AND a.area_m2 <= coalesce(%(most)s::double precision, 'Infinity')))
    ORDER BY k.id IN (SELECT park_id FROM fitting) DESC, k.sort_order, k.code LIMIT {MOST_PARKS + 1})
)
SELECT (SELECT count(*) FROM some_any_other), c.kind, c.id, c.code, c.name, c.name_en, c.counties, c.park, c.industries,
    c.area_m2, ST_X(c.place), ST_Y(c.place), c.is_surveyed,
    CASE WHEN n.code IS NOT NULL THEN {_NAMES.format("n")} END, n.distance_m
FROM candidate AS c LEFT JOIN LATERAL (
    SELECT w.code, w.name, w.name_en,
        ST_Distance(w.point::geography, (CASE WHEN c.is_surveyed THEN c.geom ELSE c.place END)::geography) AS distance_m
    FROM wanted AS w ORDER BY ST_Distance(w.point::geography, c.place::geography), w.code LIMIT 1
) AS n ON c.place IS NOT NULL
WHERE %(reach_m)s::double precision IS NULL OR c.place IS NULL OR n.distance_m <= %(reach_m)s
ORDER BY c.kind, c.code
"""
