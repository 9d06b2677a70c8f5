"""The SQL of a check of many sites: set-wise, against a subdivided copy of the lines in an equal-area projection.

What it can tell without doubt it tells by a signature: sites with the same signature get the same findings. What lies near to
a tolerance, on the line of a county, or has edges so long that the projection would bend them, it leaves to the check of single
sites.
"""

from lib.crs import EQUAL_AREA_SRID
from zones.sitecheck.facts import APPROXIMATE_REACH_M, TOUCH_TOLERANCE_M2, area_sql

# The copy of the lines, made for a run and dropped after it.
PIECES = "projects_batch_piece"
MOST_VERTICES_A_PIECE = 64

# Degrees. A longer edge is not the same line on the ellipsoid, in degrees and in the projection: beside one of 131 m to the east
# lie 0.02 m² between them, and eight times as much beside one of twice the length.
LONGEST_EDGE = 0.0015
# Where the projection may take one thing for the other: metres beside an edge, and m² on both sides of the tolerance.
NEAR_M = 0.5
DOUBT_M2 = TOUCH_TOLERANCE_M2 * 2
NOTHING_M2 = TOUCH_TOLERANCE_M2 / 10
# Degrees that are surely less, and surely more, than the reach of an approximate place.
SURELY_NEAR, SURELY_FAR = APPROXIMATE_REACH_M * 0.0000085, APPROXIMATE_REACH_M * 0.000012


def _fine(geom: str) -> str:
    return f"ST_NPoints(ST_Segmentize({geom}, {LONGEST_EDGE})) = ST_NPoints({geom})"


def _flat(geom: str) -> str:
    """Long edges get points first, so that they stay where they are in degrees."""
    return f"ST_Transform(ST_Segmentize({geom}, {LONGEST_EDGE}), {EQUAL_AREA_SRID})"


DROP_PIECES = f"DROP TABLE IF EXISTS {PIECES}"
CREATE_PIECES = f"""
CREATE UNLOGGED TABLE {PIECES} (
    release_id bigint NOT NULL, zone_class text NOT NULL, line_id bigint NOT NULL, is_fine boolean NOT NULL,
    geom geometry(Polygon, {EQUAL_AREA_SRID}) NOT NULL
)
"""
# Of the lines %(ids)s. What stands beside a function that returns rows is worked out for each of them: hence the inner query.
FILL_PIECES = f"""
INSERT INTO {PIECES}
SELECT release_id, zone_class, id, is_fine, ST_Subdivide(flat, {MOST_VERTICES_A_PIECE}) FROM (
    SELECT release_id, zone_class, id, {_fine("geom")} AS is_fine, {_flat("geom")} AS flat
    FROM zones_controlline WHERE id = ANY(%(ids)s) OFFSET 0
) AS line
"""
INDEX_PIECES = f"CREATE INDEX ON {PIECES} USING gist (geom)"
ANALYZE_PIECES = f"ANALYZE {PIECES}"


def _near(kind: str, table: str, counties: str) -> str:
    """SQL for one row if an area of the kind, of the site's county, may reach the site."""
    return f"""
        SELECT '{kind}' WHERE EXISTS (SELECT FROM {table} AS t WHERE {counties} AND CASE
            WHEN t.geom IS NULL OR t.location_precision NOT IN ('site', 'village', 'town') THEN true
            WHEN ST_DWithin(t.geom, site.geom, {SURELY_NEAR}) THEN true
            WHEN NOT ST_DWithin(t.geom, site.geom, {SURELY_FAR}) THEN false
            ELSE round(ST_Distance(t.geom::geography, site.geom::geography)::numeric) <= {APPROXIMATE_REACH_M} END)
    """


def _through(table: str, own: str) -> str:
    return f"EXISTS (SELECT FROM {table} AS m WHERE m.{own} = t.id AND m.county_id = site.county_id)"


_REACHING = " UNION ALL ".join(
    (
        _near("town", "zones_town", "t.is_development_town AND t.county_id = site.county_id"),
        _near("park", "zones_park", _through("zones_park_counties", "park_id")),
        _near("startuparea", "zones_startuparea", "t.county_id = site.county_id"),
        _near("cluster", "zones_cluster", _through("zones_cluster_counties", "cluster_id")),
    )
)


