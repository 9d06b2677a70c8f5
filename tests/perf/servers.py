"""The three servers, each in a process group of its own that ends with the bench."""

import http.client
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from .place import BENCH, ROOT, TIPG, Unfit, find, free_port

WORKERS = 2
# One process a connection of the load: MapServer answers one request at a time.
MAPSERVER_PROCESSES = 8


class Server:
    """A context: started when entered, ended when left. ``ready`` is an address that answers when it serves."""

    def __init__(self, name: str, command: list[str | Path], port: int, ready: str, environment: dict[str, str]) -> None:
        self.name = name
        self.port = port
        self._command = [str(part) for part in command]
        self._ready = ready
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with open(BENCH / f"{self.name}.log", "wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        give_up = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.__exit__(None, None, None)
                raise Unfit(f"{self.name} did not start; see var/bench/{self.name}.log")
            time.sleep(0.2)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        for group in {self._process.pid, *self.groups()}:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self._process.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def groups(self) -> set[int]:
        """The process groups that it consists of."""
        return {self._process.pid} if self._process else set()

    def get(self, address: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """What a path answers, or a path, a space and JSON that is posted to it."""
        path, _space, body = address.partition(" ")
        posted = {"Content-Type": "application/json"} if body else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("POST" if body else "GET", path, body.encode() or None, (headers or {}) | posted)
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def _answers(self) -> bool:
        try:
            return self.get(self._ready)[0] == 200
        except OSError:
            return False


class Portal(Server):
    """As make run serves it: by bin/serve."""

    def __init__(self, database: str) -> None:
        port = free_port()
        super().__init__("portal", ["bin/serve"], port, "/readyz", {"PORT": str(port), "DATABASE_URL": database})

    def groups(self) -> set[int]:
        file = ROOT / "var" / "run" / f"web-{self.port}.pid"
        return super().groups() | ({int(file.read_text())} if file.exists() else set())


def tipg(database: str, tables: dict[str, str]) -> Server:
    """tipg with ``tables`` of the schema bench (table: its key), under uvicorn."""
    port = free_port()
    settings = {
        "DATABASE_URL": database.replace("postgres://", "postgresql://", 1),
        "TIPG_DB_SCHEMAS": '["bench"]',
        "TIPG_CATALOG_TTL": "0",  # its tables don't change while it is measured
        "TIPG_DB_SPATIAL_EXTENT": "false",
        "TIPG_DB_DATETIME_EXTENT": "false",
        "TIPG_MAX_FEATURES_PER_TILE": "1000000",  # a tile may ask for its default of 10,000
        "TIPG_TILE_BUFFER": "64",  # the portal's
        **{f"TIPG_TABLE_CONFIG__bench_{table}__PK": key for table, key in tables.items()},
    }
    command = [TIPG / "bin" / "python", "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "warning"]
    return Server("tipg", [*command, "--workers", str(WORKERS)], port, "/healthz", settings)


def mapserver(mapfile: Path) -> Server:
    """MapServer by FastCGI behind lighttpd."""
    port = free_port()
    config, lighttpd = BENCH / "mapserver.conf", BENCH / "lighttpd.conf"
    config.write_text(f'CONFIG\n  ENV\n    MS_MAPFILE "{mapfile}"\n  END\nEND\n')
    lighttpd.write_text(f"""
server.modules = ("mod_fastcgi")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{BENCH}"
fastcgi.server = ("/map" => ((
    "bin-path" => "{find("mapserv")}", "socket" => "/tmp/mapserver-{port}.socket", "check-local" => "disable",
    "max-procs" => {MAPSERVER_PROCESSES}, "bin-environment" => ("MAPSERVER_CONFIG_FILE" => "{config}")
)))
""")
    return Server("mapserver", [str(find("lighttpd")), "-D", "-f", lighttpd], port, "/map?mode=browse&layers=none", {})


class Memory:
    """Samples what the processes of a server hold, in MB: what each has for itself and its part of what they share (PSS)."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.before = self._now()
        self.peak = self.before
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, self._now())

    def _now(self) -> float:
        groups = self._server.groups()
        return sum(
            _memory_of(process) for process in Path("/proc").iterdir() if process.name.isdigit() and _group(process) in groups
        )


def _group(process: Path) -> int:
    try:
        # The name in parentheses may hold spaces.
        return int((process / "stat").read_text().rpartition(")")[2].split()[2])
    except (OSError, IndexError):
        return -1


def _memory_of(process: Path) -> float:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:  # it ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
