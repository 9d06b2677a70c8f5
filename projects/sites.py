"""The records with a site of their own, which can be checked. Of the others only an approximate place is known, or none."""

from typing import Any

from django.contrib.gis.db.models.functions import IsEmpty, NumPoints
from django.db.models import CharField, F, Func, Q, QuerySet

from zones.models import LocationPrecision
from zones.sitecheck.site import MOST_VERTICES

from .models import Parcel, Project

KINDS: dict[str, Any] = {"project": Project, "parcel": Parcel}

# A mixture of them has no dimension to measure it by.
_TYPES = ["POINT", "MULTIPOINT", "LINESTRING", "MULTILINESTRING", "POLYGON", "MULTIPOLYGON"]


def records_of(kind: str, user: Any) -> QuerySet[Any]:
    records: QuerySet[Any] = KINDS[kind].objects.visible_to(user)
    return records


def sites_of(kind: str, user: Any) -> QuerySet[Any]:
    """The records of a kind that ``user`` may see and that a site check takes as they are."""
    surveyed = Q(location_precision=LocationPrecision.SITE) if kind == "project" else Q()
    shape = {"type_of_geom": Func(F("geom"), function="GeometryType", output_field=CharField()), "points": NumPoints("geom")}
    sites: QuerySet[Any] = records_of(kind, user).filter(surveyed, geom__isnull=False).alias(**shape, nothing=IsEmpty("geom"))
    return sites.filter(nothing=False, type_of_geom__in=_TYPES, points__lte=MOST_VERTICES)


def table_of(kind: str) -> str:
    return str(KINDS[kind]._meta.db_table)


def sites_sql(kind: str) -> str:
    """What zones.sitecheck.facts.gather_stored reads."""
    return f"SELECT id, geom FROM {table_of(kind)}"
