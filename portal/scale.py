"""A zone of a size that the real one will not have for years: what speed is measured on (make bench).

The rows are made by PostgreSQL in few statements, and each value is a hash of the row's number and the seed: the same
counts and seed give the same rows on every machine with the same PostgreSQL, PostGIS and GEOS.
"""

import csv
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import product
from typing import Any

from django.db import connection

from lib.crs import STORAGE_SRID
from lib.naming import search_keys
from projects.models import Parcel, Project, Stage
from zones.models import ControlLine, ControlLineType, County


@dataclass(frozen=True)
class Scale:
    """How many rows there shall be beside the zone's own, and the seed of all that is drawn."""

    projects: int
    parcels: int
    lines: int
    seed: int

    def __str__(self) -> str:
        return f"{self.projects} projects, {self.parcels} parcels, {self.lines} control lines, seed {self.seed}"


@dataclass(frozen=True)
class Shapes:
    """Outlines of ``vertices`` (low, high), on a grid of ``spacing`` metres at most, of ``radius`` as parts of the spacing.

    ``room`` is the part of the counties' area that lies farther from their boundaries than the longest radius.
    """

    prefix: str  # of the codes
    vertices: tuple[int, int]
    outlines: int
    spacing: float
    radius: tuple[float, float]
    room: float


# A parcel never meets its neighbour; a control line may, and the more vertices it has, the larger it is.
PARCELS = Shapes("DK", (20, 200), outlines=2000, spacing=400, radius=(0.25, 0.48), room=0.83)
LINES = Shapes("KZ", (100, 3000), outlines=500, spacing=2000, radius=(0.25, 1.0), room=0.72)

# A project is one of these words in a row after the name of its county, so what a name is found by is told once for many.
FIRMS = "晋原 恒通 华北 同辉 振兴 鑫盛 晋丰 中远 金石 滹沱 汾河 云中 雁门 五峰 朝阳 建邦 太行 三晋 宏源 万泰 瑞光 清源 天龙 博远"
GOODS = (
    "新能源电池 碳纤维材料 铝镁合金 煤机装备 法兰锻件 杂粮食品 中药材 半导体 轨道交通配件 光伏组件 风电整机 数据中心 冷链物流 "
    "耐火材料 文旅康养 污水处理"
)
WORKS = "建设项目 扩建工程 技术改造项目 产业园（一期） 产业园（二期） 生产线项目 研发基地 配套工程"
LAND_USES = "工业用地 仓储用地 居住用地 商业用地 科研用地 公园绿地 交通用地 公用设施用地"

# Half of the projects stand within this many degrees of a town, the others anywhere in their county.
TOWN_REACH = 0.03

METRES_PER_DEGREE = 111_000

# A number from 0 up to 1 that depends on nothing but the row, what is drawn for it, and the seed.
CREATE_DRAW = """
CREATE OR REPLACE FUNCTION pg_temp.draw(n bigint, what integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(n, {seed} * 1000::bigint + what) & 4294967295) / 4294967296.0::double precision $$
"""

SPREAD_PROJECTS = """
CREATE TEMPORARY TABLE scale_made AS
WITH town AS (
    SELECT county_id, ST_Union(ST_Buffer(geom, %(reach)s)) AS geom FROM zones_town WHERE geom IS NOT NULL GROUP BY county_id
), part(county_id, salt, geom, share) AS (
    SELECT id, 1, boundary, ST_Area(boundary) / (SELECT sum(ST_Area(boundary)) FROM zones_county) FROM zones_county
    UNION ALL
    SELECT c.id, 2, near, ST_Area(near) / sum(ST_Area(near)) OVER ()
    FROM zones_county AS c JOIN town ON town.county_id = c.id, ST_Intersection(c.boundary, town.geom) AS near
    WHERE NOT ST_IsEmpty(near)
), point AS (
    -- More than needed, because PostGIS rounds the number down for each of the polygons of a part.
    SELECT county_id, (ST_DumpPoints(
        ST_GeneratePoints(geom, ceil(share * %(count)s / 2)::integer + 50, %(seed)s * 1000 + county_id::integer * 2 + salt)
    )).geom FROM part
)
SELECT *, 'XM' || lpad(n::text, 8, '0') AS code, floor(pg_temp.draw(n, 2) * %(names)s)::integer AS name_number
FROM (
    SELECT row_number() OVER (ORDER BY hashint8extended(place, %(seed)s)) AS n, county_id, geom
    FROM (SELECT row_number() OVER (ORDER BY county_id, geom) AS place, county_id, geom FROM point) AS numbered
) AS mixed
WHERE n <= %(count)s
"""

