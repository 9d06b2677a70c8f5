"""The portal as it runs in production, in a process of its own: it sees what is committed in the test database."""

import os
import secrets
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

START_TIMEOUT_S = 60


def environment(settings_module: str, **more: str) -> dict[str, str]:
    at = connection.settings_dict  # of this worker's test database
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings_module,
        "DATABASE_URL": f"postgres://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[str]:
    """The address of a server that answers; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    granian = str(Path(sys.executable).with_name("granian"))
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4"]
    serve = [granian, *options, "portal.wsgi:application"]
    with log.open("wb") as output:
        server = subprocess.Popen(serve, env=environment, cwd=settings.BASE_DIR, stdout=output, stderr=subprocess.STDOUT)
        try:
            for _attempt in range(START_TIMEOUT_S * 10):
                if _answers(f"{url}/healthz"):
                    break
                try:
                    server.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                break
            assert _answers(f"{url}/healthz"), log.read_text()
            yield url
        finally:
            server.terminate()
            server.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return response.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
