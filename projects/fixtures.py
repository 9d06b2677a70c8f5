"""The projects and reported totals of fixtures/. A project's ``stages`` are
[{stage, words, words_en, as_of, inferred, expected, source, locator, locator_en}], the current one last."""

from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import F

from lib.units import UNITS
from zones.fixture_files import FixtureError, Row, parse_bool, parse_date
from zones.fixtures import Loader
from zones.models import Source, Statement

from .models import Project, ProjectStage, ReportedTotal

TOTAL_INVESTMENT = "total-investment"  # code of the measure; its unit is of the dimension money, whose base is 万元


def load_project_files(loader: Loader) -> None:
    loader.load(Project, "projects.yaml", own_keys=["stages"])
    _load_stages(loader)
    loader.load(ReportedTotal, "reported_totals.yaml")


def _load_stages(loader: Loader) -> None:
    stages = []
    latest: dict[int, ProjectStage] = {}
    for row in loader.rows[Project]:
        pk = loader.ids[Project][row["code"]]
        for item in row.get("stages", []):
            try:
                stage = _stage(loader, pk, item)
            except (FixtureError, KeyError) as error:
                raise FixtureError(f"projects.yaml: {row['code']}: stages: {error}") from error
            stages.append(stage)
            if not stage.is_expected and stage.stage:
                latest[pk] = stage
    ProjectStage.objects.all().delete()
    ProjectStage.objects.bulk_create(stages)
    Project.objects.bulk_update(
        [
            Project(
                pk=pk,
                stage=latest[pk].stage if pk in latest else "",
                stage_as_of=latest[pk].as_of if pk in latest else None,
            )
            for pk in loader.ids[Project].values()
        ],
        ["stage", "stage_as_of"],
    )


def set_investment() -> None:
    """Gives each project the total investment that is current: of the undisputed statements with a number the latest."""
    amounts: dict[int, Decimal] = {}
    stated = Statement.objects.filter(
        subject_type=ContentType.objects.get_for_model(Project), measure__code=TOTAL_INVESTMENT, value__isnull=False
    )
    for statement in stated.exclude(rank=Statement.Rank.DISPUTED).order_by(F("as_of").asc(nulls_first=True), "code"):
        if statement.value is not None:
            amounts[statement.subject_id] = statement.value * UNITS[statement.unit].factor
    Project.objects.bulk_update([Project(pk=pk, investment_wan=amount) for pk, amount in amounts.items()], ["investment_wan"])


def _stage(loader: Loader, project_id: int, item: Row) -> ProjectStage:
    known = {"stage", "words", "words_en", "as_of", "inferred", "expected", "source", "locator", "locator_en"}
    if set(item) - known:
        raise FixtureError(f"a stage has no {', '.join(sorted(set(item) - known))}")
    as_of, precision = parse_date(item["as_of"])
    stage = ProjectStage(
        project_id=project_id,
        stage=item.get("stage", ""),
        words=item["words"],
        words_en=item.get("words_en", ""),
        as_of=as_of,
        as_of_precision=precision,
        inferred=parse_bool(item.get("inferred", "false")),
        is_expected=parse_bool(item.get("expected", "false")),
        source_id=loader.id_of(Source, item["source"]),
        locator=item["locator"],
        locator_en=item.get("locator_en", ""),
    )
    stage.full_clean(validate_unique=False, validate_constraints=False, exclude={"project", "source"})
    return stage
