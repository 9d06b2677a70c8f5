"""What is measured: for each line of the table the addresses on each server, and how their answers are checked first."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import mapbox_vector_tile
from django.db import connection
from google.protobuf.message import DecodeError

from portal import layers
from zones.sitecheck.engine import check as check_site
from zones.sitecheck.kept import keep
from zones.sitecheck.site import read_site

from .load import MAX_SCRIPTS
from .place import Unfit

SEED = 3
GOLDEN = (5**0.5 - 1) / 2
Answers = dict[str, list[bytes]]  # by server, in the order of their addresses


@dataclass(frozen=True)
class Goal:
    """The portal's rate, at least ``times`` that of ``of``: "raw SQL", "tipg", "MapServer", "the better peer" or "1/s".

    Of "ms at p99" it is a time, and ``times`` is the most that it may take.
    """

    times: float
    of: str

    def __str__(self) -> str:
        if self.of == "ms at p99":
            return f"p99 within {self.times:,g} ms"
        return f"{self.times:,g}/s" if self.of == "1/s" else f"{self.times:g} × {self.of}"


@dataclass(frozen=True)
class Work:
    """One line. An address is a path; JSON that stands behind it after a space is posted.

    ``check`` gives sentences about the answers and whether each holds. Errors: Unfit for answers not to be timed.
    """

    key: str
    title: str
    addresses: dict[str, list[str]]
    goals: tuple[Goal, ...]
    check: Callable[[Answers], list[tuple[str, bool]]]
    again: bool = False  # with the validator of an answer that the client has


def all_works() -> Iterator[Work]:
    boxes = _boxes()
    yield _page("page-100", "feature page, 100 rows, no count", boxes, "limit=100", "", Goal(0.5, "raw SQL"))
    yield _page(
        "page-100-counted", "the same, exact count", boxes, "limit=100", "&count=exact", Goal(0.85, "raw SQL"), Goal(1, "tipg")
    )
    yield _page("page-1000", "feature page, 1,000 rows, no count", boxes, "limit=1000", "", Goal(0.7, "raw SQL"))
    yield _item()
    tiles = list(_tiles_with("projects_project", "geom", range(11, 15)))
    yield Work(
        "point-tiles",
        "point tiles z11–z14, cold",
        _tile_addresses("projects", tiles),
        (Goal(0.8, "raw SQL"), Goal(1, "tipg")),
        lambda answers: _same_features(answers, tiles, exactly=True),
    )
    low = list(_tiles_of_region(range(5, 10)))
    yield Work(
        "low-tiles",
        "point tiles z5–z9, cold",
        {name: rows for name, rows in _tile_addresses("projects", low, limit=10_000).items() if name != "mapserver"},
        (Goal(0.8, "raw SQL"), Goal(10, "tipg")),
        lambda answers: _totals(answers, low),
    )
    parcels = list(_tiles_with("projects_parcel", "ST_PointOnSurface(geom)", range(10, 16)))
    yield Work(
        "parcel-tiles",
        "parcel tiles z10–z15, cold",
        _tile_addresses("parcels", parcels),
        (Goal(1.3, "the better peer"),),
        lambda answers: _same_features(answers, parcels, exactly=False),
    )
    yield Work(
        "same-tile",
        "the same tiles again, If-None-Match",
        {"portal": _tile_addresses("projects", tiles)["portal"]},
        (Goal(1000, "1/s"),),
        lambda answers: [],
        again=True,
    )
    yield _identify()
    yield _site_check()
    yield _site_sheet()


def rows(sql: str, *params: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


# Feature pages


def _boxes() -> list[tuple[float, float, float, float]]:
    """Of the size of a middling county, around projects, so that none is empty."""
    places = rows(
        "SELECT ST_X(geom), ST_Y(geom) FROM projects_project WHERE code LIKE 'XM%%' ORDER BY hashint8extended(id, %s) LIMIT %s",
        SEED,
        MAX_SCRIPTS,
    )
    return [(round(x - 0.25, 4), round(y - 0.2, 4), round(x + 0.25, 4), round(y + 0.2, 4)) for x, y in places]


def _page(key: str, title: str, boxes: list[tuple[float, float, float, float]], limit: str, count: str, *goals: Goal) -> Work:
    wanted = int(limit.removeprefix("limit="))
    queries = [f"{limit}&bbox={','.join(map(str, box))}" for box in boxes]

    def check(answers: Answers) -> list[tuple[str, bool]]:
        for server, bodies in answers.items():
            for body, box in zip(bodies, boxes, strict=True):
                page = json.loads(body)
                if len(page["features"]) != wanted:
                    raise Unfit(f"{server}: {len(page['features'])} features instead of {wanted}")
                for feature in page["features"]:
                    lon, lat = feature["geometry"]["coordinates"]
                    if not (box[0] <= lon <= box[2] and box[1] <= lat <= box[3]):
                        raise Unfit(f"{server}: {feature['id']} is outside of {box}")
                counted = "numberMatched" in page and page["numberMatched"] is not None
                if counted and (server != "portal" or count) and page["numberMatched"] != _count(box):
                    raise Unfit(f"{server} counts {page['numberMatched']} in {box}, there are {_count(box)}")
                if count and not counted:
                    raise Unfit(f"{server} does not count")
        return []

    return Work(
        key,
        title,
        {
            "portal": [f"/ogc/collections/projects/items?{query}{count}" for query in queries],
            "tipg": [f"/collections/bench.projects/items?{query}" for query in queries],
        },
        goals,
        check,
    )


_counts: dict[tuple[float, float, float, float], int] = {}


def _count(box: tuple[float, float, float, float]) -> int:
    if box not in _counts:
        sql = "SELECT count(*) FROM bench.projects WHERE ST_Intersects(geom, ST_MakeEnvelope(%s, %s, %s, %s, 4490))"
        _counts[box] = rows(sql, *box)[0][0]
    return _counts[box]


def _item() -> Work:
    codes = [
        code
        for (code,) in rows(
            "SELECT code FROM projects_project WHERE code LIKE 'XM%%' ORDER BY hashint8extended(id, %s) LIMIT %s",
            SEED + 1,
            MAX_SCRIPTS,
        )
    ]

    def check(answers: Answers) -> list[tuple[str, bool]]:
        names = dict(rows("SELECT code, name FROM projects_project WHERE code = ANY(%s)", codes))
        for server, bodies in answers.items():
            for body, code in zip(bodies, codes, strict=True):
                feature = json.loads(body)
                if (feature["id"], feature["properties"]["name"]) != (code, names[code]):
                    raise Unfit(f"{server} answers {feature['id']} for {code}")
        return []

    return Work(
        "item",
        "one feature by id",
        {
            "portal": [f"/ogc/collections/projects/items/{code}" for code in codes],
            "tipg": [f"/collections/bench.projects/items/{code}" for code in codes],
        },
        (Goal(2.5, "tipg"),),
        check,
    )


# Tiles

Tile = tuple[int, int, int]
EXTENT, EDGE = 4096, 8  # units of a tile
HALF_WORLD = 20037508.342789244  # of Web Mercator, in its metres


def _tile_at(lon: float, lat: float, z: int) -> Tile:
    size = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * size), int(y * size)


def _tiles_with(table: str, point: str, zooms: range) -> Iterator[Tile]:
    """Tiles around rows that are drawn by lot, as many of each zoom."""
    places = rows(
        f"SELECT ST_X(p), ST_Y(p) FROM (SELECT {point} AS p FROM {table} WHERE geom IS NOT NULL"
        " ORDER BY hashint8extended(id, %s) LIMIT 1000) AS chosen",
        SEED + 2,
    )
    for z in zooms:
        different = dict.fromkeys(_tile_at(lon, lat, z) for lon, lat in places)
        yield from islice(different, MAX_SCRIPTS // len(zooms))


def _tiles_of_region(zooms: range) -> Iterator[Tile]:
    """All tiles that hold a project."""
    last = zooms[-1]
    found = rows(
        f"SELECT DISTINCT floor((ST_X(p) + {HALF_WORLD}) / {2 * HALF_WORLD} * {2**last})::integer,"
        f" floor(({HALF_WORLD} - ST_Y(p)) / {2 * HALF_WORLD} * {2**last})::integer"
        " FROM (SELECT ST_Transform(geom, 3857) AS p FROM projects_project WHERE geom IS NOT NULL) AS t"
    )
    for z in zooms:
        yield from sorted({(z, x >> (last - z), y >> (last - z)) for x, y in found})


def _tile_addresses(layer: str, tiles: list[Tile], limit: int = 1_000_000) -> dict[str, list[str]]:
    """The portal's tile and, of the peers, the same fields of the same rows."""
    found = layers.find(layer)
    assert found is not None
    fields = ",".join(("code", "name", *found.tile_fields))
    tiles_at = "/collections/bench.{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}?properties={fields}&limit={limit}"
    map_at = "/map?mode=tile&tilemode=gmap&tile={x}+{y}+{z}&layers={layer}-in-tiles&map.imagetype=mvt"
    return {
        "portal": [f"/tiles/{layer}/{z}/{x}/{y}.mvt" for z, x, y in tiles],
        "tipg": [tiles_at.format(layer=layer, z=z, x=x, y=y, fields=fields, limit=limit) for z, x, y in tiles],
        "mapserver": [map_at.format(layer=layer, z=z, x=x, y=y) for z, x, y in tiles],
    }


