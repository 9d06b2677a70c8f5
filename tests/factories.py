"""Rows for tests that can't lean on what fixtures/ happen to hold. Plain functions; what matters to a test is its argument."""

from datetime import date
from itertools import count
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from lib.crs import STORAGE_SRID
from projects.models import Project, ProjectStage, ReportedTotal
from zones.models import (
    Activation,
    ChainLink,
    Citation,
    Cluster,
    ControlLine,
    ControlLineType,
    County,
    CulturalSite,
    DataQualityNote,
    DataQualityNoteSubject,
    EnvironmentMeasure,
    Indicator,
    Industry,
    IndustryChain,
    InfrastructureWork,
    LandLedger,
    Measure,
    Mechanism,
    Milestone,
    Organisation,
    Park,
    Place,
    PlanRule,
    Platform,
    Policy,
    Record,
    Release,
    Source,
    SpecialisedTown,
    StartUpArea,
    Statement,
    StructureElement,
    StructureScheme,
    Town,
    TransportWork,
    Zone,
)

_numbers = count(1)


def geometry(wkt: str) -> GEOSGeometry:
    return GEOSGeometry(wkt, srid=STORAGE_SRID)


def county(code: str = "140108") -> County:
    """One of the twelve counties, which every test database holds."""
    return County.objects.get(code=code)


def make(model: type[Record], **fields: Any) -> Any:
    """A record of any kind, with a code of its own and what its kind can't do without."""
    number = next(_numbers)
    own = {"code": f"test-{number}", "name": f"记录{number}", "name_en": f"Record {number}"}
    return model._default_manager.create(**own | _needs(model) | fields)


def _needs(model: type[Record]) -> dict[str, Any]:
    kinds: dict[type[Record], dict[str, Any]] = {
        Zone: {"period_start_year": 2021, "near_term_end_year": 2025, "period_end_year": 2035},
        Place: {"kind": "landmark", "point": geometry("POINT(112.6 38.1)"), "location_precision": "site"},
        Cluster: {"level": "county", "kind": "cluster"},
        Park: {"kind": "base"},
        Source: {"kind": "news"},
        Indicator: {"theme": "economy"},
        DataQualityNote: {"kind": "gap"},
        StructureElement: {"kind": "axis"},
        StructureScheme: {"level": "zone"},
        TransportWork: {"mode": "rail", "state": "planned"},
        InfrastructureWork: {"kind": "water"},
        EnvironmentMeasure: {"theme": "air"},
        Policy: {"tier": "1"},
        IndustryChain: {"kind": "emerging"},
        Organisation: {"kind": "company"},
        SpecialisedTown: {"kind": "specialised"},
        CulturalSite: {"kind": "scenic"},
    }
    needs = dict(kinds.get(model, {}))
    if model is Town:
        needs["county"] = county()
    if model is StructureScheme:
        needs["source"] = make(Source)
    if model is StructureElement:
        needs["scheme"] = make(StructureScheme)
    return needs


def about(record: Record) -> dict[str, Any]:
    return {"subject_type": ContentType.objects.get_for_model(record), "subject_id": record.pk}


def make_statement(subject: Record, value: str | None = "1", unit: str = "km2", **fields: Any) -> Statement:
    own: dict[str, Any] = {"code": f"statement.{next(_numbers)}", "locator": "第1段", "text": "" if value else "有"}
    for name, model in (("measure", Measure), ("source", Source)):
        if name not in fields:
            own[name] = make(model)
    return Statement.objects.create(**about(subject), **own | {"value": value, "unit": unit if value else ""} | fields)


def make_citation(subject: Record, source: Source, locator: str = "第2段") -> Citation:
    return Citation.objects.create(**about(subject), source=source, locator=locator, locator_en="paragraph 2")


def make_note(subject: Record, **fields: Any) -> DataQualityNote:
    note: DataQualityNote = make(DataQualityNote, **fields)
    DataQualityNoteSubject.objects.create(note=note, **about(subject))
    return note


