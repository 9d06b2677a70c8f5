"""The panel that the map shows for a record: a fragment of HTML, not a page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from projects.models import Project
from zones.evidence import figure_groups, in_words
from zones.fields import fields_of, location_sentence, related_to
from zones.models import (
    Cluster,
    County,
    Located,
    LocationPrecision,
    Park,
    Place,
    Record,
    StartUpArea,
    StructureElement,
    Town,
    TransportWork,
)
from zones.models.records import kind_of


@dataclass(frozen=True)
class Panel:
    """What a panel tells of a kind: these fields, and how many records of these relations."""

    model: type[Record]
    fields: tuple[str, ...]
    related: tuple[str, ...] = ()


PANELS = {
    kind_of(panel.model): panel
    for panel in (
        Panel(County, ("prefecture", "functional_class"), ("projects", "parks", "clusters", "start_up_areas", "transport_works")),
        Panel(
            Park, ("level", "status", "kind", "counties", "industries", "location_text"), ("projects", "start_up_areas", "parts")
        ),
        Panel(Cluster, ("level", "kind", "counties", "industries", "location_text"), ("projects", "parks", "parts")),
        Panel(StartUpArea, ("county", "town", "park", "location_text")),
        Panel(StructureElement, ("scheme", "kind", "counties", "location_text")),
        Panel(TransportWork, ("mode", "state", "counties", "location_text"), ("parts",)),
        Panel(Place, ("kind", "county", "accuracy_text", "origin")),
        Panel(Town, ("county", "is_development_town", "is_added_key_town", "accuracy_text", "origin")),
        Panel(Project, ("kind", "stage", "county", "park", "cluster", "industry", "location_text")),
    )
}


@require_safe
def panel(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    shown = PANELS.get(kind)
    record = _record(shown, request.user, code) if shown else None
    if shown is None or record is None:
        return render(request, "portal/panel_missing.html", status=404)
    statements = list(record.statements.all())
    context = {
        "record": record,
        "kind": kind,
        "kind_label": capfirst(str(record._meta.verbose_name)),
        "shows_stage": isinstance(record, Project),
        "fields": list(fields_of(record, shown.fields)),
        "figure_groups": figure_groups(statements),
        "in_words": in_words(statements),
        "location_sentence": location_sentence(record) if isinstance(record, Located) else "",
        "related": [(item.label, len(item.records)) for item in related_to(record, shown.related)],
        "projects": known_to_county_only(record, request.user) if isinstance(record, County) else [],
    }
    return render(request, "portal/panel.html", context)


def _record(shown: Panel, user: Any, code: str) -> Record | None:
    records = shown.model.objects.visible_to(user)
    return records.with_evidence().with_fields(*shown.fields).filter(code=code).first()


def known_to_county_only(county: County, user: Any) -> list[Project]:
    """Projects of which no source tells more than the county: the map has no place for them but this list."""
    vague = [LocationPrecision.COUNTY, LocationPrecision.UNKNOWN]
    projects = Project.objects.visible_to(user).filter(county=county, location_precision__in=vague)
    return list(projects.without_geometry())