INSERT_PROJECTS = """
INSERT INTO projects_project (
    code, name, name_en, aliases, summary, summary_en, fact_ids, sort_order, search_keys, geom, location_precision,
    location_text, location_text_en, kind, county_id, stage, stage_as_of, investment_wan
)
SELECT
    made.code, name.name, '', '{}', '', '', '{}', 0, name.keys || code.keys, made.geom, 'site', '', '',
    (ARRAY['project', 'project', 'project', 'programme', 'relocation'])[1 + floor(pg_temp.draw(made.n, 3) * 5)::integer],
    made.county_id, stage, CASE WHEN stage <> '' THEN date '2019-01-01' + (pg_temp.draw(made.n, 4) * 2800)::integer END,
    -- Seven in ten state an amount: from eight million yuan to a billion, most of them little.
    CASE WHEN pg_temp.draw(made.n, 5) < 0.7
        THEN round(800 * exp(5 * pg_temp.draw(made.n, 6) * pg_temp.draw(made.n, 7))::numeric, 4) END
FROM scale_made AS made
JOIN scale_name AS name USING (county_id, name_number)
JOIN scale_code AS code USING (code),
LATERAL (
    SELECT (%(stages)s::text[])[1 + floor(pg_temp.draw(made.n, 1) * cardinality(%(stages)s::text[]))::integer]
) AS s(stage)
ORDER BY made.n
"""

# Rings around a centre, the angle growing from vertex to vertex: they can't cross themselves, however they are stretched.
DRAW_OUTLINES = """
CREATE TEMPORARY TABLE scale_outline AS
SELECT n, vertices, ST_Area(geom) AS area, geom FROM (
    SELECT n, vertices, ST_MakePolygon(ST_MakeLine(point || point[1])) AS geom FROM (
        SELECT n, low + floor(pg_temp.draw(n, 11) * (high - low))::integer AS vertices
        FROM generate_series(0, %(outlines)s - 1) AS n, (VALUES (%(low)s, %(high)s)) AS bound(low, high)
    ) AS outline, LATERAL (
        SELECT array_agg(ST_MakePoint(radius * cos(angle), radius * sin(angle)) ORDER BY v) AS point
        FROM generate_series(1, vertices) AS v,
        LATERAL (SELECT 2 * pi() * (v + 0.4 * pg_temp.draw(n * 10000 + v, 12)) / vertices) AS a(angle),
        LATERAL (
            SELECT 0.78 + 0.1 * sin(2 * angle + 6 * pg_temp.draw(n, 13)) + 0.06 * sin(7 * angle + 6 * pg_temp.draw(n, 14))
                + 0.06 * pg_temp.draw(n * 10000 + v, 15)
        ) AS r(radius)
    ) AS points
) AS drawn
"""

SPREAD_SHAPES = """
CREATE TEMPORARY TABLE scale_made AS
SELECT
    place.n, county_id, %(prefix)s || lpad(place.n::text, 7, '0') AS code,
    floor(pg_temp.draw(place.n, 25) * %(names)s)::integer AS name_number, outline.area * radius ^ 2 AS area_m2,
    ST_Multi(ST_SetSRID(ST_Affine(
        outline.geom, east * cos(turn), -east * sin(turn), north * sin(turn), north * cos(turn), x, y
    ), %(srid)s)) AS geom
FROM (
    SELECT row_number() OVER (ORDER BY hashint8extended(cell, %(seed)s)) AS n, county_id, x, y FROM (
        SELECT row_number() OVER (ORDER BY county.id, x, y) AS cell, county.id AS county_id, x, y
        FROM zones_county AS county, ST_Buffer(boundary, -%(margin)s) AS inside,
            generate_series(ST_XMin(inside)::numeric, ST_XMax(inside)::numeric, %(step_x)s) AS x,
            generate_series(ST_YMin(inside)::numeric, ST_YMax(inside)::numeric, %(step_y)s) AS y
        WHERE ST_Contains(inside, ST_SetSRID(ST_MakePoint(x, y), %(srid)s))
    ) AS cells
) AS place
JOIN scale_outline AS outline ON outline.n = floor(pg_temp.draw(place.n, 21) * %(outlines)s),
LATERAL (
    SELECT %(spacing)s * (%(least)s + (%(most)s - %(least)s) * outline.vertices / %(high)s::double precision)
) AS r(radius),
LATERAL (
    SELECT 2 * pi() * pg_temp.draw(place.n, 22), radius / %(degree)s / cos(radians(y)), radius / %(degree)s
) AS affine(turn, east, north)
WHERE place.n <= %(count)s
"""

