"""What is true of a site, gathered by one statement: rules judge these facts and read nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.crs import STORAGE_SRID
from lib.parameters import Refusal
from lib.prepared import execute

from .site import Note, Site

# A site that is larger than the largest county is no site.
MOST_AREA_M2 = 3_000_000_000
# What two surveys of one line may differ by without meaning it. Below it nothing is called an occupation, and nothing dropped.
TOUCH_TOLERANCE_M2 = 0.5
# The same for lines: the length that would be a square of that area.
TOUCH_TOLERANCE_M = 0.7
# An approximate place stands for an area whose edge nobody has published; within this of it a site may lie inside.
APPROXIMATE_REACH_M = 10_000
# Degrees around a site within which lines are united.
AROUND = 0.0001
# In degrees, some 100 m: how far apart points of an edge are when it is measured.
EDGE = 0.001
# Sites of a table that one statement tells of.
STORED_AT_ONCE = 200

REPAIRED = gettext_lazy(
    "The outline was not valid (%(reason)s near %(place)s) and was repaired; its area is that of the repaired one."
)
OUTSIDE = gettext_lazy("%(share)s %% of the site lie outside of the twelve counties, for which the portal holds nothing.")


@dataclass(frozen=True)
class Overlap:
    """What a site shares with the areas of one class: ``area_m2`` and ``length_m`` on the ellipsoid, GeoJSON of the piece."""

    zone_class: str
    area_m2: float
    length_m: float
    geometry: str
    names: tuple[str, ...] = ()
    attributes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class ReleaseFacts:
    """The release of a theme that applies, and where the site meets it. ``begins`` is null for a draft that is tried out."""

    code: str
    theme: str
    title: str
    issued_by: str
    document: str
    data_date: str
    begins: str | None
    is_demo: bool
    counties: tuple[str, ...]
    overlaps: tuple[Overlap, ...] = ()


@dataclass(frozen=True)
class CountyFacts:
    """A county that the site meets; by a boundary that is generalised by some 110 m."""

    code: str
    name: str
    name_en: str
    functional_class: str
    area_m2: float


@dataclass(frozen=True)
class NamedFacts:
    """An area without published bounds in a county of the site. ``distance_m`` leads to its approximate place, null if none."""

    kind: str  # town, park, startuparea, cluster
    code: str
    name: str
    name_en: str
    precision: str
    distance_m: float | None
    industries: tuple[str, ...] = ()

    @property
    def may_reach(self) -> bool:
        return self.distance_m is None or self.distance_m <= APPROXIMATE_REACH_M


@dataclass(frozen=True)
class Facts:
    """All that rules know. ``geometry`` is GeoJSON in CGCS2000; ``activity`` and ``industry`` are what the asker wants there."""

    as_of: date
    dimension: int
    geometry: str = ""
    area_m2: float = 0.0
    length_m: float = 0.0
    counties: tuple[CountyFacts, ...] = ()
    releases: Mapping[str, ReleaseFacts] = field(default_factory=dict)
    named: tuple[NamedFacts, ...] = ()
    activity: str = ""
    industry: str = ""
    notes: tuple[Note, ...] = ()

    def size(self, overlap: Overlap) -> float:
        return overlap.area_m2 if self.dimension == 2 else overlap.length_m

    def whole(self) -> float:
        return self.area_m2 if self.dimension == 2 else self.length_m

    @property
    def tolerance(self) -> float:
        return {2: TOUCH_TOLERANCE_M2, 1: TOUCH_TOLERANCE_M, 0: 0.0}[self.dimension]

    @property
    def outside_m2(self) -> float:
        """What of an area lies in none of the twelve counties."""
        if self.dimension < 2:
            return 0.0 if self.counties else 1.0
        return max(self.area_m2 - sum(county.area_m2 for county in self.counties), 0.0)

    def covers(self, release: ReleaseFacts) -> bool:
        """Whether the release speaks of all of the site."""
        if self.outside_m2 > max(TOUCH_TOLERANCE_M2, self.area_m2 * 1e-6):
            return False
        return not release.counties or {county.code for county in self.counties} <= set(release.counties)

    def named_of(self, kind: str) -> tuple[NamedFacts, ...]:
        return tuple(one for one in self.named if one.kind == kind)


def gather(site: Site, as_of: date, *, draft: str = "", activity: str = "", industry: str = "") -> Facts:
    """The facts of a site as of a day. ``draft`` is the code of a release that is tried in place of the one in force.

    One statement, so that a release that is swapped meanwhile is there wholly or not at all. Errors: Refusal for a site
    without extent or beyond all measure.
    """
    with connection.cursor() as cursor:
        execute(cursor, _SQL, [site.geojson, site.srid, site.dimension, as_of.isoformat(), draft])
        row = _Row(*cursor.fetchone())
    if row.has_no_extent:
        raise Refusal({"geometry": _("The site has no extent.")})
    if row.area_m2 > MOST_AREA_M2:
        sentence = _("The site measures %(area)s km²; at most %(most)s km² are checked.")
        raise Refusal({"geometry": sentence % {"area": round(row.area_m2 / 1e6), "most": MOST_AREA_M2 // 1_000_000}})
    facts = replace(row.facts(as_of, draft), activity=activity, industry=industry)
    return _with_notes(facts, site.notes, row.reason, row.place)


def gather_stored(sites: str, ids: Iterable[int], as_of: date, draft: str = "") -> Iterator[tuple[int, Facts, Facts]]:
    """The facts of sites that lie in a table: by id those of the releases in force, and those with the draft in its place.

    ``sites`` is SQL for the columns id and geom, which holds points, lines or areas in CGCS2000. A chunk is a statement: each
    site is told of one state of the releases. Sites that gather would refuse are left out.
    """
    sql = _sql(f"SELECT id, geom, ST_Dimension(geom) FROM ({sites}) AS s WHERE id = ANY($1::text[]::bigint[])", "$2", "$3")
    with connection.cursor() as cursor:
        for chunk in _chunks(ids):
            execute(cursor, sql, [list(map(str, chunk)), as_of.isoformat(), draft], keep=False)
            for row in map(_Row._make, cursor.fetchall()):
                if not row.has_no_extent and row.area_m2 <= MOST_AREA_M2:
                    before, after = (_with_notes(row.facts(as_of, code), (), row.reason, row.place) for code in ("", draft))
                    yield row.n, before, after


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    left = iter(ids)
    while chunk := list(islice(left, STORED_AT_ONCE)):
        yield chunk


class _Row(NamedTuple):
    """What the statement tells of a site."""

    n: int
    dimension: int
    geometry: str | None
    area_m2: float
    length_m: float
    reason: str | None
    place: str | None
    counties: list[Any] | None
    releases: list[Any] | None
    named: list[Any] | None

    @property
    def has_no_extent(self) -> bool:
        size = {2: self.area_m2, 1: self.length_m, 0: 1.0}[self.dimension]
        return self.geometry is None or size <= 0

    def facts(self, as_of: date, draft: str) -> Facts:
        """With the draft instead of what is in force of its theme; without one, with the releases in force alone."""
        releases = [_release(row) for row in self.releases or ()]
        in_force = [release for release in releases if release.begins is not None]
        tried = [release for release in releases if release.begins is None and release.code == draft]
        return Facts(
            as_of=as_of,
            dimension=self.dimension,
            geometry=self.geometry or "",
            area_m2=self.area_m2,
            length_m=self.length_m,
            counties=tuple(CountyFacts(*row) for row in self.counties or ()),
            releases={release.theme: release for release in (*in_force, *tried)},
            named=tuple(replace(NamedFacts(*row), industries=tuple(row[-1] or ())) for row in self.named or ()),
        )


def _release(row: Any) -> ReleaseFacts:
    *_said, counties, overlaps = row
    return replace(ReleaseFacts(*row), counties=tuple(counties), overlaps=tuple(_overlap(one) for one in overlaps or ()))


def _overlap(row: Any) -> Overlap:
    zone_class, area_m2, length_m, geometry, names, attributes = row
    return Overlap(zone_class, area_m2, length_m, geometry, tuple(names), tuple(attributes))


def _with_notes(facts: Facts, given: tuple[Note, ...], reason: str | None, place: str | None) -> Facts:
    notes = list(given)
    if reason:
        notes.append(Note("repaired", REPAIRED, {"reason": reason, "place": place}))
    share = facts.outside_m2 / facts.area_m2 if facts.dimension == 2 else facts.outside_m2
    if share > 1e-6:
        notes.append(Note("outside", OUTSIDE, {"share": f"{share * 100:.3g}"}))
    return replace(facts, notes=tuple(notes))


def _named(kind: str, table: str, counties: str, industries: str) -> str:
    """SQL for the areas of a kind in the counties of the site, with the distance to those that have a place of their own."""
    return f"""
        SELECT '{kind}' AS kind, t.code, t.name, t.name_en, t.location_precision,
            CASE WHEN t.location_precision IN ('site', 'village', 'town') AND t.geom IS NOT NULL
                THEN round(ST_Distance(t.geom::geography, site.geom::geography)::numeric) END AS distance_m,
            {industries} AS industries
        FROM {table} AS t WHERE {counties}
    """


def _through(table: str, own: str, other: str) -> str:
    """SQL that tells whether the many-to-many table links ``t`` to a county of the site."""
    return f"EXISTS (SELECT FROM {table} AS m WHERE m.{own} = t.id AND m.{other} = ANY(inside.ids))"


def _industries(table: str, own: str) -> str:
    return f"""(
        SELECT array_agg(i.code ORDER BY i.code) FROM {table} AS m JOIN zones_industry AS i ON i.id = m.industry_id
        WHERE m.{own} = t.id
    )"""


_NAMED = " UNION ALL ".join(
    (
        _named("town", "zones_town", "t.is_development_town AND t.county_id = ANY(inside.ids)", "NULL::varchar[]"),
        _named(
            "park",
            "zones_park",
            _through("zones_park_counties", "park_id", "county_id"),
            _industries("zones_park_industries", "park_id"),
        ),
        _named("startuparea", "zones_startuparea", "t.county_id = ANY(inside.ids)", "NULL::varchar[]"),
        _named(
            "cluster",
            "zones_cluster",
            _through("zones_cluster_counties", "cluster_id", "county_id"),
            "NULL::varchar[]",  # no rule asks for its industries
        ),
    )
)


def area_sql(geometry: str) -> str:
    """SQL for the area of polygons in m² on the ellipsoid, their edges straight in degrees as RFC 7946 and the map have them.

    The geography type takes an edge for a geodesic, and so for another one when there is a point in its middle (about 10 m² a
    kilometre of edge): with a point every hundred metres what is cut adds up, however it was cut.
    """
    return f"ST_Area(ST_Segmentize({geometry}, {EDGE})::geography)"


def _sql(given: str, as_of: str, draft: str) -> str:
    """The statement for sites: ``given`` is SQL for their number, geometry and dimension; the others are its parameters.

    Lines that overlap each other are united before they are cut, so that nothing counts twice. The draft is there beside the
    release in force of its theme.
    """
    return f"""
