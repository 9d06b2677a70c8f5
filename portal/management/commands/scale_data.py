import re
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from portal.scale import Scale, fill
from zones.fixture_files import digest_of

MADE_BY = "scale data: "
UNFINISHED = MADE_BY + "unfinished"

# What they make is part of the state, as with load_zone.
MAKERS = [settings.BASE_DIR / "portal/scale.py", settings.BASE_DIR / "lib/naming.py"]


class Command(BaseCommand):
    help = (
        "Fills a database of its own, beside the configured one, with made-up rows to measure speed on. "
        "Does nothing when it already holds them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database-name", required=True, help="the database to make, or to make anew; not the portal's own")
        parser.add_argument("--projects", type=int, default=1_000_000)
        parser.add_argument("--parcels", type=int, default=200_000)
        parser.add_argument("--lines", type=int, default=5_000, help="areas of control lines")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, database_name: str, **options: Any) -> None:
        scale = Scale(options["projects"], options["parcels"], options["lines"], options["seed"])
        state = f"{MADE_BY}{scale}, {digest_of(settings.BASE_DIR / 'fixtures', *MAKERS)}"
        found = self._state(database_name)
        if found != state:
            self._make(database_name, exists=found is not None)
        configured = connection.settings_dict
        connection.close()
        # Long statements, and none that must survive a power cut.
        session = "-c statement_timeout=0 -c maintenance_work_mem=512MB -c synchronous_commit=off"
        connection.settings_dict = configured | {
            "NAME": database_name,
            "OPTIONS": configured["OPTIONS"] | {"options": session},
        }
        try:
            call_command("migrate", verbosity=0)
            if found == state:
                self.stdout.write(f"{database_name} is up to date: {scale}.")
            else:
                self._fill(database_name, scale, state)
        finally:
            connection.close()
            connection.settings_dict = configured

    def _state(self, name: str) -> str | None:
        """What the database says of itself, None when there is none. Errors: CommandError for one that isn't ours."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            raise CommandError("Give a name of small letters, digits and underscores.")
        if name == connection.settings_dict["NAME"]:
            raise CommandError(f"{name} is the portal's own database. Give another name.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
            row = cursor.fetchone()
        if row is None:
            return None
        state: str = row[0] or ""
        if not state.startswith(MADE_BY):
            raise CommandError(f"{name} exists and was not made by scale_data. Give another name.")
        return state

    def _make(self, name: str, *, exists: bool) -> None:
        with connection.cursor() as cursor:
            if exists:
                cursor.execute(f'DROP DATABASE "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
            cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{UNFINISHED}'")

    def _fill(self, name: str, scale: Scale, state: str) -> None:
        call_command("load_zone", verbosity=0)
        started = time.monotonic()

        def say(line: str) -> None:
            self.stdout.write(f"{time.monotonic() - started:6.1f} s  {line}")
            self.stdout.flush()

        try:
            with transaction.atomic():
                fill(scale, say)
        except ValueError as error:
            raise CommandError(str(error)) from error
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(f'COMMENT ON DATABASE "{name}" IS %s', [state])
        say(f"{name} is ready")
