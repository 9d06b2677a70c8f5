"""make bench: the portal as it runs in production against tipg, MapServer and the bare SQL, on a database of its own.

    .venv/bin/python -m tests.perf [--seconds 5] [--rounds 3] [--database-name portal_scale] [--only page-100 item …]

Writes docs/performance.md, but with --only prints its table alone.
"""

import argparse
import os
import signal
import subprocess
import sys

from .place import ROOT, Unfit, install_what_is_missing, scale_database


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.perf")
    parser.add_argument("--seconds", type=int, default=5, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database-name", default="portal_scale")
    parser.add_argument("--only", nargs="*", default=[], help="keys of some lines: page-100 page-100-counted …")
    options = parser.parse_args()
    try:
        install_what_is_missing()
        database = scale_database(options.database_name)
    except (Unfit, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # Settings are read when Django is imported: measuring is a process of its own.
    command = [sys.executable, "-m", "tests.perf.measure", "--seconds", str(options.seconds), "--rounds", str(options.rounds)]
    environment = os.environ | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    measuring = subprocess.Popen([*command, "--only", *options.only], cwd=ROOT, env=environment)
    signal.signal(signal.SIGTERM, lambda number, frame: measuring.terminate())
    while True:
        try:
            return measuring.wait()
        except KeyboardInterrupt:  # which reaches it too; it ends its servers
            continue


if __name__ == "__main__":
    sys.exit(main())