WITH given(n, geom, dimension) AS MATERIALIZED (
    {given}
), detail AS MATERIALIZED (
    SELECT n, dimension, geom, CASE WHEN dimension = 2 THEN ST_IsValidDetail(geom) END AS fault FROM given
), site AS MATERIALIZED (
    SELECT n, dimension,
        CASE WHEN (fault).valid IS FALSE
            THEN ST_CollectionExtract(ST_MakeValid(geom, 'method=structure keepcollapsed=false'), 3) ELSE geom END AS geom,
        CASE WHEN (fault).valid IS FALSE THEN (fault).reason END AS reason,
        CASE WHEN (fault).valid IS FALSE
            THEN round(ST_X((fault).location)::numeric, 6) || ', ' || round(ST_Y((fault).location)::numeric, 6) END AS place
    FROM detail
), county AS MATERIALIZED (
    SELECT site.n, c.id, c.code, c.name, c.name_en, c.functional_class,
        CASE WHEN dimension = 2 THEN {area_sql("ST_Intersection(c.boundary, site.geom)")} ELSE 0 END AS area_m2
    FROM zones_county AS c, site WHERE c.boundary && site.geom AND ST_Intersects(c.boundary, site.geom)
), release AS MATERIALIZED (
    SELECT r.*, a.begins FROM zones_activation AS a JOIN zones_release AS r ON r.id = a.release_id
    WHERE a.cancelled_at IS NULL AND a.begins <= {as_of}::date AND (a.ends IS NULL OR a.ends > {as_of}::date)
    UNION ALL
    SELECT r.*, NULL FROM zones_release AS r WHERE r.code = {draft}
), met AS MATERIALIZED (
    SELECT site.n, site.dimension, site.geom AS site, l.release_id, l.zone_class, l.code, l.name, l.attributes, l.geom
    FROM site JOIN zones_controlline AS l ON l.geom && site.geom AND ST_Intersects(l.geom, site.geom)
    WHERE l.release_id IN (SELECT id FROM release)
), met_once AS (
    SELECT n, dimension, release_id, zone_class,
        array_agg(DISTINCT name) AS names, jsonb_agg(DISTINCT attributes) AS attributes,
        ST_Intersection(CASE WHEN count(*) = 1 THEN (array_agg(geom))[1] ELSE ST_UnaryUnion(ST_Collect(
            ST_Intersection(geom, ST_Expand(ST_Envelope(site), {AROUND})) ORDER BY code
        )) END, site) AS piece
    FROM met GROUP BY n, dimension, site, release_id, zone_class
), overlap AS MATERIALIZED (
    SELECT n, release_id, json_agg(json_build_array(
        zone_class,
        CASE WHEN dimension = 2 THEN {area_sql("ST_CollectionExtract(piece, 3)")} ELSE 0 END,
        CASE WHEN dimension = 1 THEN ST_Length(ST_CollectionExtract(piece, 2)::geography) ELSE 0 END,
        ST_AsGeoJSON(piece, 9, 0), names, attributes
    ) ORDER BY zone_class) AS overlaps
    FROM met_once GROUP BY n, release_id
)
SELECT
    site.n,
    site.dimension,
    ST_AsGeoJSON(ST_ForcePolygonCCW(site.geom), 9, 0),
    CASE WHEN dimension = 2 THEN {area_sql("site.geom")} ELSE 0 END,
    CASE WHEN dimension = 1 THEN ST_Length(site.geom::geography) ELSE 0 END,
    site.reason,
    site.place,
    (SELECT json_agg(json_build_array(code, name, name_en, functional_class, area_m2) ORDER BY area_m2 DESC, code)
        FROM county WHERE county.n = site.n),
    (SELECT json_agg(json_build_array(
        r.code, r.theme, r.title, r.issued_by, r.document, r.data_date, r.begins, r.is_demo, r.counties, o.overlaps
    ) ORDER BY r.theme) FROM release AS r LEFT JOIN overlap AS o ON o.release_id = r.id AND o.n = site.n),
    (SELECT json_agg(json_build_array(kind, code, name, name_en, location_precision, distance_m, industries)
        ORDER BY kind, distance_m NULLS LAST, code) FROM ({_NAMED}) AS named)
FROM site, LATERAL (SELECT array_agg(county.id) AS ids FROM county WHERE county.n = site.n) AS inside
"""


# $1 GeoJSON, $2 its SRID, $3 its dimension, $4 the day, $5 the code of a draft or ''.
_SQL = _sql(f"SELECT 1, ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON($1), $2), {STORAGE_SRID}), $3", "$4", "$5")
