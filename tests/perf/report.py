"""The table, on the screen and in docs/performance.md with what it was measured on."""

import os
import platform
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from .batch import Batch
from .exports import Timed
from .load import CONNECTIONS, MAX_SCRIPTS, THREADS, Figures
from .place import ROOT, TIPG, TIPG_VERSION, find, say
from .servers import MAPSERVER_PROCESSES, WORKERS
from .work import Goal, Work, rows

DOCUMENT = ROOT / "docs" / "performance.md"
TEMPLATE = Path(__file__).with_name("document.md")

# What stands below this heading is written by hand and kept.
NOTES = "\n## Notes\n"

PEERS = {"tipg": "tipg", "MapServer": "mapserver", "raw SQL": "sql"}


@dataclass(frozen=True)
class Line:
    """``figures`` by server and "sql", empty when there was nothing to time for that ``reason``; ``facts`` hold or do not."""

    work: Work
    figures: dict[str, Figures]
    facts: list[tuple[str, bool]]
    reason: str = ""

    def ratio(self, peer: str) -> float | None:
        """The portal's rate as a multiple of the peer's."""
        if not self.figures:
            return None
        if peer == "the better peer":
            return min((ratio for ratio in map(self.ratio, ("tipg", "MapServer")) if ratio is not None), default=None)
        if peer == "1/s":
            return self.figures["portal"].rate
        found = self.figures.get(PEERS[peer])
        return self.figures["portal"].rate / found.rate if found else None

    def reached(self, goal: Goal) -> bool:
        if goal.of == "ms at p99":
            return bool(self.figures) and self.figures["portal"].p99 <= goal.times
        ratio = self.ratio(goal.of)
        return ratio is not None and ratio >= goal.times

    @property
    def goals(self) -> list[tuple[str, bool]]:
        return [*((str(goal), self.reached(goal)) for goal in self.work.goals), *self.facts]


def write(
    lines: Sequence[Line], exported: Sequence[Timed], batch: Batch | None, seconds: int, rounds: int, *, keep: bool
) -> None:
    """Prints the tables, and writes the document when they are to be kept."""
    tables = "\n".join([*_rates(lines), "", *_exports(exported), "", *_batch(batch)])
    say("\n" + tables)
    if not keep:
        return
    notes = DOCUMENT.read_text(encoding="utf-8").partition(NOTES)[2] if DOCUMENT.exists() else "\n"
    DOCUMENT.write_text(_document(tables, seconds, rounds) + NOTES + notes, encoding="utf-8")
    say(f"written to {DOCUMENT.relative_to(ROOT)}")


def _rates(lines: Sequence[Line]) -> Iterator[str]:
    head = [
        "work",
        "portal /s",
        "p50 ms",
        "p99 ms",
        "tipg /s",
        "MapServer /s",
        "raw SQL /s",
        "÷ tipg",
        "÷ MapServer",
        "÷ raw SQL",
    ]
    yield f"| {' | '.join([*head, 'goal'])} |"
    yield "|---|" + "--:|" * (len(head) - 1) + "---|"
    for line in lines:
        portal = line.figures.get("portal")
        cells = [line.work.title, _rate(portal), _ms(portal and portal.p50), _ms(portal and portal.p99)]
        cells += [_rate(line.figures.get(name)) for name in PEERS.values()]
        cells += [_times(line.ratio(peer)) for peer in PEERS]
        yield f"| {' | '.join([*cells, f'not measured: {line.reason}' if line.reason else _said(line)])} |"


def _exports(exported: Sequence[Timed]) -> Iterator[str]:
    head = ["export", "portal s", "tool s", "MB", "speed ÷ tool", "memory before, MB", "most, MB"]
    yield f"| {' | '.join([*head, 'goal'])} |"
    yield "|---|" + "--:|" * (len(head) - 1) + "---|"
    for done in exported:
        cells = [done.export.title]
        if done.seconds:
            cells += [f"{done.seconds:.1f}", f"{done.tool_seconds:.1f}", f"{done.megabytes:.0f}", _times(done.ratio)]
            cells += [f"{done.before:.0f}", f"{done.peak:.0f}", _verdicts(done.goals)]
        else:
            cells += ["–"] * (len(head) - 1) + ["not measured"]
        yield f"| {' | '.join(cells)} |"


def _batch(batch: Batch | None) -> Iterator[str]:
    head = ["check of all", "portal s", "raw SQL s", "copy of the lines s", "query s", "time ÷ raw SQL"]
    yield f"| {' | '.join([*head, 'goal'])} |"
    yield "|---|" + "--:|" * (len(head) - 1) + "---|"
    if batch:
        cells = [batch.title, f"{batch.seconds:.1f}", f"{batch.raw_seconds:.1f}", f"{batch.copy_seconds:.1f}"]
        cells += [f"{batch.query_seconds:.1f}", _times(batch.ratio), _verdicts(batch.goals)]
        yield f"| {' | '.join(cells)} |"


def _said(line: Line) -> str:
    prepared = line.figures.get("sql-prepared")
    return _verdicts(line.goals) + (f" (raw SQL prepared: {prepared.rate:,.0f}/s)" if prepared else "")


def _verdicts(goals: Sequence[tuple[str, bool]]) -> str:
    return "; ".join(f"{text} {'✓' if held else '✗'}" for text, held in goals)


def _rate(found: Figures | None) -> str:
    if found is None:
        return "–"
    decimals = 0 if found.rate >= 100 else 1
    return f"{found.rate:,.{decimals}f} ±{found.spread / 2:.0%}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _times(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _document(tables: str, seconds: int, rounds: int) -> str:
    counts = rows(
        "SELECT (SELECT count(*) FROM projects_project), (SELECT count(*) FROM projects_parcel),"
        " (SELECT count(*) FROM zones_controlline)"
    )[0]
    projects, parcels, areas = (f"{count:,}" for count in counts)
    return TEMPLATE.read_text(encoding="utf-8").format(
        today=date.today().isoformat(),
        cores=os.cpu_count(),
        tables=tables,
        connections=CONNECTIONS,
        threads=THREADS,
        addresses=MAX_SCRIPTS,
        rounds=rounds,
        seconds=seconds,
        workers=WORKERS,
        processes=MAPSERVER_PROCESSES,
        projects=projects,
        parcels=parcels,
        areas=areas,
        versions=_versions(),
    )


def _versions() -> str:
    postgresql, postgis = rows("SELECT current_setting('server_version'), postgis_lib_version()")[0]
    found = {
        "Python": platform.python_version(),
        "Django, granian": f"{version('Django')}, {version('granian')}",
        "PostgreSQL, PostGIS": f"{postgresql.split()[0]}, {postgis}",
        "GDAL": _number(["ogr2ogr", "--version"]),
        "tipg, uvicorn": f"{TIPG_VERSION}, {_number([str(TIPG / 'bin' / 'python'), '-m', 'uvicorn', '--version'])}",
        "MapServer": _number([str(find("mapserv")), "-v"]),
        "wrk": _number([str(find("wrk")), "-v"]),
        "system": f"{_system()}, {_processor()}, {os.cpu_count()} cores",
    }
    return "\n".join(f"| {name} | {value} |" for name, value in found.items())


def _number(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    match = re.search(r"\d+\.\d+(\.\d+)*", done.stdout + done.stderr)
    return match[0] if match else "?"


def _system() -> str:
    return platform.freedesktop_os_release()["PRETTY_NAME"]


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
