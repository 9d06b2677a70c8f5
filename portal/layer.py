"""What a published layer is: where its rows come from, which fields they have, how they are drawn.

Colours are names of tokens in static/css/map.css (they follow dark mode), widths and dashes are in px, and a mark is
the name of a shape in templates/portal/map_marks.html, which map and legend share.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import QuerySet, Value
from django.db.models.functions import Cast, NullIf
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zones.models import PublishedQuerySet
from zones.selectors import code_of


class Group(StrEnum):
    """The groups of the layer control, in its order."""

    PROJECTS = "projects"
    PLAN_AREAS = "plan_areas"
    CONTROL_LINES = "control_lines"
    STRUCTURE = "structure"
    TRANSPORT = "transport"
    BASE = "base"


GROUP_TITLES: dict[Group, Promise] = {
    Group.PROJECTS: _("Project register"),
    Group.PLAN_AREAS: _("Plan areas"),
    Group.CONTROL_LINES: _("Control lines"),
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


class FieldType(StrEnum):
    """What a property holds in every format; each may be null."""

    TEXT = "text"
    TEXTS = "texts"  # a list of texts
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


@dataclass(frozen=True)
class Field:
    """A property of a layer's features, under one name on every surface.

    ``expression`` gives it in a queryset of the layer's model. ``unit`` is a key of lib.units.UNITS.
    """

    name: str
    label: str | Promise
    type: FieldType
    expression: Any
    unit: str = ""
    choices: tuple[tuple[str, str | Promise], ...] = ()


_TYPES: list[tuple[type[Any], FieldType]] = [
    (models.BooleanField, FieldType.BOOLEAN),
    (models.DateField, FieldType.DATE),
    (models.IntegerField, FieldType.INTEGER),
    (models.DecimalField, FieldType.NUMBER),
]


def field_of(model: type[models.Model], name: str, unit: str = "") -> Field:
    """The property that repeats a field of the model: a reference by the code of the other record, an empty text as null."""
    field: Any = model._meta.get_field(name)
    label = field.verbose_name
    if field.many_to_many:
        return Field(name, label, FieldType.TEXTS, code_of(field))
    if field.is_relation:
        return Field(name, label, FieldType.TEXT, code_of(field))
    if hasattr(field, "base_field"):
        return Field(name, label, FieldType.TEXTS, models.F(name))
    kind = next((kind for parent, kind in _TYPES if isinstance(field, parent)), FieldType.TEXT)
    expression: Any = models.F(name)
    if kind is FieldType.NUMBER:
        expression = Cast(name, models.FloatField())
    elif kind is FieldType.TEXT and field.blank:
        expression = NullIf(name, Value(""), output_field=models.TextField())
    return Field(name, label, kind, expression, unit, tuple(field.choices or ()))


def fields_of(model: type[models.Model], *names: str) -> tuple[Field, ...]:
    return tuple(field_of(model, name) for name in names)


@dataclass(frozen=True)
class Aggregate:
    """Points below ``below_zoom`` are counted by cell in tiles, and the ``sums`` (names of fields) added up.

    ``grid`` is where the database keeps that for all zooms below, else it is counted for each tile: a model like ProjectCell,
    with ``zoom``, ``x``, ``y``, ``count`` and for each sum a column of its name and one of its name with ``_count`` after it.
    """

    below_zoom: int
    sums: tuple[str, ...] = ()
    grid: type[models.Model] | None = None


@dataclass(frozen=True, eq=False)  # each is one of its kind; to compare all that it holds would cost time on every request
class Layer:
    """One published layer: the only place that a surface learns of it.

    ``queryset`` has its rows, of a model with a ``code`` and a ``name``; who may see which of them is the queryset's
    ``visible_to(user)``, None for what is drawn from ``drawn_from`` and never asked about. ``geometry_field`` is in
    the storage CRS, any geometry null where the place is not known. ``tile_fields`` are what a tile carries beside
    ``code`` and ``name``. ``copies`` are columns in Web Mercator that tiles draw instead: (last zoom, column), coarse
    first. ``datetime_field`` is the date that the OGC parameter ``datetime`` asks for. ``filterset`` is what lists and
    exports filter by. ``record_kind`` is the kind of its records in the address of the facts panel, empty when they
    have none. ``symbols`` have their own legend entry each when there is a ``symbol_field``; without one there is a
    single symbol for all. Point symbols of ``grouped`` layers never cover each other; those of others are ground that
    may be covered.
    """

    id: str
    group: Group
    title: Promise
    geometry: Geometry
    symbols: tuple[Symbol, ...]
    source_note: Promise
    queryset: PublishedQuerySet[Any] | None = None
    geometry_field: str = "geom"
    fields: tuple[Field, ...] = ()
    tile_fields: tuple[str, ...] = ()
    copies: tuple[tuple[int, str], ...] = ()
    aggregate: Aggregate | None = None
    datetime_field: str = ""
    filterset: Any = None
    drawn_from: str = ""
    record_kind: str = ""
    symbol_field: str = ""
    label: Label | None = None
    min_zoom: float = 0
    max_zoom: float = 24
    visible: bool = True
    grouped: bool = True
    schematic: bool = False

    def visible_to(self, user: Any) -> QuerySet[Any]:
        """The rows that the reader may know of. Errors: LookupError for a layer that has none."""
        if self.queryset is None:
            raise LookupError(self.id)
        return self.queryset.visible_to(user)

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    def chosen(self, names: Iterable[str]) -> tuple[Field, ...]:
        wanted = set(names)
        return tuple(field for field in self.fields if field.name in wanted)

    @property
    def url(self) -> str:
        """Where the map's scripts read all of its features."""
        return self.drawn_from or reverse("ogc-items", args=[self.id]) + "?f=json&limit=1000"

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
