"""Drives a server with wrk, the database with pgbench."""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .place import BENCH, Unfit, find

CONNECTIONS = 8
THREADS = 2
MAX_SCRIPTS = 120  # pgbench takes 128


@dataclass(frozen=True)
class Run:
    """Requests a second, and latencies in ms."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Figures:
    """The medians of some runs; ``spread`` is the range of their rates as a part of the median."""

    rate: float
    p50: float
    p99: float
    spread: float


def figures(runs: Sequence[Run]) -> Figures:
    rates = [run.rate for run in runs]
    rate = median(rates)
    return Figures(
        rate, median(run.p50 for run in runs), median(run.p99 for run in runs), (max(rates) - min(rates)) / rate if rate else 0
    )


def wrk(base: str, requests: Path, seconds: int, offset: int) -> Run:
    """``requests`` is a file of paths, a line each, with an ETag after a tab. Errors: Unfit for any that failed."""
    command = [str(find("wrk")), f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s"]
    script = Path(__file__).with_name("requests.lua")
    done = subprocess.run(
        [*command, "-s", str(script), base, "--", str(requests), str(offset)],
        check=True,
        capture_output=True,
        text=True,
    )
    summary = json.loads(done.stdout.rpartition("SUMMARY ")[2])
    wrong = {name: count for name, count in summary["errors"].items() if count}
    if wrong:
        raise Unfit(f"{base}: errors {wrong} beside {summary['requests']} answers")
    if not summary["requests"]:
        raise Unfit(f"{base}: no answer in {seconds} s")
    return Run(summary["requests"] / summary["duration"] * 1e6, summary["p50"] / 1000, summary["p99"] / 1000)


def pgbench(environment: dict[str, str], scripts: Path, seconds: int, variables: list[str]) -> Run:
    """Every .sql file of the folder ``scripts`` as often as the others, by the simple protocol. Errors: Unfit."""
    files = [part for script in sorted(scripts.glob("*.sql")) for part in ("-f", str(script))]
    log = BENCH / "pgbench"
    command = [str(find("pgbench")), "--no-vacuum", "-c", str(CONNECTIONS), "-j", str(THREADS), "-T", str(seconds), "--log"]
    try:
        done = subprocess.run(
            [*command, f"--log-prefix={log}", *variables, *files],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
            cwd=BENCH,
        )
        latencies = sorted(int(line.split()[2]) for file in BENCH.glob("pgbench.*") for line in file.read_text().splitlines())
    except subprocess.CalledProcessError as error:
        raise Unfit(f"pgbench: {error.stderr[-500:]}") from error
    finally:
        for file in BENCH.glob("pgbench.*"):
            os.remove(file)
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    if rate is None or not latencies:
        raise Unfit(f"pgbench: {done.stdout}")
    at = [latencies[int(len(latencies) * part)] / 1000 for part in (0.5, 0.99)]
    return Run(float(rate[1]), *at)
