"""Measures, in rounds that take turns, and writes the report. DATABASE_URL names the scale database; see __main__.py."""

import argparse
import os
import shutil
import signal
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import django

django.setup()  # before anything is imported that has models

from django.db import connection  # noqa: E402

from . import report  # noqa: E402
from .batch import Batch, batch  # noqa: E402
from .exports import EXPORTS, Timed, timed  # noqa: E402
from .load import Run, figures, pgbench, wrk  # noqa: E402
from .peers import publish, view_of, write_mapfile  # noqa: E402
from .place import BENCH, Unfit, libpq, say  # noqa: E402
from .servers import Portal, Server, mapserver, tipg  # noqa: E402
from .statements import script_of, switches  # noqa: E402
from .work import Answers, Work, all_works, mixed, rows  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # not without ending the servers
    database = os.environ["DATABASE_URL"]
    with connection.cursor() as cursor:
        publish(cursor)
    environment = libpq(database)
    # As the portal's own connections: how long a statement may take, and how it is planned.
    environment["PGOPTIONS"] = connection.settings_dict["OPTIONS"]["options"]
    lines: list[report.Line] = []
    exported: list[Timed] = []
    checked: Batch | None = None
    with ExitStack() as stack:
        servers: dict[str, Server] = {
            "portal": stack.enter_context(Portal(database)),
            "tipg": stack.enter_context(tipg(database, {"projects": "code", "parcels": "code", "control_lines": "code"})),
            "mapserver": stack.enter_context(mapserver(write_mapfile(database))),
        }
        for work in all_works():
            if not options.only or work.key in options.only:
                lines.append(_measured(work, servers, environment, options.seconds, options.rounds))
        for export in EXPORTS:
            if not options.only or export.key in options.only:
                expected = rows(f"SELECT count(*) FROM bench.{view_of(export.layer)}")[0][0]
                try:
                    exported.append(timed(export, servers["portal"], libpq(database), expected, options.rounds))
                except Unfit as error:
                    say(f"{export.key}: {error}")
                    exported.append(Timed(export, 0, 0, 0, 0, 0))
        if not options.only or "batch" in options.only:
            try:
                checked = batch(database)
            except Unfit as error:
                say(f"batch: {error}")
    report.write(lines, exported, checked, options.seconds, options.rounds, keep=not options.only)


def _measured(work: Work, servers: dict[str, Server], environment: dict[str, str], seconds: int, rounds: int) -> report.Line:
    """A line of the table; without figures, and with the reason, when the portal has no right answer."""
    say(f"{work.title}: checking")
    folder = BENCH / "work" / work.key
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        facts = _prepare(work, servers, folder)
        runs = _rounds(work, servers, environment, seconds, rounds, folder)
    except Unfit as error:
        say(f"  {error}")
        return report.Line(work, {}, [], reason=str(error))
    return report.Line(work, {name: figures(done) for name, done in runs.items()}, facts)


def _rounds(
    work: Work, servers: dict[str, Server], environment: dict[str, str], seconds: int, rounds: int, folder: Path
) -> dict[str, list[Run]]:
    """The runs of each server and of the bare SQL, after one to get warm. Errors: Unfit."""

    def run(name: str, seconds: int, number: int) -> Run:
        _wait_for_quiet()
        if name.startswith("sql"):
            return pgbench(environment, folder / name, seconds, switches())
        return wrk(servers[name].url, folder / f"{name}.txt", seconds, offset=number * 37)

    runs: dict[str, list[Run]] = {name: [] for name in [*work.addresses, "sql"]}
    if any("PREPARE" in script.read_text() for script in (folder / "sql-prepared").iterdir()):
        runs["sql-prepared"] = []
    for name in runs:
        with suppress(Unfit):  # the slowest may not have answered once
            run(name, 1, 0)
    for number in range(1, rounds + 1):
        for name, done in runs.items():
            done.append(run(name, seconds, number))
        say(f"  {work.key:18} " + "   ".join(f"{name} {done[-1].rate:8,.1f}/s" for name, done in runs.items()))
    return runs


def _wait_for_quiet() -> None:
    """A server may go on with the queries of clients that have left; they would slow down the next one."""
    busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND state = 'active' AND backend_type = 'client backend'"
    )
    give_up = time.monotonic() + 30
    while rows(busy)[0][0] and time.monotonic() < give_up:
        time.sleep(0.1)


def _prepare(work: Work, servers: dict[str, Server], folder: Path) -> list[tuple[str, bool]]:
    """Asks for every answer once, has them checked, and writes the files for wrk and pgbench. Errors: Unfit."""
    answers: Answers = {}
    validators: dict[str, str] = {}
    for name, addresses in work.addresses.items():
        answers[name] = []
        for address in addresses:
            status, headers, body = servers[name].get(address)
            if status != 200:
                raise Unfit(f"{name}: HTTP {status} for {address}: {body[:300].decode(errors='replace')}")
            answers[name].append(body)
            if work.again:
                validators[address] = headers.get("etag", "")
                if not validators[address] or servers[name].get(address, {"If-None-Match": validators[address]})[0] != 304:
                    raise Unfit(f"{name}: no validator that holds for {address}")
    facts = work.check(answers)
    for name, addresses in work.addresses.items():
        lines = [f"{address}\t{validators.get(address, '')}\n" for address in mixed(addresses)]
        (folder / f"{name}.txt").write_text("".join(lines))
    for name, prepared in (("sql", False), ("sql-prepared", True)):
        (folder / name).mkdir()
        for number, address in enumerate(work.addresses["portal"]):
            script = script_of(address, {"If-None-Match": validators[address]} if work.again else {}, prepared=prepared)
            if not script:
                raise Unfit(f"{address} sends no SQL")
            (folder / name / f"{number:03}.sql").write_text(script)
    return facts


if __name__ == "__main__":
    main()
