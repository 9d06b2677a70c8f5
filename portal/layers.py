"""The published layers, each declared once. Map, legend, tiles, OGC API, identify, search and export walk this list."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Choices, F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.filters import ParcelFilter, ProjectFilter
from projects.models import Parcel, Project, ProjectCell, Stage
from zones.filters import (
    ClusterFilter,
    ControlLineFilter,
    CountyFilter,
    ParkFilter,
    StartUpAreaFilter,
    StructureElementFilter,
    TownFilter,
    TransportWorkFilter,
)
from zones.models import Cluster, ControlLine, County, Park, StartUpArea, StructureElement, Town, TransportWork

from .layer import GROUP_TITLES, Aggregate, Field, FieldType, Geometry, Group, Label, Layer, Symbol, field_of, fields_of


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

RECORD = ("code", "name", "name_en", "aliases", "summary", "summary_en")
LOCATED = (*RECORD, "location_precision", "location_text", "location_text_en")
SHAPE = ("code", "name", "name_en")
COPIES = ((13, "coarse_3857"), (24, "fine_3857"))

LAYERS: tuple[Layer, ...] = (
    Layer(
        id="projects",
        group=Group.PROJECTS,
        title=_("Projects"),
        queryset=Project.objects.all(),
        fields=(
            *fields_of(
                Project, *LOCATED, "kind", "county", "park", "cluster", "industry", "organisations", "stage", "stage_as_of"
            ),
            field_of(Project, "investment_wan", "wan_yuan"),
        ),
        filterset=ProjectFilter,
        tile_fields=("name_en", "stage", "kind", "county", "location_precision", "investment_wan"),
        aggregate=Aggregate(below_zoom=10, sums=("investment_wan",), grid=ProjectCell),
        datetime_field="stage_as_of",
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
        queryset=Park.objects.all(),
        fields=fields_of(Park, *LOCATED, "level", "status", "kind", "parent", "counties", "industries", "clusters"),
        filterset=ParkFilter,
        tile_fields=("name_en", "location_precision"),
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
        queryset=Cluster.objects.all(),
        fields=fields_of(Cluster, *LOCATED, "level", "kind", "parent", "counties", "industries"),
        filterset=ClusterFilter,
        tile_fields=("name_en", "location_precision"),
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
        queryset=StartUpArea.objects.all(),
        fields=fields_of(StartUpArea, *LOCATED, "county", "town", "park"),
        filterset=StartUpAreaFilter,
        tile_fields=("name_en", "location_precision"),
        record_kind="startuparea",
        geometry=Geometry.POINT,
        symbols=(Symbol("", _("Start-up area"), "--map-start-up", mark="start-up"),),
        source_note=_APPROXIMATE,
        label=Label(min_zoom=10.5),
        visible=False,
        schematic=True,
    ),
    Layer(
        id="parcels",
        group=Group.PLAN_AREAS,
        title=_("Land parcels"),
        queryset=Parcel.objects.all(),
        fields=(*fields_of(Parcel, *SHAPE, "county", "park", "state"), field_of(Parcel, "area_m2", "m2")),
        filterset=ParcelFilter,
        tile_fields=("state", "area_m2"),
        copies=COPIES,
        geometry=Geometry.AREA,
        symbol_field="state",
        symbols=(
            _symbol(Parcel.State.AVAILABLE, "--map-parcel", width=1.25),
            _symbol(Parcel.State.RESERVED, "--map-parcel", width=1.25, dash="4 3"),
            _symbol(Parcel.State.SUPPLIED, "--map-parcel", width=2),
            Symbol("", _("state not told"), "--map-parcel", width=0.75),
        ),
        source_note=_("The land ledger holds no surveyed parcel yet."),
        label=Label(min_zoom=15),
        min_zoom=10,
        visible=False,
    ),
    Layer(
        id="control-lines",
        group=Group.CONTROL_LINES,
        title=_("Control lines in force"),
        queryset=ControlLine.objects.all(),
        fields=(
            *fields_of(ControlLine, *SHAPE, "theme", "zone_class", "county", "release"),
            Field("is_demo", _("demonstration data"), FieldType.BOOLEAN, F("release__is_demo")),
        ),
        filterset=ControlLineFilter,
        tile_fields=("theme", "is_demo"),
        copies=COPIES,
        geometry=Geometry.AREA,
        symbol_field="theme",
        symbols=(
            Symbol("permanent-basic-farmland", _("Permanent basic farmland"), "--map-farmland", width=1.25, dash="2 2"),
            Symbol("ecological-redline", _("Ecological protection red line"), "--map-ecology", width=1.75, dash="8 3"),
            Symbol("urban-boundary", _("Urban growth boundary"), "--map-urban", width=2.25),
            Symbol("polluted-plots", _("Contaminated plots"), "--map-hazard", width=1.25, dash="1 3"),
            Symbol("flood", _("Flood control"), "--map-water", width=1.75, dash="12 2 2 2"),
            Symbol("heritage", _("Heritage"), "--map-heritage", width=1.75, dash="6 2 1 2"),
            Symbol("nature-reserves", _("Nature reserves"), "--map-ecology", width=1.25, dash="4 4"),
            Symbol("mining", _("Mining"), "--map-hazard", width=1.75, dash="10 4"),
            Symbol("", _("Other bounds"), "--map-park", width=1.25),
        ),
        source_note=_("The releases in force today; demonstration data are marked. What has no release is not drawn: no data."),
        visible=False,
    ),
    Layer(
        id="structure",
        group=Group.STRUCTURE,
        title=_("Cores, axes, barriers and corridors"),
        queryset=StructureElement.objects.all(),
        fields=fields_of(StructureElement, *LOCATED, "scheme", "kind", "counties", "parks", "clusters"),
        filterset=StructureElementFilter,
        tile_fields=("name_en", "kind", "location_precision"),
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
        queryset=TransportWork.objects.all(),
        fields=fields_of(TransportWork, *LOCATED, "mode", "state", "parent", "counties"),
        filterset=TransportWorkFilter,
        tile_fields=("name_en", "mode", "state", "location_precision"),
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
        queryset=Town.objects.all(),
        fields=fields_of(Town, *LOCATED, "county", "is_development_town", "is_added_key_town"),
        filterset=TownFilter,
        tile_fields=("name_en", "county", "location_precision"),
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
        drawn_from="/map/rivers.geojson",
        geometry=Geometry.LINE,
        symbols=(Symbol("", _("River"), "--map-river", width=1.75),),
        source_note=_("Scale 1:4,000,000, about 1 km off the real river."),
        label=Label(min_zoom=8),
    ),
    Layer(
        id="counties",
        group=Group.BASE,
        title=_("Counties"),
        queryset=County.objects.all(),
        fields=fields_of(County, *RECORD, "zone", "prefecture", "functional_class"),
        filterset=CountyFilter,
        geometry_field="boundary",
        tile_fields=("name_en", "prefecture", "functional_class"),
        record_kind="county",
        geometry=Geometry.AREA,
        symbols=(Symbol("", _("County, city or district"), "--map-county", width=1, fill="--map-land"),),
        source_note=_("Whole counties, generalised by about 110 m: for display, not for compliance."),
        label=Label(min_zoom=0),
    ),
)


def published() -> list[Layer]:
    """The layers that have rows, in the order of the layer control."""
    return [layer for layer in LAYERS if layer.queryset is not None]


def find(layer_id: str) -> Layer | None:
    """The published layer with this id."""
    return next((layer for layer in published() if layer.id == layer_id), None)


@dataclass(frozen=True)
class LayerGroup:
    id: str
    title: Promise
    layers: tuple[Layer, ...]


def layer_groups() -> tuple[LayerGroup, ...]:
    return tuple(
        LayerGroup(group.value, GROUP_TITLES[group], tuple(layer for layer in LAYERS if layer.group is group)) for group in Group
    )
