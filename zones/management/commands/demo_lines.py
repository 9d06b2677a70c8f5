from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from zones import demo
from zones.releases import Refused


class Command(BaseCommand):
    help = (
        "Makes a clearly marked demonstration release of every theme and activates it from today, so that people can try every "
        "verdict of a site check. Refuses where a real release applies or is to apply. A second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="delete every demonstration release with its areas")

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        with translation.override("en"):
            try:
                self._remove() if remove else self._make()
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal

    def _make(self) -> None:
        made = demo.make("demo_lines")
        areas = sum(release.imported_count for release in made)
        self.stdout.write(
            f"{len(made)} demonstration releases with {areas} areas are in force. Sites to try, west south east north:"
        )
        for example in demo.EXAMPLES:
            box = " ".join(f"{number:g}" for number in example.box)
            self.stdout.write(f"  {example.verdict:11}  {box}  ({example.at})")

    def _remove(self) -> None:
        self.stdout.write(f"{demo.remove()} demonstration releases removed.")
