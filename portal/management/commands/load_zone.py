from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import translation

from projects.fixtures import load_project_files, set_investment
from zones.boundaries import BoundaryDataError, county_boundaries
from zones.fixture_files import FixtureError, digest_of, read_rows
from zones.fixtures import Loader, load_zone_files
from zones.models import FixtureLoad

# What they make of a file is part of the state: a mended reader loads the zone anew.
READERS = [
    settings.BASE_DIR / name
    for name in (
        "lib/naming.py",
        "zones/boundaries.py",
        "zones/fixture_files.py",
        "zones/fixtures.py",
        "projects/fixtures.py",
    )
]


class Command(BaseCommand):
    help = "Loads the zone from fixtures/, all or nothing. Does nothing when the database already holds this state."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="load even if fixtures/ has not changed")

    @transaction.atomic
    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        directory = settings.BASE_DIR / "fixtures"
        digest = digest_of(directory, *READERS)
        if FixtureLoad.objects.filter(digest=digest).exists() and not force:
            self.stdout.write("The zone is up to date.")
            return
        codes = {row["code"] for row in read_rows(directory / "counties.yaml")}
        try:
            loader = Loader(directory, county_boundaries(codes))
            load_zone_files(loader)
            load_project_files(loader)
            loader.load_notes()
            loader.load_evidence()
            set_investment()
        except (FixtureError, BoundaryDataError) as error:
            raise CommandError(str(error)) from error
        loader.remove_stale()
        FixtureLoad.objects.all().delete()
        FixtureLoad.objects.create(digest=digest)
        with translation.override("en"):  # as the other lines of set-up
            counts = ", ".join(f"{len(ids)} {model._meta.verbose_name_plural}" for model, ids in loader.ids.items())
        if options["verbosity"]:
            self.stdout.write(f"Loaded {counts}.")