def make_stage(project: Project, stage: str, as_of: date, precision: str = "month", **fields: Any) -> ProjectStage:
    own: dict[str, Any] = {"words": "在建", "locator": "第3段"}
    if "source" not in fields:
        own["source"] = make(Source)
    return ProjectStage.objects.create(project=project, stage=stage, as_of=as_of, as_of_precision=precision, **own | fields)


def make_one_of_each() -> dict[type[Any], Any]:
    """One record of every kind that the API serves, related to the others, with evidence."""
    industry, organisation, source = make(Industry), make(Organisation), make(Source, published_on=date(2021, 12, 1))
    cluster = make(Cluster, geom=geometry("POINT(112.4 38.0)"), location_precision="town")
    park = make(
        Park,
        parent=make(Park),
        geom=geometry("POLYGON((112 38,112 38.1,112.1 38.1,112.1 38,112 38))"),
        location_precision="schematic",
    )
    park.counties.set([county("140122"), county()])
    park.clusters.set([cluster])
    park.industries.set([industry])
    scheme = make(StructureScheme, source=source)
    element = make(StructureElement, scheme=scheme, geom=geometry("LINESTRING(112 38,113 39)"), location_precision="schematic")
    element.parks.set([park])
    line = make(ControlLineType)
    rule = make(PlanRule, line=line)
    chain = make(IndustryChain)
    for order in (2, 1):
        make(ChainLink, chain=chain, sort_order=order, name=f"环节{order}")
    project = make(
        Project,
        county=county(),
        park=park,
        cluster=cluster,
        industry=industry,
        stage="building",
        stage_as_of=date(2022, 3, 1),
        geom=geometry("POINT(112.5 38.0)"),
        location_precision="village",
    )
    project.organisations.set([organisation])
    make_stage(project, "building", date(2022, 3, 1), source=source)
    records = [
        *(Zone.objects.get(), county(), Town.objects.first(), Place.objects.first()),
        *(industry, organisation, source, cluster, park, scheme, element, line, rule, chain, project),
        make(StartUpArea, county=county(), park=park),
        make(LandLedger, county=county()),
        make(ReportedTotal, county=county()),
        make(Indicator, unit="percent", base_year=2020, target_year=2025),
        make(TransportWork, geom=geometry("MULTILINESTRING((112 38,113 39),(113 39,113 40))"), location_precision="schematic"),
        make(InfrastructureWork),
        make(EnvironmentMeasure),
        make(Platform),
        make(SpecialisedTown),
        make(CulturalSite),
        make(Policy, issued_on=date(2022, 4, 1)),
        make(Mechanism),
        make(Milestone, happened_on=date(2021, 12, 1), happened_precision="month"),
        make(Measure),
        make(DataQualityNote),
    ]
    measure = make(Measure)
    for record in records:
        make_statement(record, "6.23", measure=measure, source=source, as_of=date(2021, 12, 1), as_of_precision="month")
        make_statement(record, "11569.53", "mu", measure=measure)
        make_citation(record, source)
        make_note(record)
    found = {type(record): record for record in records}
    return found | {Statement: Statement.objects.first()}


def make_release(theme: str, begins: date | None = date(2026, 1, 1), **fields: Any) -> Release:
    """A release of a theme, in force from ``begins`` on, or a draft without it."""
    number = next(_numbers)
    own: dict[str, Any] = {
        "code": f"release-{number}",
        "title": f"发布{number}",
        "issued_by": "某市自然资源局",
        "document": f"并自然资发〔2026〕{number}号",
        "data_date": date(2025, 12, 31),
    }
    release = Release.objects.create(**own | {"theme": theme} | fields)
    if begins:
        Activation.objects.create(release=release, theme=theme, begins=begins, made_by="test")
    return release


def make_line(release: Release, geom: GEOSGeometry, **fields: Any) -> ControlLine:
    """An area of a release; ``geom`` is a polygon or a multipolygon."""
    number = next(_numbers)
    shape = geom if geom.geom_type == "MultiPolygon" else MultiPolygon(geom, srid=STORAGE_SRID)
    own: dict[str, Any] = {"code": f"line-{number}", "name": f"图斑{number}"}
    return ControlLine.objects.create(**own | {"release": release, "theme": release.theme, "geom": shape} | fields)
