"""The published map layers, each declared once. The map page, its legend and its scripts walk this list.

Colours are names of tokens in static/css/map.css (they follow dark mode), widths and dashes are in px, and a mark is
the name of a shape in templates/portal/map_marks.html, which map and legend share.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Choices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.models import Stage
from zones.models import StructureElement, TransportWork

PAGE_SIZE = 1000


class Group(StrEnum):
    """The groups of the layer control, in its order."""

    PROJECTS = "projects"
    PLAN_AREAS = "plan_areas"
    STRUCTURE = "structure"
    TRANSPORT = "transport"
    BASE = "base"


GROUP_TITLES: dict[Group, Promise] = {
    Group.PROJECTS: _("Project register"),
    Group.PLAN_AREAS: _("Plan areas"),
    Group.STRUCTURE: _("Spatial structure"),
    Group.TRANSPORT: _("Transport"),
    Group.BASE: _("Base map"),
}


class Geometry(StrEnum):
    POINT = "point"
    LINE = "line"
    AREA = "area"
    MIXED = "mixed"


@dataclass(frozen=True)
class Symbol:
    """How the features with one ``value`` of the layer's ``symbol_field`` are drawn and named in the legend."""

    value: str
    label: str | Promise
    colour: str
    width: float = 1.5
    dash: str = ""
    fill: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Label:
    """Which property names a feature on the map, and from which zoom on."""

    min_zoom: float
    field: str = "name"


@dataclass(frozen=True)
class Layer:
    """One published layer.

    ``url`` answers with GeoJSON whose features carry ``code``, ``name`` and ``location_precision``. ``record_kind`` is
    the kind of its records in the address of the facts panel, empty when they have none. ``symbols`` have their own
    legend entry each when there is a ``symbol_field``; without one there is a single symbol for all. Point symbols of
    ``grouped`` layers never cover each other; those of others are ground that may be covered.
    """

    id: str
    group: Group
    title: Promise
    url: str
    record_kind: str
    geometry: Geometry
    symbols: tuple[Symbol, ...]
    source_note: Promise
    symbol_field: str = ""
    label: Label | None = None
    min_zoom: float = 0
    max_zoom: float = 24
    visible: bool = True
    grouped: bool = True
    schematic: bool = False

    def for_scripts(self) -> dict[str, Any]:
        """What the scripts of the map page need of it, as JSON; labels in the language of the request."""
        return {
            "id": self.id,
            "title": str(self.title),
            "url": self.url,
            "kind": self.record_kind,
            "geometry": self.geometry,
            "symbolField": self.symbol_field,
            "symbols": [
                {
                    "value": symbol.value,
                    "label": str(symbol.label),
                    "colour": symbol.colour,
                    "width": symbol.width,
                    "dash": symbol.dash,
                    "fill": symbol.fill,
                    "mark": symbol.mark,
                }
                for symbol in self.symbols
            ],
            "label": {"field": self.label.field, "minZoom": self.label.min_zoom} if self.label else None,
            "minZoom": self.min_zoom,
            "maxZoom": self.max_zoom,
            "visible": self.visible,
            "grouped": self.grouped,
        }


def _collection(name: str) -> str:
    return f"/api/v1/{name}/?f=geojson&limit={PAGE_SIZE}"


def _stages() -> Iterator[Symbol]:
    for stage in Stage:
        yield Symbol(stage.value, stage.label, f"--stage-{stage.value}", mark=f"stage-{stage.value}")
    yield Symbol("", _("stage not told"), "--stage-unknown", mark="stage-unknown")


def _symbol(choice: Choices, colour: str, *, width: float = 1.5, dash: str = "", mark: str = "") -> Symbol:
    return Symbol(str(choice.value), choice.label, colour, width=width, dash=dash, mark=mark)


_APPROXIMATE = _("Places are approximate: no document gives coordinates.")
_SCHEMATIC = _("Lines are schematic: drawn through named places, not surveyed.")
_Kind = StructureElement.Kind
_Mode = TransportWork.Mode