def _features(body: bytes) -> list[dict[str, Any]]:
    try:
        decoded = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})
    except DecodeError as error:
        raise Unfit(f"no tile: {body[:300]!r}") from error
    return [feature for layer in decoded.values() for feature in layer["features"]]


def _codes(body: bytes) -> tuple[set[str], set[str]]:
    """The codes of all features, and of those that reach further into the tile than its edge.

    Servers round in their own ways, and add more or less of what is around.
    """
    found, inside = set(), set()
    for feature in _features(body):
        code = feature["properties"]["code"]
        found.add(code)
        xs, ys = zip(*_positions(feature["geometry"]["coordinates"]), strict=True)
        if all(max(values) >= EDGE and min(values) <= EXTENT - EDGE for values in (xs, ys)):
            inside.add(code)
    return found, inside


def _positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates[0], int | float):
        yield coordinates
    else:
        for part in coordinates:
            yield from _positions(part)


def _same_features(answers: Answers, tiles: list[Tile], *, exactly: bool) -> list[tuple[str, bool]]:
    """One tile of each zoom holds the same features on every server; for areas nearly, as tiny ones may be left out."""
    for z in sorted({tile[0] for tile in tiles}):
        number = next(index for index, tile in enumerate(tiles) if tile[0] == z)
        ours, ours_inside = _codes(answers["portal"][number])
        for server in answers.keys() - {"portal"}:
            theirs, theirs_inside = _codes(answers[server][number])
            differing = len(ours_inside - theirs) + len(theirs_inside - ours)
            if not theirs or differing > (0 if exactly else len(ours) * 0.1):
                raise Unfit(f"{server}: {differing} of {len(ours)} features of tile {tiles[number]} differ from the portal's")
    return []