def check_sql(table: str) -> str:
    """Writes the results of the sites %(ids)s of the table; its rows are the ids of those that it leaves to the single check.

    An overlap is that of the union of a class: pieces of a line never overlap, those of several lines may.
    """
    return f"""
WITH given AS MATERIALIZED (
    SELECT id, code, geom, {_flat("geom")} AS flat, ST_Dimension(geom) = 2 AND {_fine("geom")} AS is_fine
    FROM {table} WHERE id = ANY(%(ids)s)
), inside AS (
    -- Counties come first, and OFFSET keeps it so: PostGIS prepares one for all the sites.
    SELECT met.id, count(*) AS counties, min(c.id) AS county_id, bool_and(met.is_covered) AS is_covered
    FROM zones_county AS c CROSS JOIN LATERAL (
        SELECT given.id, ST_Covers(c.boundary, given.geom) AS is_covered FROM given
        WHERE c.boundary && given.geom AND ST_Intersects(c.boundary, given.geom) OFFSET 0
    ) AS met
    GROUP BY met.id
), site AS MATERIALIZED (
    SELECT given.id, code, geom, flat, is_fine, county_id,
        CASE WHEN is_fine THEN ST_Area(flat) ELSE {area_sql("geom")} END AS area_m2,
        ST_Dimension(geom) = 2 AND counties = 1 AND is_covered AS is_simple
    FROM given LEFT JOIN inside USING (id)
), hit AS MATERIALIZED (
    SELECT site.id, release_id, zone_class, line_id, piece.is_fine AND site.is_fine AS is_fine, piece.geom, flat, area_m2,
        bool_or(ST_Covers(piece.geom, flat)) OVER (PARTITION BY site.id, release_id, zone_class) AS is_covered
    FROM site JOIN {PIECES} AS piece ON ST_DWithin(piece.geom, flat, {NEAR_M})
    WHERE is_simple
), part AS (
    -- The union of several lines leaves points on the edges of a site, even of one that lies within one of them.
    SELECT id, release_id, zone_class, is_covered, area_m2, count(DISTINCT line_id) AS lines,
        bool_and(is_fine) OR (is_covered AND count(DISTINCT line_id) = 1) AS is_fine,
        ST_Collect(CASE WHEN NOT is_covered THEN ST_Intersection(geom, flat) END) AS pieces
    FROM hit GROUP BY id, release_id, zone_class, is_covered, area_m2
), overlap AS MATERIALIZED (
    SELECT id, release_id, zone_class, is_fine, area_m2, CASE
        WHEN is_covered THEN area_m2 WHEN lines = 1 THEN ST_Area(pieces) ELSE ST_Area(ST_UnaryUnion(pieces))
    END AS overlap_m2
    FROM part
), theme AS (
    SELECT id, release_id, area_m2 - sum(overlap_m2) AS rest_m2, bool_and(is_fine AND overlap_m2 >= {DOUBT_M2}) AS is_sure,
        string_agg(quote_literal(zone_class), ';' ORDER BY zone_class) AS classes,
        jsonb_object_agg(zone_class, round(overlap_m2::numeric, 2)) AS taken
    FROM overlap GROUP BY id, release_id, area_m2
), met AS (
    SELECT theme.id, bool_and(is_sure AND (rest_m2 < {NOTHING_M2} OR rest_m2 >= {DOUBT_M2})) AS is_sure,
        string_agg(
            release_id || CASE WHEN rest_m2 < {NOTHING_M2} THEN '!' ELSE ':' END || classes, '|' ORDER BY release_id
        ) AS met,
        jsonb_object_agg(r.theme, taken) AS taken
    FROM theme JOIN zones_release AS r ON r.id = release_id GROUP BY theme.id
), judged AS MATERIALIZED (
    SELECT site.id, code, is_simple AND coalesce(is_sure, true) AS is_sure, county_id, coalesce(met, '') AS met,
        coalesce(taken, '{{}}') AS taken, geom
    FROM site LEFT JOIN met USING (id)
), written AS (
    INSERT INTO projects_batchresult (batch_id, code, key, "overlaps")
    SELECT %(batch)s, code, md5(concat_ws('/', county_id, kinds, met))::uuid, taken
    FROM judged AS site, LATERAL (SELECT coalesce(string_agg(kind, ','), '') FROM ({_REACHING}) AS r(kind)) AS reaching(kinds)
    WHERE is_sure
)
SELECT id FROM judged WHERE NOT is_sure ORDER BY id
"""


# The first site of each signature: what is found of it holds for the others.
FIRST_OF_EACH = """
SELECT DISTINCT ON (result.key) result.key, site.id FROM projects_batchresult AS result JOIN {table} AS site USING (code)
WHERE batch_id = %(batch)s
    AND NOT EXISTS (SELECT FROM projects_batchpattern AS p WHERE p.batch_id = %(batch)s AND p.key = result.key)
ORDER BY result.key, result.id
"""
