import sys
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from projects.batch import Refused, check_all
from projects.models import BatchCheck


def day(text: str) -> date:
    return date.fromisoformat(text)


class Command(BaseCommand):
    help = (
        "Checks all projects or all parcels against the releases in force on a day, and keeps what was found. All or nothing: "
        "a run that fails or is ended leaves no results."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        kind = parser.add_mutually_exclusive_group(required=True)
        kind.add_argument("--projects", dest="kind", action="store_const", const=BatchCheck.Kind.PROJECT)
        kind.add_argument("--parcels", dest="kind", action="store_const", const=BatchCheck.Kind.PARCEL)
        parser.add_argument("--as-of", type=day, default=None, help="a day as 2026-11-24; today without it")
        parser.add_argument("--workers", type=int, default=2, choices=range(1, 17), metavar="1-16", help="connections at once")

    def handle(self, *args: Any, kind: str, as_of: date | None, workers: int, **options: Any) -> None:
        started = time.monotonic()
        try:
            batch = check_all(kind, as_of or timezone.localdate(), workers=workers, say=self._progress())
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        releases = ", ".join(batch.releases) or "no release"
        self.stdout.write(
            f"Checked {batch.done:,} {kind}s against {releases} in {time.monotonic() - started:.1f} s; "
            f"{batch.untold:,} have no surveyed site and can't be told. It is check {batch.pk}."
        )

    def _progress(self) -> Any:
        """Lines of what is done: on a terminal one that is written over, else one for each tenth."""
        on_terminal = sys.stdout.isatty()
        shown: dict[str, int] = {}

        def say(step: str, done: int, total: int) -> None:
            tenth = done * 10 // total if total else 10
            if on_terminal:
                self.stdout.write(f"\r{step}: {done:,} of {total:,} ", ending="\n" if done == total else "")
            elif shown.get(step) != tenth:
                self.stdout.write(f"{step}: {done:,} of {total:,}")
            shown[step] = tenth
            self.stdout.flush()

        return say
