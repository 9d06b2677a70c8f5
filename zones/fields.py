"""The fields of a record as labelled values that a page can show, whatever its kind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.figures import partial_date

from .models import Located, Record
from .models.records import kind_of

UNSTATED = {"unstated", "unknown"}  # choices that say that no source tells


@dataclass(frozen=True)
class Field:
    """``values`` are texts and, for references, records; none when no source tells."""

    label: str
    values: list[str | Record]


def fields_of(record: Record, names: Iterable[str]) -> Iterator[Field]:
    """The named fields in that order; a flag that isn't set is left out."""
    for name in names:
        field = record._meta.get_field(name)
        if not isinstance(field, models.Field):
            raise TypeError(f"{name} is no field of its own of {record._meta.label}")
        if isinstance(field, models.BooleanField):
            if getattr(record, name):
                yield Field(capfirst(str(field.verbose_name)), [_("yes")])
            continue
        yield Field(capfirst(str(field.verbose_name)), list(_values(record, field)))


def _values(record: Record, field: "models.Field[Any, Any]") -> Iterator[str | Record]:
    value = getattr(record, field.name)
    if isinstance(field, models.ManyToManyField):
        yield from value.all()
    elif value in (None, "", *UNSTATED):
        return
    elif isinstance(value, Record):
        yield value
    elif isinstance(value, list):
        yield from value
    elif field.choices:
        yield capfirst(str(getattr(record, f"get_{field.name}_display")()))
    elif isinstance(value, date):
        yield _date(record, field.name, value)
    elif hasattr(record, f"{field.name}_en"):
        yield record.in_language(field.name)
    else:
        yield str(value)


def _date(record: Record, name: str, value: date) -> str:
    stem = name.removesuffix("_on")
    shown = partial_date(value, getattr(record, f"{stem}_precision", "day"))
    return _("%(date)s (inferred)") % {"date": shown} if getattr(record, f"{stem}_inferred", False) else shown


@dataclass(frozen=True)
class Related:
    """The records of one kind that refer to another record."""

    anchor: str
    label: str
    records: list[Record]


# What tells two records of a kind apart at a glance.
HINTS: dict[str, tuple[str, ...]] = {
    "cluster": ("level", "kind"),
    "park": ("level", "status"),
    "structureelement": ("scheme", "kind"),
    "industrychain": ("kind",),
    "organisation": ("kind",),
    "specialisedtown": ("kind", "level"),
    "culturalsite": ("kind", "grade"),
    "transportwork": ("mode", "state"),
    "infrastructurework": ("kind",),
    "environmentmeasure": ("theme",),
    "milestone": ("happened_on",),
    "town": ("is_development_town", "is_added_key_town"),
}


def related_to(record: Record, names: Iterable[str]) -> list[Related]:
    """The records behind these reverse relations, without geometry; relations with none are left out."""
    found = []
    for name in names:
        records = getattr(record, name).all()
        hints = [hint for hint in HINTS.get(kind_of(records.model), ()) if records.model._meta.get_field(hint).is_relation]
        listed = list(records.with_fields(*hints))
        if listed:
            found.append(Related(f"related-{name}", capfirst(str(records.model._meta.verbose_name_plural)), listed))
    return found


def hint_of(record: Record) -> str:
    """A few words beside the name: level and status of a park, mode and state of a road."""
    return words_of(record, HINTS.get(kind_of(record), ()))


def words_of(record: Record, names: Iterable[str]) -> str:
    words = []
    for field in fields_of(record, names):
        words += [field.label if value == _("yes") else str(value) for value in field.values]
    return " · ".join(words)


LOCATION_PRECISIONS = {
    "site": gettext_lazy("The point is the site."),
    "village": gettext_lazy("Approximate: the point is that of the village."),
    "town": gettext_lazy("Approximate: the point is that of the town."),
    "county": gettext_lazy("Only the county is known."),
    "schematic": gettext_lazy("Schematic: drawn by the portal from the words of the source."),
    "unknown": gettext_lazy("No source says where."),
}


def location_sentence(record: Located) -> str:
    """How good the location is, as a sentence."""
    return str(LOCATION_PRECISIONS[record.location_precision])
