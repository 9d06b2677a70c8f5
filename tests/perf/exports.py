"""Exports of a whole layer against the fastest tool for the same: ogr2ogr and psql's COPY."""

import http.client
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from portal.relation import quoted

from .peers import published
from .place import BENCH, Unfit, find, say
from .servers import Memory, Server

CHUNK = 1 << 20


@dataclass(frozen=True)
class Export:
    """``times``: the portal's speed as a part of the tool's. ``memory``: MB that it may take, whole server or growth alone."""

    key: str
    title: str
    layer: str
    address: str
    tool: str
    times: float
    memory: float
    growth_only: bool
    run: Callable[[Path, dict[str, str]], None]
    count: Callable[[Path], int]


@dataclass(frozen=True)
class Timed:
    """Seconds are medians; memory in MB: before, and the most of all rounds."""

    export: Export
    seconds: float
    tool_seconds: float
    megabytes: float
    before: float
    peak: float

    @property
    def ratio(self) -> float:
        return self.tool_seconds / self.seconds

    @property
    def goals(self) -> list[tuple[str, bool]]:
        export = self.export
        taken = self.peak - self.before if export.growth_only else self.peak
        what = "memory grows by at most" if export.growth_only else "memory at most"
        return [
            (f"{export.times:g} × {export.tool}", self.ratio >= export.times),
            (f"{what} {export.memory:g} MB", taken <= export.memory),
        ]


def _ogr2ogr(file: Path, environment: dict[str, str]) -> None:
    command = [str(find("ogr2ogr")), "-f", "GPKG", str(file), "PG:", "-nln", "parcels", "-sql", "SELECT * FROM bench.parcels"]
    _run(command, environment)


def _copy(file: Path, environment: dict[str, str]) -> None:
    # The columns of the portal's file; it makes the texts harmless as well.
    columns = ", ".join(quoted(field.name) for field in published("projects").fields)
    sql = f"SELECT {columns}, ST_X(geom) AS longitude, ST_Y(geom) AS latitude, ST_AsText(geom) AS wkt FROM bench.projects"
    _run([str(find("psql")), "-qc", rf"\copy ({sql}) TO '{file}' WITH (FORMAT csv, HEADER)"], environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise Unfit(f"{command[0]}: {done.stderr[-500:]}")


def _features_in(file: Path) -> int:
    done = subprocess.run([str(find("ogrinfo")), "-ro", "-al", "-so", str(file)], check=True, capture_output=True, text=True)
    found = re.search(r"^Feature Count: (\d+)", done.stdout, re.MULTILINE)
    return int(found[1]) if found else 0


def _lines_in(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(block.count(b"\n") for block in iter(lambda: lines.read(CHUNK), b"")) - 1


EXPORTS = (
    Export(
        "export-gpkg",
        "200,000 parcels as GeoPackage",
        "parcels",
        "/api/v1/exports/parcels/?f=gpkg",
        "ogr2ogr",
        0.6,
        300,
        False,
        _ogr2ogr,
        _features_in,
    ),
    Export(
        "export-csv",
        "1,000,000 projects as CSV",
        "projects",
        "/api/v1/exports/projects/?f=csv",
        "COPY",
        0.66,
        30,
        True,
        _copy,
        _lines_in,
    ),
)


def timed(export: Export, portal: Server, environment: dict[str, str], expected: int, rounds: int) -> Timed:
    """Portal and tool in turn. Errors: Unfit when the file doesn't hold ``expected`` rows."""
    file = BENCH / f"{export.key}.{'gpkg' if 'gpkg' in export.key else 'csv'}"
    ours, theirs, before, peak = [], [], 0.0, 0.0
    for number in range(rounds):
        with Memory(portal) as memory:
            ours.append(_download(portal, export.address, file))
        before, peak = max(before, memory.before) if number else memory.before, max(peak, memory.peak)
        if number == 0:
            if (found := export.count(file)) != expected:
                raise Unfit(f"{export.address}: {found} rows instead of {expected}")
            megabytes = file.stat().st_size / 1e6
        file.unlink()
        theirs.append(_seconds(export.run, file, environment))
        file.unlink()
        say(f"  {export.key:18} portal {ours[-1]:6.1f} s   {export.tool} {theirs[-1]:6.1f} s   {memory.peak:.0f} MB")
    return Timed(export, median(ours), median(theirs), megabytes, before, peak)


def _seconds(run: Callable[[Path, dict[str, str]], None], file: Path, environment: dict[str, str]) -> float:
    started = time.monotonic()
    run(file, environment)
    return time.monotonic() - started


def _download(portal: Server, address: str, file: Path) -> float:
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=300)
    try:
        connection.request("GET", address)
        response = connection.getresponse()
        if response.status != 200:
            raise Unfit(f"{address}: HTTP {response.status} {response.read(300)!r}")
        with file.open("wb") as out:
            while block := response.read(CHUNK):
                out.write(block)
    except http.client.HTTPException as error:  # it broke off
        raise Unfit(f"{address}: {error!r}") from error
    finally:
        connection.close()
    return time.monotonic() - started
