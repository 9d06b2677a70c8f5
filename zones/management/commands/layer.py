import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone, translation

from zones import importing, releases
from zones.delivery.repairs import sentence
from zones.models import Activation, Release, Theme

REPAIRS_SHOWN = 20
TIMEOUT_S = 900  # of a comparison of two large releases


def _day(text: str) -> date:
    if text == "today":
        return timezone.localdate()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no day; write it as 2026-11-24, or today") from error


class Command(BaseCommand):
    help = "Reference data by release: load a file, inspect it against the release in force, activate it, roll it back."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        load = actions.add_parser("load", help="read a file into a release that is not in force yet")
        load.add_argument("path", type=Path, help="Shapefile (folder, .zip or .shp), GeoPackage, KML, DXF or GeoJSON")
        load.add_argument("--code", required=True, help="a new one: letters, digits, dots and hyphens")
        load.add_argument("--theme", required=True, choices=Theme.values, metavar="THEME", help=", ".join(Theme.values))
        load.add_argument("--title", required=True)
        load.add_argument("--issued-by", required=True, help="the authority")
        load.add_argument("--data-date", required=True, type=_day, help="the day that the data show, as 2026-11-24")
        load.add_argument("--document", default="", help="the document that it was issued with")
        load.add_argument("--counties", default="", help="codes of those that it covers, parted by commas; all if not given")
        load.add_argument("--crs", help="reference system of the file, as EPSG:4525, where it does not say")
        load.add_argument("--encoding", help="of the attributes, as GB18030, where it is not found out")
        load.add_argument("--layer", help="which one, where the file holds several")
        load.add_argument("--class-field", help="the attribute with the class of each area")
        load.add_argument("--name-field", help="the attribute with the name of each area")
        load.add_argument("--demo", action="store_true", help="demonstration data")
        inspect = actions.add_parser("inspect", help="what differs from the release in force")
        inspect.add_argument("code")
        activate = actions.add_parser("activate", help="put a release in force from a day on")
        activate.add_argument("code")
        roll_back = actions.add_parser("rollback", help="put the release before in force again")
        roll_back.add_argument("theme", choices=Theme.values, metavar="THEME")
        for action in (activate, roll_back):
            action.add_argument("--on", type=_day, default="today", help="the first day, as 2026-11-24; today if not given")
            action.add_argument("--reason", default="", required=action is roll_back)
        actions.add_parser("list", help="all releases, and when they applied")
        for action in (load, activate, roll_back):
            action.add_argument("--by", default="manage.py", help="who is answerable for it")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions: dict[str, Callable[[dict[str, Any]], None]] = {
            "load": self._load,
            "inspect": self._inspect,
            "activate": self._activate,
            "rollback": self._roll_back,
            "list": self._list,
        }
        with translation.override("en"):
            try:
                actions[action](options)
            except (importing.Refused, releases.Refused) as refusal:
                raise CommandError(str(refusal)) from refusal

    # --- load ---

    def _load(self, options: dict[str, Any]) -> None:
        given = {
            "code": options["code"],
            "theme": options["theme"],
            "title": options["title"],
            "issued_by": options["issued_by"],
            "data_date": options["data_date"],
            "document": options["document"],
            "counties": [code.strip() for code in options["counties"].split(",") if code.strip()],
            "encoding": options["encoding"],
            "layer": options["layer"],
            "class_field": options["class_field"],
            "name_field": options["name_field"],
            "is_demo": options["demo"],
            "loaded_by": options["by"],
        }
        try:
            release = importing.load(options["path"], crs=options["crs"], **given)
        except importing.Refused as refusal:
            chosen = self._ask(refusal)
            if chosen is None:
                raise
            release = importing.load(options["path"], crs=chosen, **given)
        self._report(release)

    def _ask(self, refusal: importing.Refused) -> str | None:
        """The reference system that the person at the terminal picks; None without a terminal, or if it picks none."""
        candidates = refusal.crs_candidates
        if not candidates:
            return None
        if not sys.stdin.isatty():
            self.stderr.write("\n".join(f"  --crs {name}" for name in candidates))
            return None
        self.stdout.write(str(refusal))
        for number, name in enumerate(candidates, start=1):
            self.stdout.write(f"  {number}  {name}")
        answer = input(f"Which one is it? 1 to {len(candidates)}, anything else to give up: ").strip()
        return candidates[int(answer) - 1] if answer.isdecimal() and 1 <= int(answer) <= len(candidates) else None

    def _report(self, release: Release) -> None:
        self.stdout.write(f"{release.code}: {release.imported_count} of {release.expected_count} features loaded, {release.crs}.")
        for entry in release.repairs[:REPAIRS_SHOWN]:
            self.stdout.write(f"  {sentence(entry)}")
        if len(release.repairs) > REPAIRS_SHOWN:
            self.stdout.write(f"  {len(release.repairs) - REPAIRS_SHOWN} more lines are kept with the release.")
        self.stdout.write(
            f"It is not in force yet: manage.py layer inspect {release.code}; manage.py layer activate {release.code}"
        )

    # --- the others ---

    def _inspect(self, options: dict[str, Any]) -> None:
        release = _release(options["code"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{TIMEOUT_S}s"])
        found = releases.compare(release)
        self._line(release)
        self.stdout.write(f"  {release.imported_count} of {release.expected_count} features, {found.area_km2:,.4f} km²")
        self.stdout.write(f"  against {found.current.code if found.current else 'nothing in force'}:")
        self.stdout.write(f"  {found.added} added, {found.removed} removed, {found.changed} changed, {found.unchanged} unchanged")
        self.stdout.write(f"  {found.added_km2:+,.4f} km² gained, {-found.removed_km2:+,.4f} km² lost")

    def _activate(self, options: dict[str, Any]) -> None:
        made = releases.activate(_release(options["code"]), options["on"], options["by"], options["reason"])
        until = f" until {made.ends}" if made.ends else ""
        self.stdout.write(f"{made.release.code} applies from {made.begins} on{until}.")

    def _roll_back(self, options: dict[str, Any]) -> None:
        now = releases.roll_back(options["theme"], options["on"], options["by"], options["reason"])
        what = now.release.code if now else "No release"
        self.stdout.write(f"{what} applies to {options['theme']} from {options['on']} on.")

    def _list(self, options: dict[str, Any]) -> None:
        rows = Release.objects.prefetch_related("activations")
        if not rows:
            self.stdout.write("There is no release.")
        for release in rows:
            self._line(release)
            for one in release.activations.all():
                self.stdout.write(f"  {_said(one)}")

    def _line(self, release: Release) -> None:
        mark = "  DEMONSTRATION" if release.is_demo else ""
        self.stdout.write(f"{release.code}  {release.theme}  {release.data_date}  {release.title}{mark}")


def _release(code: str) -> Release:
    release = Release.objects.filter(code=code).first()
    if release is None:
        raise CommandError(f"There is no release {code}. manage.py layer list shows all.")
    return release


def _said(activation: Activation) -> str:
    text = f"from {activation.begins} until {activation.ends or 'further notice'}, by {activation.made_by}"
    if activation.reason:
        text += f": {activation.reason}"
    return f"cancelled: {text}" if activation.cancelled_at else text
