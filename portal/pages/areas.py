"""Counties, parks and clusters: an index and a page each."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.crs import EllipsoidalArea
from projects.models import Project, ReportedTotal, Stage
from zones.evidence import figure_groups, in_words, notes_on
from zones.fields import UNSTATED, fields_of, location_sentence, related_to, words_of
from zones.locator import Locator, locator
from zones.models import Cluster, County, LandLedger, Park, Record, Statement
from zones.models.records import kind_of

STAGE_ORDER = {stage: number for number, stage in enumerate(Stage.values)}

COUNTY_RELATED = (
    "clusters",
    "parks",
    "start_up_areas",
    "structure_elements",
    "chains",
    "specialised_towns",
    "transport_works",
    "infrastructure_works",
    "environment_measures",
    "cultural_sites",
    "platforms",
    "organisations",
    "mechanisms",
    "milestones",
)
PARK_FIELDS = ("level", "status", "kind", "parent", "counties", "clusters", "industries", "location_text")
PARK_RELATED = ("parts", "start_up_areas", "structure_elements", "land_ledgers")
CLUSTER_FIELDS = ("level", "kind", "parent", "counties", "industries", "location_text")
CLUSTER_RELATED = ("parts", "parks", "chains", "organisations", "structure_elements")


@require_safe
def counties(request: HttpRequest) -> HttpResponse:
    listed = County.objects.without_geometry().annotate(
        area_m2=EllipsoidalArea("boundary"),
        project_count=Count("projects", distinct=True),
        park_count=Count("parks", distinct=True),
    )
    prefectures = [
        (label, [{"county": county, "area_km2": _area_km2(county)} for county in listed if county.prefecture == prefecture])
        for prefecture, label in County.Prefecture.choices
    ]
    return render(request, "zones/counties.html", {"prefectures": prefectures, "map": locator()})


@require_safe
def county(request: HttpRequest, code: str) -> HttpResponse:
    record = get_object_or_404(
        County.objects.with_evidence().without_geometry().annotate(area_m2=EllipsoidalArea("boundary")), code=code
    )
    projects = list(record.projects.order_by("sort_order"))
    towns = list(record.towns.all())
    context = {
        "area_km2": _area_km2(record),
        "projects_by_stage": by_stage(projects),
        "project_count": len(projects),
        "towns": [town for town in towns if town.is_development_town or town.is_added_key_town],
        "other_town_count": sum(not (town.is_development_town or town.is_added_key_town) for town in towns),
        "ledgers": _ledgers_of(record),
        "totals": with_figures(ReportedTotal.objects.filter(county=record).with_evidence()),
        "related": related_to(record, COUNTY_RELATED),
        "map": locator({record.pk}, close=True).marking(projects),
    }
    return render(request, "zones/county.html", page_of(record) | context)


def _ledgers_of(county: County) -> list[dict[str, object]]:
    """Land ledgers; one of which the county states a figure itself ``repeats`` what stands on the page already."""
    stated = {_figure(statement) for statement in county.statements.all()}
    ledgers = list(LandLedger.objects.filter(county=county).with_evidence())
    return [
        shown | {"repeats": any(_figure(statement) in stated for statement in ledger.statements.all())}
        for ledger, shown in zip(ledgers, with_figures(ledgers), strict=True)
    ]


def _figure(statement: Statement) -> tuple[object, ...]:
    return statement.measure_id, statement.value, statement.unit, statement.source_id


@require_safe
def parks(request: HttpRequest) -> HttpResponse:
    return _index(request, Park, ("kind", "status"))


@require_safe
def park(request: HttpRequest, code: str) -> HttpResponse:
    record = get_object_or_404(Park.objects.visible_to(request.user).with_evidence().with_fields(*PARK_FIELDS), code=code)
    return render(request, "zones/park.html", _area_page(record, PARK_FIELDS, PARK_RELATED))


@require_safe
def clusters(request: HttpRequest) -> HttpResponse:
    return _index(request, Cluster, ("kind",))


@require_safe
def cluster(request: HttpRequest, code: str) -> HttpResponse:
    record = get_object_or_404(Cluster.objects.visible_to(request.user).with_evidence().with_fields(*CLUSTER_FIELDS), code=code)
    return render(request, "zones/cluster.html", _area_page(record, CLUSTER_FIELDS, CLUSTER_RELATED))


def _area_page(record: Park | Cluster, fields: Iterable[str], related: Iterable[str]) -> dict[str, object]:
    projects = list(record.projects.order_by("sort_order"))
    return page_of(record) | {
        "kind": kind_of(record),
        "fields": list(fields_of(record, fields)),
        "location_sentence": location_sentence(record),
        "projects_by_stage": by_stage(projects),
        "project_count": len(projects),
        "related": related_to(record, related),
        "map": _map_of(record),
    }


def _map_of(record: Park | Cluster) -> Locator:
    """Near by where one or two counties hold it; else the whole zone."""
    counties = {county.pk for county in record.counties.all()}
    return locator(counties, close=len(counties) <= 2).marking([record])


def page_of(record: Record) -> dict[str, object]:
    """What the page of every record shows: its names, figures with sources, citations and notes."""
    statements = list(record.statements.all())
    return {
        "record": record,
        "figure_groups": figure_groups(statements),
        "figure_count": sum(statement.value is not None for statement in statements),
        "in_words": in_words(statements),
        "notes": notes_on(record),
    }


def by_stage(projects: Iterable[Project]) -> list[tuple[str, str, list[Project]]]:
    """(stage, its label, projects) in the order of the stages; projects of which no source tells a stage come last."""
    ordered = sorted(projects, key=lambda project: STAGE_ORDER.get(project.stage, len(STAGE_ORDER)))
    groups = [(stage, list(group)) for stage, group in groupby(ordered, key=lambda project: project.stage)]
    return [(stage, str(Stage(stage).label) if stage else "", group) for stage, group in groups]


def with_figures(records: Iterable[Record]) -> list[dict[str, object]]:
    return [
        {"record": record, "figure_groups": figure_groups(record.statements.all()), "in_words": in_words(record.statements.all())}
        for record in records
    ]


def _index(request: HttpRequest, model: type[Park] | type[Cluster], facts: Iterable[str]) -> HttpResponse:
    """Under the headings of their levels; ``facts`` is what a few words tell beside."""
    listed: list[Any] = list(
        model._default_manager.with_fields("counties", "industries").annotate(project_count=Count("projects"))
    )
    levels = [
        (_("Level not stated") if level in UNSTATED else label, [record for record in listed if record.level == level])
        for level, label in model.Level.choices
    ]
    context = {
        "title": capfirst(str(model._meta.verbose_name_plural)),
        "count": len(listed),
        "groups": [(label, [(record, words_of(record, facts)) for record in group]) for label, group in levels if group],
    }
    return render(request, "zones/areas.html", context)


def _area_km2(county: County) -> Decimal:
    """Of a county annotated with ``area_m2``. The boundary is generalised: more than one decimal would feign precision."""
    area_m2: float = county.area_m2  # type: ignore[attr-defined]
    return Decimal(area_m2 / 1e6).quantize(Decimal("0.1"))
