"""bin/postgis on a clone of its own: starts, survives kill -9, keeps its data, leaves other clusters alone."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings


def _postgis(clone: Path, verb: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([clone / "bin/postgis", verb], capture_output=True, text=True, check=check, timeout=120)


def _query(clone: Path, sql: str) -> object:
    connection = psycopg2.connect((clone / "var/database_url").read_text().strip())
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    clone = tmp_path / "a clone's folder"
    (clone / "bin").mkdir(parents=True)
    shutil.copy(settings.BASE_DIR / "bin/postgis", clone / "bin/postgis")
    yield clone
    _postgis(clone, "stop", check=False)
    data = (clone / "var/postgres").resolve()
    if not data.is_relative_to(tmp_path):  # root's cluster lives elsewhere when "postgres" can't enter the clone
        shutil.rmtree(data)


def test_a_cluster_starts_survives_kill_9_and_stops(clone: Path) -> None:
    assert _postgis(clone, "status", check=False).returncode == 3
    _postgis(clone, "start")
    _query(clone, "CREATE TABLE kept AS SELECT 7 AS n")
    data = (clone / "var/postgres").resolve()
    assert data.stat().st_mode & 0o077 == 0
    assert (clone / "var/database_url").stat().st_mode & 0o077 == 0

    first_pid = int((data / "postmaster.pid").read_text().split()[0])
    _postgis(clone, "start")
    assert int((data / "postmaster.pid").read_text().split()[0]) == first_pid, "a second start changes nothing"

    os.kill(first_pid, signal.SIGKILL)
    _postgis(clone, "start")
    assert _query(clone, "SELECT n FROM kept") == (7,)

    _postgis(clone, "stop")
    assert _postgis(clone, "status", check=False).returncode == 3


def test_the_number_of_a_killed_server_may_be_another_programs_now(clone: Path) -> None:
    _postgis(clone, "start")
    owner = pwd.getpwuid((clone / "var/postgres").resolve().stat().st_uid)
    lock = (clone / "var/postgres").resolve() / "postmaster.pid"
    lines = lock.read_text().splitlines()
    _postgis(clone, "stop")
    with subprocess.Popen(["sleep", "300"], cwd="/", user=owner.pw_uid, group=owner.pw_gid) as other:
        try:
            lock.write_text("\n".join([str(other.pid), *lines[1:], ""]))
            shutil.chown(lock, owner.pw_uid, owner.pw_gid)
            assert _postgis(clone, "status", check=False).returncode == 3
            _postgis(clone, "stop")
            _postgis(clone, "start")
            assert _query(clone, "SELECT 1") == (1,)
            assert other.poll() is None, "stop and start leave the other program alone"
        finally:
            other.kill()


def test_a_half_made_cluster_is_made_anew(clone: Path) -> None:
    _postgis(clone, "start")
    _postgis(clone, "stop")
    (clone / "var/postgres_made").unlink()
    _postgis(clone, "start")
    assert _query(clone, "SELECT current_database()") == ("portal",)


def test_an_unknown_verb_is_refused(clone: Path) -> None:
    answer = _postgis(clone, "destroy", check=False)
    assert answer.returncode == 1
    assert "usage" in answer.stderr
    assert not (clone / "var").exists()
