"""What the plan holds beside its areas: structure, indicators, and a list for each remaining kind of record."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from projects.models import Project, ReportedTotal
from zones.evidence import FigureGroup, figure_groups, in_words
from zones.fields import Field, fields_of
from zones.locator import Locator, locator
from zones.models import (
    Cluster,
    ControlLineType,
    County,
    CulturalSite,
    DataQualityNote,
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
from zones.models.records import kind_of


@dataclass(frozen=True)
class Listing:
    """How the records of a kind are listed: under which field, with which facts."""

    model: type[Record]
    facts: tuple[str, ...] = ()
    group_by: str = ""
    parts: str = ""  # relation to what belongs to each record and is listed in it
    notice: str | Promise = ""

    @property
    def kind(self) -> str:
        return kind_of(self.model)

    @property
    def title(self) -> str:
        return capfirst(str(self.model._meta.verbose_name_plural))


LISTINGS = [
    Listing(StartUpArea, ("county", "town", "park", "location_text")),
    Listing(Town, ("is_development_town", "is_added_key_town"), "county"),
    Listing(
        ControlLineType,
        parts="rules",
        notice=_("The lines themselves have not been published: the portal holds their rules and no geometry yet."),
    ),
    Listing(LandLedger, ("county", "park")),
    Listing(TransportWork, ("state", "parent", "counties", "location_text"), "mode"),
    Listing(InfrastructureWork, ("counties",), "kind"),
    Listing(EnvironmentMeasure, ("counties",), "theme"),
    Listing(IndustryChain, ("counties", "clusters"), "kind", parts="links"),
    Listing(SpecialisedTown, ("level", "county", "location_text"), "kind"),
    Listing(CulturalSite, ("grade", "counties", "location_text"), "kind"),
    Listing(Platform, ("counties",)),
    Listing(Organisation, ("counties", "clusters"), "kind"),
    Listing(
        Policy,
        ("document_number", "issued_on", "parent"),
        "tier",
        notice=_("The zone's own documents form a 1+3+N structure: one guiding opinion, three plans, N implementation measures."),
    ),
    Listing(Mechanism, ("counties",)),
    Listing(Milestone, ("happened_on", "counties")),
    Listing(ReportedTotal, ("county",), notice=_("Kept apart from the register and never added to it.")),
    Listing(Industry),
    Listing(Measure),
    Listing(Place, ("county", "accuracy_text", "origin"), "kind"),
]
OWN_LISTS: list[tuple[type[Record], str]] = [
    (County, "counties"),
    (Park, "parks"),
    (Cluster, "clusters"),
    (Project, "projects"),
    (StructureScheme, "structure"),
    (Indicator, "indicators"),
    (Source, "sources"),
    (DataQualityNote, "data-quality"),
]
BY_KIND = {listing.kind: listing for listing in LISTINGS}


@dataclass(frozen=True)
class Entry:
    """A record of a list with all that is known of it."""

    record: Record
    fields: list[Field]
    figure_groups: list[FigureGroup]
    in_words: list[Statement]
    parts: list["Entry"] = field(default_factory=list)


@dataclass
class Group:
    label: str | Record
    anchor: str
    entries: list[Entry] = field(default_factory=list)


def entry(record: Record, facts: Iterable[str] = (), parts: Iterable[Record] = ()) -> Entry:
    statements = list(record.statements.all())
    known = [item for item in fields_of(record, facts) if item.values]
    return Entry(record, known, figure_groups(statements), in_words(statements), [entry(part) for part in parts])


@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """The index: the zone itself, then every kind of record with its count."""
    addresses = [
        *((model, reverse(name)) for model, name in OWN_LISTS),
        *((listing.model, reverse("plan-kind", args=[listing.kind])) for listing in LISTINGS),
    ]
    context = {
        "zones": [entry(zone) for zone in Zone.objects.with_evidence()],
        "pages": [
            (capfirst(str(model._meta.verbose_name_plural)), address, model._default_manager.count())
            for model, address in addresses
        ],
    }
    return render(request, "portal/plan.html", context)


@require_safe
def plan_kind(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in BY_KIND:
        raise Http404
    listing = BY_KIND[kind]
    grouping = (listing.group_by,) if listing.group_by else ()
    records = listing.model._default_manager.with_evidence().with_fields(*listing.facts, *grouping)
    if listing.parts:
        part_model: Any = listing.model._meta.get_field(listing.parts).related_model
        records = records.prefetch_related(Prefetch(listing.parts, part_model._default_manager.with_evidence()))
    groups: dict[str, Group] = {}
    for record in records:
        heading = next((value for item in fields_of(record, grouping) for value in item.values), "")
        group = groups.setdefault(str(heading), Group(heading, f"group-{len(groups) + 1}"))
        group.entries.append(entry(record, listing.facts, getattr(record, listing.parts).all() if listing.parts else ()))
    context = {
        "listing": listing,
        "groups": _in_order(listing, list(groups.values())),
        "count": sum(len(group.entries) for group in groups.values()),
        "loose_rules": _rules_of_no_line() if listing.model is ControlLineType else [],
        "templates": [f"portal/records/{kind}.html", "portal/records/record.html"],
    }
    return render(request, "portal/plan_kind.html", context)


def _in_order(listing: Listing, groups: list[Group]) -> list[Group]:
    """Groups under a field with choices in the order of the choices; what has none comes last. Others as they are."""
    choices = getattr(listing.model._meta.get_field(listing.group_by), "choices", None) if listing.group_by else None
    labels = [capfirst(str(label)) for _value, label in choices or ()]
    return sorted(groups, key=lambda group: [*labels, ""].index(str(group.label))) if labels else groups


def _rules_of_no_line() -> list[Entry]:
    return [entry(rule) for rule in PlanRule.objects.filter(line=None).with_evidence()]


ELEMENT_FIELDS = ("counties", "parks", "clusters", "location_text")


@dataclass(frozen=True)
class Scheme:
    """A spatial structure with its elements in order, and its map."""

    record: StructureScheme
    itself: Entry
    entries: list[Entry]
    map: Locator


@require_safe
def structure(request: HttpRequest) -> HttpResponse:
    # The maps need the geometry of the elements, which with_fields leaves out.
    elements = StructureElement.objects.with_evidence().with_fields(*ELEMENT_FIELDS).defer(None)
    schemes = StructureScheme.objects.with_evidence().select_related("source").prefetch_related(Prefetch("elements", elements))
    land = locator()
    context = {"schemes": [_scheme(record, land) for record in schemes], "land": land}
    return render(request, "zones/structure.html", context)


def _scheme(record: StructureScheme, land: Locator) -> Scheme:
    elements = list(record.elements.all())
    entries = [entry(element, ELEMENT_FIELDS) for element in elements]
    return Scheme(record, entry(record), entries, land.numbering(elements))


@dataclass(frozen=True)
class IndicatorRow:
    """An indicator with the statements that give its base, its target and what is known in words."""

    record: Indicator
    bases: list[Statement]
    targets: list[Statement]
    in_words: list[Statement]

    @property
    def valued(self) -> list[Statement]:
        return [*self.bases, *self.targets]


@require_safe
def indicators(request: HttpRequest) -> HttpResponse:
    rows = [_indicator_row(record) for record in Indicator.objects.with_evidence()]
    measured = [row for row in rows if row.valued]
    context = {
        "themes": [
            (label, [row for row in measured if row.record.theme == theme])
            for theme, label in Indicator.Theme.choices
            if any(row.record.theme == theme for row in measured)
        ],
        "count": len(rows),
        "qualitative": [row for row in rows if not row.valued],
    }
    return render(request, "zones/indicators.html", context)


def _indicator_row(record: Indicator) -> IndicatorRow:
    statements = list(record.statements.all())
    ahead = {Statement.Nature.PLANNED, Statement.Nature.TARGET}
    valued = [statement for statement in statements if statement.value is not None]
    return IndicatorRow(
        record,
        bases=[statement for statement in valued if statement.nature not in ahead],
        targets=[statement for statement in valued if statement.nature in ahead],
        in_words=in_words(statements),
    )
