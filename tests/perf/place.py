"""Where the bench works and on what: var/bench, the scale database, the programs it needs."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "var" / "bench"
TIPG = BENCH / "tipg"
TIPG_VERSION = "1.6.1"

# Debian package of each program.
PROGRAMS = {
    "wrk": "wrk",
    "mapserv": "cgi-mapserver",
    "lighttpd": "lighttpd",
    "ogr2ogr": "gdal-bin",
    "psql": "postgresql-client",
    "pgbench": "postgresql-contrib",
}


class Unfit(Exception):
    """The machine lacks something, or an answer is not what was asked for; the message says what."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def install_what_is_missing() -> None:
    """Installs programs by apt and tipg from PyPI. Errors: Unfit with the line for an administrator."""
    BENCH.mkdir(parents=True, exist_ok=True)
    missing = sorted({package for program, package in PROGRAMS.items() if not find(program)})
    if missing:
        install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        if as_root and subprocess.run(["sudo", "-v"], check=False).returncode:
            raise Unfit("Some packages are missing. Ask an administrator to run: " + " ".join(install))
        say("installing " + " ".join(missing))
        environment = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive"]
        subprocess.run([*as_root, "apt-get", "update"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*environment, *install], check=True, stdout=subprocess.DEVNULL)
        if "lighttpd" in missing:  # Debian starts it on port 80, for all the world; the bench starts its own
            for command in (["service", "lighttpd", "stop"], ["update-rc.d", "lighttpd", "disable"]):
                subprocess.run([*as_root, *command], check=False, stdout=subprocess.DEVNULL)
    if not (TIPG / "made").exists():
        say(f"installing tipg {TIPG_VERSION} in {TIPG.relative_to(ROOT)}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", TIPG], check=True)
        pip = [TIPG / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
        subprocess.run([*pip, f"tipg=={TIPG_VERSION}", "uvicorn[standard]"], check=True)
        (TIPG / "made").touch()


def find(program: str) -> str | None:
    """The path of a program; servers lie in /usr/sbin, which not every user's PATH names."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


def scale_database(name: str) -> str:
    """Fills the scale database when it isn't yet; its URL."""
    url = os.environ.get("DATABASE_URL", "").strip() or (ROOT / "var" / "database_url").read_text().strip()
    subprocess.run([sys.executable, "manage.py", "scale_data", "--database-name", name], cwd=ROOT, check=True)
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def libpq(url: str) -> dict[str, str]:
    """The environment in which psql, pgbench and ogr2ogr find the database, without a password in a list of processes."""
    parts = urlsplit(url)
    return os.environ | {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