def _totals(answers: Answers, tiles: list[Tile]) -> list[tuple[str, bool]]:
    truth = rows("SELECT count(geom) FROM projects_project")[0][0]
    totals = dict.fromkeys(sorted({tile[0] for tile in tiles}), 0)
    for tile, body in zip(tiles, answers["portal"], strict=True):
        totals[tile[0]] += sum(feature["properties"]["count"] for feature in _features(body))
    largest = max(len(body) for body in answers["portal"])
    return [
        (f"largest tile {largest / 1000:,.0f} kB, at most 100 kB", largest <= 100_000),
        (f"counts of each zoom add up to {truth:,}", all(total == truth for total in totals.values())),
    ]


# Identify


def _identify() -> Work:
    """At places in parcels, so that there is something to tell."""
    places = rows(
        "SELECT code, ST_X(p), ST_Y(p) FROM (SELECT code, ST_PointOnSurface(geom) AS p FROM projects_parcel"
        " ORDER BY hashint8extended(id, %s) LIMIT %s) AS chosen",
        SEED + 3,
        MAX_SCRIPTS,
    )
    half = 0.0005
    picture = "WIDTH=101&HEIGHT=101&X=50&Y=50&FEATURE_COUNT=100&INFO_FORMAT=application/vnd.ogc.gml&FORMAT=image/png&STYLES=,,"
    query = "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetFeatureInfo&SRS=EPSG:4326"
    names = "projects,parcels,control-lines"

    def check(answers: Answers) -> list[tuple[str, bool]]:
        for server, bodies in answers.items():
            for body, (code, _lon, _lat) in zip(bodies, places, strict=True):
                if code.encode() not in body:
                    raise Unfit(f"{server} does not find {code} in itself")
        return []

    return Work(
        "identify",
        "identify through three layers",
        {
            "portal": [f"/api/v1/identify?lon={lon:.6f}&lat={lat:.6f}&layers={names}" for _code, lon, lat in places],
            "mapserver": [
                f"/map?{query}&LAYERS={names}&QUERY_LAYERS={names}&{picture}"
                f"&BBOX={lon - half:.6f},{lat - half:.6f},{lon + half:.6f},{lat + half:.6f}"
                for _code, lon, lat in places
            ],
        },
        (Goal(5, "MapServer"), Goal(0.5, "raw SQL")),
        check,
    )