LAYERS: tuple[Layer, ...] = (
    Layer(
        id="projects",
        group=Group.PROJECTS,
        title=_("Projects"),
        url=_collection("projects"),
        record_kind="project",
        geometry=Geometry.POINT,
        symbol_field="stage",
        symbols=tuple(_stages()),
        source_note=_("The projects that the documents name, by the latest stage that they tell."),
        label=Label(min_zoom=11),
    ),
    Layer(
        id="parks",
        group=Group.PLAN_AREAS,
        title=_("Parks"),
        url=_collection("parks"),
        record_kind="park",
        geometry=Geometry.POINT,
        symbols=(Symbol("", _("Park or development zone"), "--map-park", mark="park"),),
        source_note=_APPROXIMATE,
        label=Label(min_zoom=10),
        schematic=True,
    ),
    Layer(
        id="clusters",
        group=Group.PLAN_AREAS,
        title=_("Industrial clusters"),
        url=_collection("clusters"),
        record_kind="cluster",
        geometry=Geometry.POINT,
        symbols=(Symbol("", _("Industrial cluster or plate"), "--map-cluster", mark="cluster"),),
        source_note=_APPROXIMATE,
        label=Label(min_zoom=10.5),
        visible=False,
        schematic=True,
    ),
    Layer(
        id="start-up-areas",
        group=Group.PLAN_AREAS,
        title=_("Start-up areas"),
        url=_collection("start-up-areas"),
        record_kind="startuparea",
        geometry=Geometry.POINT,
        symbols=(Symbol("", _("Start-up area"), "--map-start-up", mark="start-up"),),
        source_note=_APPROXIMATE,
        label=Label(min_zoom=10.5),
        visible=False,
        schematic=True,
    ),
    Layer(
        id="structure",
        group=Group.STRUCTURE,
        title=_("Cores, axes, barriers and corridors"),
        url=_collection("structure-elements"),
        record_kind="structureelement",
        geometry=Geometry.MIXED,
        symbol_field="kind",
        symbols=(
            _symbol(_Kind.CORE, "--map-core", mark="core"),
            _symbol(_Kind.AXIS, "--map-axis", width=5, dash="14 7"),
            _symbol(_Kind.GROUP, "--map-group", mark="group"),
            _symbol(_Kind.PLATE, "--map-group", mark="plate"),
            _symbol(_Kind.NODE, "--map-group", mark="node"),
            _symbol(_Kind.BARRIER, "--map-barrier", width=7, dash="2 5"),
            _symbol(_Kind.CORRIDOR, "--map-corridor", width=4, dash="1 7 10 7"),
            _symbol(_Kind.BLOCK, "--map-barrier", mark="block"),
            _symbol(_Kind.PLATFORM, "--map-group", mark="platform"),
        ),
        source_note=_SCHEMATIC,
        label=Label(min_zoom=8.5),
        visible=False,
        schematic=True,
    ),
    Layer(
        id="transport",
        group=Group.TRANSPORT,
        title=_("Railways, roads, stations, airports"),
        url=_collection("transport-works"),
        record_kind="transportwork",
        geometry=Geometry.MIXED,
        symbol_field="mode",
        symbols=(
            _symbol(_Mode.RAIL, "--map-rail", width=1.75, dash="7 3"),
            _symbol(_Mode.URBAN_RAIL, "--map-urban-rail", width=1.75, dash="2 3"),
            _symbol(_Mode.EXPRESSWAY, "--map-expressway", width=2, dash="12 3"),
            _symbol(_Mode.ROAD, "--map-road", width=1.25, dash="4 3"),
            _symbol(_Mode.STATION, "--map-rail", mark="station"),
            _symbol(_Mode.AIRPORT, "--map-rail", mark="airport"),
            _symbol(_Mode.HUB, "--map-rail", mark="hub"),
        ),
        source_note=_SCHEMATIC,
        label=Label(min_zoom=10),
        schematic=True,
    ),
    Layer(
        id="towns",
        group=Group.BASE,
        title=_("Towns"),
        url=_collection("towns"),
        record_kind="town",
        geometry=Geometry.POINT,
        symbols=(Symbol("", _("Town or subdistrict"), "--map-town", mark="town"),),
        source_note=_("Centres of townships, some kilometres off their seats."),
        label=Label(min_zoom=10),
        min_zoom=9,
        visible=False,
        grouped=False,
    ),
    Layer(
        id="rivers",
        group=Group.BASE,
        title=_("Rivers"),
        url="/map/rivers.geojson",
        record_kind="",
        geometry=Geometry.LINE,
        symbols=(Symbol("", _("River"), "--map-river", width=1.75),),
        source_note=_("Scale 1:4,000,000, about 1 km off the real river."),
        label=Label(min_zoom=8),
    ),
    Layer(
        id="counties",
        group=Group.BASE,
        title=_("Counties"),
        url=_collection("counties"),
        record_kind="county",
        geometry=Geometry.AREA,
        symbols=(Symbol("", _("County, city or district"), "--map-county", width=1, fill="--map-land"),),
        source_note=_("Whole counties, generalised by about 110 m: for display, not for compliance."),
        label=Label(min_zoom=0),
    ),
)


@dataclass(frozen=True)
class LayerGroup:
    id: str
    title: Promise
    layers: tuple[Layer, ...]


def layer_groups() -> tuple[LayerGroup, ...]:
    return tuple(
        LayerGroup(group.value, GROUP_TITLES[group], tuple(layer for layer in LAYERS if layer.group is group)) for group in Group
    )
