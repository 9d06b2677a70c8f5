import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from portal.export.impact import impact_xlsx
from projects.impact import impact_of
from zones.models import Release


def day(text: str) -> date:
    return date.fromisoformat(text)


class Command(BaseCommand):
    help = "Tells which projects and parcels would change if a release were activated, however many they are. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="of the release")
        parser.add_argument("--on", type=day, default=None, help="the day of activation, as 2026-11-24; today without it")
        parser.add_argument("--xlsx", type=Path, default=None, help="a file to write all changes to")

    def handle(self, *args: Any, code: str, on: date | None, xlsx: Path | None, **options: Any) -> None:
        release = Release.objects.filter(code=code).first()
        if release is None:
            raise CommandError(f"There is no release {code}.")
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        impact = impact_of(release, on or timezone.localdate(), AnonymousUser(), say=self._progress)
        for (before, after), count in sorted(impact.verdicts().items()):
            self.stdout.write(f"{count:,} {before} -> {after}")
        changing = sum(change.changes_verdict for change in impact.changes)
        self.stdout.write(f"{changing:,} records get another verdict; {len(impact.changes):,} have a finding that changes.")
        untold = ", ".join(f"{count:,} {kind}s" for kind, count in impact.untold.items() if count)
        if untold:
            self.stdout.write(f"Without a surveyed site, so that nothing can be told: {untold}.")
        if xlsx:
            xlsx.write_bytes(impact_xlsx(impact))
            self.stdout.write(f"Written to {xlsx}.")

    def _progress(self, done: int, total: int) -> None:
        if sys.stdout.isatty() and (done % 100 == 0 or done == total):
            self.stdout.write(f"\r{done:,} of {total:,} ", ending="\n" if done == total else "")
            self.stdout.flush()