# Site checks


def _sites() -> list[tuple[str, str]]:
    """Code and GeoJSON of parcels that meet a control line, so that there is something to cut."""
    return [
        (code, geojson)
        for code, geojson in rows(
            "SELECT code, ST_AsGeoJSON(geom, 9)"
            " FROM (SELECT code, geom FROM projects_parcel ORDER BY hashint8extended(id, %s) LIMIT 2000) AS p"
            " WHERE EXISTS (SELECT FROM zones_controlline AS l WHERE l.geom && p.geom AND ST_Intersects(l.geom, p.geom))"
            " LIMIT %s",
            SEED + 4,
            MAX_SCRIPTS,
        )
    ]


def _site_check() -> Work:
    """Against tipg with the lines about the site, whole: what a client would have to read to work it out itself."""
    sites = _sites()
    extents = dict(
        rows(
            "SELECT code, concat_ws(',', ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)) FROM projects_parcel"
            " WHERE code = ANY(%s)",
            [code for code, _geojson in sites],
        )
    )

    def check(answers: Answers) -> list[tuple[str, bool]]:
        for (code, _geojson), ours, theirs in zip(sites, answers["portal"], answers["tipg"], strict=True):
            met = rows(
                "SELECT l.code, ST_Area(p.geom::geography) FROM zones_controlline AS l JOIN projects_parcel AS p"
                " ON ST_Intersects(l.geom, p.geom) WHERE p.code = %s",
                code,
            )
            answer, candidates = json.loads(ours), {feature["id"] for feature in json.loads(theirs)["features"]}
            if not math.isclose(answer["area_m2"], met[0][1], rel_tol=1e-6, abs_tol=0.1):
                raise Unfit(f"portal: {code} measures {answer['area_m2']} instead of {met[0][1]} m²")
            if not any(finding["overlap_m2"] for finding in answer["findings"]):
                raise Unfit(f"portal: {code} meets no line")
            if missing := {line for line, _area in met} - candidates:
                raise Unfit(f"tipg: {code} lacks {missing}")
        return []

    return Work(
        "site-check",
        "site check by POST",
        {
            "portal": ["/api/v1/site-checks/ " + json.dumps({"geometry": json.loads(geojson)}) for _code, geojson in sites],
            "tipg": [f"/collections/bench.control_lines/items?limit=1000&bbox={extents[code]}" for code, _geojson in sites],
        },
        (Goal(3, "tipg"), Goal(0.55, "raw SQL")),
        check,
    )


def _site_sheet() -> Work:
    """Pages of checks that are kept; the bench keeps them."""
    keys = []
    for code, geojson in _sites():
        site = read_site(json.loads(geojson))
        question = {"activity": "", "industry": "", "label": code, "geometry": site.geojson, "srid": site.srid, "crs": site.crs}
        keys.append(keep(check_site(site, date.today()), question).key)
    return Work(
        "site-sheet",
        "page of a kept site check",
        {"portal": [f"/site-checks/{key}/" for key in keys]},
        (Goal(1000, "ms at p99"),),
        lambda answers: [],
    )


def mixed(addresses: list[str]) -> list[str]:
    """In an order of which every stretch has about as many of each part of the list: of tiles, of each zoom."""
    order = sorted(range(len(addresses)), key=lambda number: number * GOLDEN % 1)
    return [addresses[number] for number in order]