INSERT_PARCELS = """
INSERT INTO projects_parcel (code, name, name_en, search_keys, geom, county_id, state, area_m2)
SELECT
    made.code, name.name, '', name.keys || code.keys, made.geom, made.county_id,
    (ARRAY['available', 'reserved', 'supplied', 'supplied', ''])[1 + floor(pg_temp.draw(made.n, 23) * 5)::integer],
    CASE WHEN pg_temp.draw(made.n, 24) < 0.9 THEN round(made.area_m2::numeric, 2) END
FROM scale_made AS made JOIN scale_name AS name USING (county_id, name_number) JOIN scale_code AS code USING (code)
ORDER BY made.n
"""

INSERT_RELEASE = """
WITH release AS (
    INSERT INTO zones_release (
        code, theme, title, issued_by, document, data_date, counties, is_demo, file_name, file_sha256, crs,
        expected_count, imported_count, repairs, loaded_by
    )
    SELECT 'scale-' || theme, theme, theme, 'scale_data', '', '2026-01-01', '{}', true, '', '', '', 0, 0, '[]', 'scale_data'
    FROM unnest(%(themes)s::text[]) AS theme
    ON CONFLICT (code) DO NOTHING RETURNING id, theme
)
INSERT INTO zones_activation (release_id, theme, begins, made_by, reason)
SELECT id, theme, '2026-01-01', 'scale_data', '' FROM release
"""

INSERT_LINES = """
INSERT INTO zones_controlline (
    code, name, name_en, search_keys, geom, county_id, release_id, theme, zone_class, attributes
)
SELECT made.code, name.name, '', name.keys || code.keys, made.geom, made.county_id, release.id, release.theme, '', '{}'
FROM scale_made AS made JOIN scale_name AS name USING (county_id, name_number) JOIN scale_code AS code USING (code)
JOIN zones_controllinetype AS line ON line.name = name.word JOIN zones_release AS release ON release.code = 'scale-' || line.code
ORDER BY made.n
"""


