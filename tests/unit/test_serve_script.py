"""bin/serve with a server of two lines in place of granian: when it says ready, what it refuses, what stop ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

SERVER = """#!{python}
import http.server, sys
class Refuse(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(400)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Refuse).serve_forever()
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    clone = tmp_path / "a clone's folder"
    for folder in ("bin", ".venv/bin"):
        (clone / folder).mkdir(parents=True)
    shutil.copy(settings.BASE_DIR / "bin/serve", clone / "bin/serve")
    (clone / ".venv/bin/python").symlink_to(sys.executable)
    granian = clone / ".venv/bin/granian"
    granian.write_text(SERVER.format(python=sys.executable))
    granian.chmod(0o755)
    return clone


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
        return free


def _serve(clone: Path, *verb: str, port: object = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PORT": str(port)}
    return subprocess.run([clone / "bin/serve", *verb], env=environment, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def _serving(clone: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """bin/serve, ready; ended with Ctrl-C if the test has not ended it."""
    process = subprocess.Popen(
        [clone / "bin/serve"],
        env=os.environ | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        try:
            assert any("ready: http://127.0.0.1:" in line for line in process.stdout)
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def test_a_server_that_refuses_this_host_is_ready_all_the_same(clone: Path, port: int) -> None:
    with _serving(clone, port):
        again = _serve(clone, port=port)
        assert (again.returncode, "already being served" in again.stdout) == (0, True)


def test_stop_ends_what_start_began(clone: Path, port: int) -> None:
    with _serving(clone, port) as process:
        assert _serve(clone, "stop").stdout == "The portal is stopped.\n"
        assert process.wait(timeout=30) == 0
    assert not list((clone / "var/run").iterdir())
    assert _serve(clone, "stop").returncode == 0, "there is nothing to stop, and that is no fault"


def test_what_a_kill_9_left_behind_is_replaced(clone: Path, port: int) -> None:
    with _serving(clone, port) as process:
        process.kill()
        process.wait()
        group = int((clone / f"var/run/web-{port}.pid").read_text())
        os.kill(group, signal.SIGSTOP)
        with _serving(clone, port):
            assert int((clone / f"var/run/web-{port}.pid").read_text()) != group


@pytest.mark.parametrize("port", ["abc", "0", "-1", "65536", "80 80", "8000;ls", "1e3", "999999999999999999999"])
def test_a_port_that_is_none_is_refused(clone: Path, port: str) -> None:
    answer = _serve(clone, port=port)
    assert (answer.returncode, answer.stderr) == (1, f"PORT must be a number from 1 to 65535, not '{port}'\n")


def test_a_port_of_another_program_is_left_to_it(clone: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = _serve(clone, port=port)
    assert (answer.returncode, f"Port {port} is taken" in answer.stderr) == (1, True)
