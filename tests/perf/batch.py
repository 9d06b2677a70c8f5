"""A check of all parcels against the fastest SQL that was found for their overlaps alone."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection

from lib.crs import EQUAL_AREA_SRID

from .place import ROOT, Unfit, say
from .work import rows

WORKERS = 2
MOST_TIMES = 1.5

DROP = "DROP TABLE IF EXISTS bench.piece"
CREATE = f"CREATE UNLOGGED TABLE bench.piece (release_id bigint, geom geometry(Polygon, {EQUAL_AREA_SRID}))"
FILL = f"""
INSERT INTO bench.piece SELECT release_id, ST_Subdivide(ST_Transform(geom, {EQUAL_AREA_SRID}), 64)
FROM zones_controlline WHERE id %% %s = %s
"""
INDEX = "CREATE INDEX ON bench.piece USING gist (geom)"
ANALYZE = "ANALYZE bench.piece"
# Areas on the plane; a parcel within a piece is not cut.
OVERLAPS = f"""
SELECT count(*), sum(m2) FROM (
    SELECT parcel.id, release_id, sum(
        CASE WHEN ST_Covers(piece.geom, flat) THEN ST_Area(flat) ELSE ST_Area(ST_Intersection(piece.geom, flat)) END
    ) AS m2
    FROM (
        SELECT id, ST_Transform(geom, {EQUAL_AREA_SRID}) AS flat FROM projects_parcel WHERE id %% %s = %s OFFSET 0
    ) AS parcel JOIN bench.piece ON ST_Intersects(piece.geom, flat)
    GROUP BY parcel.id, release_id
) AS overlap
"""


@dataclass(frozen=True)
class Batch:
    """Seconds; those of the raw SQL are the copy of the lines and the query, as the portal makes its copy anew too."""

    title: str
    seconds: float
    copy_seconds: float
    query_seconds: float

    @property
    def raw_seconds(self) -> float:
        return self.copy_seconds + self.query_seconds

    @property
    def ratio(self) -> float:
        return self.seconds / self.raw_seconds

    @property
    def goals(self) -> list[tuple[str, bool]]:
        return [(f"at most {MOST_TIMES:g} × raw SQL", self.ratio <= MOST_TIMES)]


def batch(database: str) -> Batch:
    """Errors: Unfit when the portal does not check every parcel."""
    parcels, lines = rows("SELECT (SELECT count(*) FROM projects_parcel), (SELECT count(*) FROM zones_controlline)")[0]
    copy_seconds = _seconds(_copy)
    query_seconds = _seconds(lambda: _in_parts(OVERLAPS))
    seconds = _seconds(lambda: _check(database, parcels))
    _run(DROP)
    say(f"  batch              portal {seconds:6.1f} s   raw SQL {copy_seconds:.1f} + {query_seconds:.1f} s")
    return Batch(f"{parcels:,} parcels against {lines:,} lines", seconds, copy_seconds, query_seconds)


def _check(database: str, parcels: int) -> None:
    command = [sys.executable, "manage.py", "check_sites", "--parcels", "--workers", str(WORKERS)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"DATABASE_URL": database}
    )
    checked = re.search(r"Checked ([\d,]+) parcels", done.stdout)
    if done.returncode or checked is None or int(checked[1].replace(",", "")) != parcels:
        raise Unfit(f"check_sites: {done.stdout[-300:]} {done.stderr[-300:]}")


def _copy() -> None:
    for sql in (DROP, CREATE):
        _run(sql)
    _in_parts(FILL)
    for sql in (INDEX, ANALYZE):
        _run(sql)


def _in_parts(sql: str) -> None:
    """On as many connections as the portal has workers, each with its part of the rows."""

    def one(number: int) -> None:
        try:
            _run(sql, WORKERS, number)
        finally:
            connection.close()  # that of this thread

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, range(WORKERS)))


def _run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET work_mem = '64MB'")
        cursor.execute(sql, values or None)


def _seconds(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started