def fill(scale: Scale, say: Callable[[str], None] = lambda line: None) -> None:
    """Adds the rows to a database that holds the zone. Errors: ValueError for more shapes than the counties have room for."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE_DRAW.format(seed=scale.seed))
        with _without_indexes(cursor, Project._meta.db_table):
            words = [FIRMS.split(), GOODS.split(), WORKS.split()]
            _spread_projects(cursor, scale, names=math.prod(map(len, words)))
            _make_keys(cursor, *words)
            cursor.execute(INSERT_PROJECTS, {"stages": [*Stage.values, ""]})
        say(f"{scale.projects} projects")
        with _without_indexes(cursor, Parcel._meta.db_table):
            words = [LAND_USES.split(), ["地块"]]
            _spread_shapes(cursor, scale.parcels, PARCELS, scale.seed, names=len(words[0]))
            _make_keys(cursor, *words)
            cursor.execute(INSERT_PARCELS)
        say(f"{scale.parcels} parcels")
        with _without_indexes(cursor, ControlLine._meta.db_table):
            words = [list(ControlLineType.objects.order_by("code").values_list("name", flat=True)), ["图斑"]]
            _spread_shapes(cursor, scale.lines, LINES, scale.seed, names=len(words[0]))
            _make_keys(cursor, *words)
            cursor.execute(INSERT_RELEASE, {"themes": list(ControlLineType.objects.values_list("code", flat=True))})
            cursor.execute(INSERT_LINES)
        say(f"{scale.lines} areas of control lines")
        cursor.execute("DROP TABLE pg_temp.scale_made, pg_temp.scale_outline, pg_temp.scale_name, pg_temp.scale_code")


def _spread_projects(cursor: Any, scale: Scale, names: int) -> None:
    cursor.execute("DROP TABLE IF EXISTS pg_temp.scale_made")
    cursor.execute(SPREAD_PROJECTS, {"count": scale.projects, "seed": scale.seed, "reach": TOWN_REACH, "names": names})
    _check(cursor, scale.projects)


def _spread_shapes(cursor: Any, count: int, shapes: Shapes, seed: int, names: int) -> None:
    """Outlines turned and stretched, in cells of a grid, each within one county."""
    (low, high), (least, most) = shapes.vertices, shapes.radius
    cursor.execute("DROP TABLE IF EXISTS pg_temp.scale_outline, pg_temp.scale_made")
    outlines = max(1, min(shapes.outlines, count))
    # A ring repeats its first vertex.
    cursor.execute(DRAW_OUTLINES, {"outlines": outlines, "low": low - 1, "high": high})
    cursor.execute("SELECT sum(ST_Area(boundary::geography)) FROM zones_county")
    spacing = min(shapes.spacing, math.sqrt(cursor.fetchone()[0] * shapes.room / max(count, 1)))
    cursor.execute(
        SPREAD_SHAPES,
        {
            "count": count,
            "seed": seed,
            "names": names,
            "prefix": shapes.prefix,
            "srid": STORAGE_SRID,
            "outlines": outlines,
            "high": high,
            "least": least,
            "most": most,
            "spacing": spacing,
            "degree": METRES_PER_DEGREE,
            "step_x": spacing / METRES_PER_DEGREE / math.cos(math.radians(38.5)),
            "step_y": spacing / METRES_PER_DEGREE,
            # The longest radius, where a degree of longitude is shortest.
            "margin": spacing * most / METRES_PER_DEGREE / math.cos(math.radians(39.5)),
        },
    )
    _check(cursor, count)


def _check(cursor: Any, count: int) -> None:
    cursor.execute("SELECT count(*) FROM scale_made")
    if (found := cursor.fetchone()[0]) < count:
        raise ValueError(f"there is room for {found} rows, not for {count}")


def _make_keys(cursor: Any, *words: Iterable[str]) -> None:
    """The names of the rows and what these are found by, once a name, as many rows share one; and the keys of their codes.

    A name is the county's and one of each of the ``words``; its number tells which.
    """
    prefixes = dict(County.objects.values_list("pk", "name"))
    combinations = list(product(*words))
    cursor.execute("DROP TABLE IF EXISTS pg_temp.scale_name, pg_temp.scale_code")
    cursor.execute("CREATE TEMPORARY TABLE scale_name (county_id bigint, name_number integer, name text, word text, keys text[])")
    cursor.execute("CREATE TEMPORARY TABLE scale_code (code text, keys text[])")
    cursor.execute("SELECT DISTINCT county_id, name_number FROM scale_made")
    numbers = cursor.fetchall()
    names = ((county, number, "".join((prefixes[county], *combinations[number]))) for county, number in numbers)
    _copy(cursor, "scale_name", ((*row, combinations[row[1]][0], _array(search_keys("", [row[2]]))) for row in names))
    cursor.execute("SELECT code FROM scale_made")
    codes = cursor.fetchall()
    _copy(cursor, "scale_code", ((code, _array(search_keys(code, []))) for (code,) in codes))
    cursor.execute("ANALYZE scale_made, scale_name, scale_code")


def _copy(cursor: Any, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    text = StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    cursor.copy_expert(f"COPY {table} FROM STDIN WITH (FORMAT csv)", text)


def _array(keys: Iterable[str]) -> str:
    """Keys as PostgreSQL reads an array; they hold no quotes."""
    return "{" + ",".join(f'"{key}"' for key in keys) + "}"


@contextmanager
def _without_indexes(cursor: Any, table: str) -> Iterator[None]:
    """Drops the indexes that no constraint needs and makes them again: three times as fast as to keep them up to date."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    # Django defers the check of references to the end of the transaction, and no index is made while one is pending.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for _name, definition in indexes:
        cursor.execute(definition)
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    cursor.execute(f"ANALYZE {table}")
