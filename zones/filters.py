"""One FilterSet a kind, for page, map, API and export."""

from typing import Any

import django_filters
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from lib.filtering import BBox, CodeFilter, OneOf, Ordering, Search, YesNo

from .models import (
    Cluster,
    ControlLineType,
    County,
    CulturalSite,
    DataQualityNote,
    DataQualityNoteSubject,
    EnvironmentMeasure,
    FunctionalClass,
    Indicator,
    Industry,
    IndustryChain,
    InfrastructureWork,
    LocationPrecision,
    Measure,
    Organisation,
    Park,
    Place,
    Policy,
    Source,
    SpecialisedTown,
    Statement,
    StructureElement,
    StructureScheme,
    Theme,
    Town,
    TransportWork,
)
from .models.records import About
from .selectors import record_models


class PrefectureFilter(OneOf):
    """Records of a prefecture's counties; ``path`` leads to the county. By subquery: a join would repeat records."""

    def __init__(self, path: str) -> None:
        super().__init__(County.Prefecture, _("prefecture"))
        self.path = path

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        counties = County.objects.filter(prefecture=value).values("pk")
        matching = queryset.model._default_manager.filter(**{f"{self.path}__in": counties})
        return queryset.filter(pk__in=matching.order_by().values("pk"))


class RecordFilter(django_filters.FilterSet):
    q = Search()
    ordering = Ordering("code", "name")


class LocatedFilter(RecordFilter):
    location_precision = OneOf(LocationPrecision, _("location precision"))
    bbox = BBox("geom")


class ZoneFilter(RecordFilter):
    bbox = BBox("boundary")


class CountyFilter(RecordFilter):
    prefecture = OneOf(County.Prefecture, _("prefecture"))
    functional_class = OneOf(FunctionalClass, _("class of main function"))
    bbox = BBox("boundary")


class PlaceFilter(RecordFilter):
    kind = OneOf(Place.Kind, _("kind"))
    county = CodeFilter(County)
    location_precision = OneOf(LocationPrecision, _("location precision"))
    bbox = BBox("point")


class TownFilter(LocatedFilter):
    county = CodeFilter(County)
    prefecture = PrefectureFilter("county")
    is_development_town = YesNo(_("town for urban development"))
    is_added_key_town = YesNo(_("added key town"))


class ClusterFilter(LocatedFilter):
    level = OneOf(Cluster.Level, _("level"))
    kind = OneOf(Cluster.Kind, _("kind"))
    parent = CodeFilter(Cluster)
    county = CodeFilter(County, "counties")
    prefecture = PrefectureFilter("counties")
    industry = CodeFilter(Industry, "industries")


class ParkFilter(LocatedFilter):
    level = OneOf(Park.Level, _("level"))
    status = OneOf(Park.Status, _("status"))
    kind = OneOf(Park.Kind, _("kind"))
    parent = CodeFilter(Park)
    county = CodeFilter(County, "counties")
    prefecture = PrefectureFilter("counties")
    cluster = CodeFilter(Cluster, "clusters")
    industry = CodeFilter(Industry, "industries")


class StartUpAreaFilter(LocatedFilter):
    county = CodeFilter(County)
    prefecture = PrefectureFilter("county")
    town = CodeFilter(Town)
    park = CodeFilter(Park)


class StructureSchemeFilter(RecordFilter):
    level = OneOf(StructureScheme.Level, _("level"))
    source = CodeFilter(Source)


class StructureElementFilter(LocatedFilter):
    scheme = CodeFilter(StructureScheme)
    kind = OneOf(StructureElement.Kind, _("kind"))
    county = CodeFilter(County, "counties")
    park = CodeFilter(Park, "parks")
    cluster = CodeFilter(Cluster, "clusters")


class PlanRuleFilter(RecordFilter):
    line = CodeFilter(ControlLineType)


class ControlLineFilter(RecordFilter):
    theme = OneOf(Theme, _("theme"))
    county = CodeFilter(County)
    bbox = BBox("geom")


class LandLedgerFilter(RecordFilter):
    county = CodeFilter(County)
    park = CodeFilter(Park)


class SourceFilter(RecordFilter):
    kind = OneOf(Source.Kind, _("kind"))
    ordering = Ordering("code", "name", "published_on")


class IndicatorFilter(RecordFilter):
    theme = OneOf(Indicator.Theme, _("theme"))
    in_zone = YesNo(_("covers the zone only"))
    ordering = Ordering("code", "name", "theme", "target_year")


class TransportWorkFilter(LocatedFilter):
    mode = OneOf(TransportWork.Mode, _("mode"))
    state = OneOf(TransportWork.State, _("state"))
    parent = CodeFilter(TransportWork)
    county = CodeFilter(County, "counties")


class InfrastructureWorkFilter(RecordFilter):
    kind = OneOf(InfrastructureWork.Kind, _("kind"))
    county = CodeFilter(County, "counties")


class EnvironmentMeasureFilter(RecordFilter):
    theme = OneOf(EnvironmentMeasure.Theme, _("theme"))
    county = CodeFilter(County, "counties")


class PolicyFilter(RecordFilter):
    tier = OneOf(Policy.Tier, _("tier"))
    parent = CodeFilter(Policy)
    is_available = YesNo(_("text available"))
    ordering = Ordering("code", "name", "issued_on")


class MechanismFilter(RecordFilter):
    is_current = YesNo(_("in force"))
    county = CodeFilter(County, "counties")


class MilestoneFilter(RecordFilter):
    in_zone = YesNo(_("in the zone"))
    county = CodeFilter(County, "counties")
    ordering = Ordering("code", "name", "happened_on")


class IndustryChainFilter(RecordFilter):
    kind = OneOf(IndustryChain.Kind, _("kind"))
    county = CodeFilter(County, "counties")
    cluster = CodeFilter(Cluster, "clusters")


class OrganisationFilter(RecordFilter):
    kind = OneOf(Organisation.Kind, _("kind"))
    in_zone = YesNo(_("in the zone"))
    county = CodeFilter(County, "counties")
    cluster = CodeFilter(Cluster, "clusters")


class PlatformFilter(RecordFilter):
    in_zone = YesNo(_("in the zone"))
    county = CodeFilter(County, "counties")


class SpecialisedTownFilter(LocatedFilter):
    kind = OneOf(SpecialisedTown.Kind, _("kind"))
    level = OneOf(SpecialisedTown.Level, _("level"))
    in_zone = YesNo(_("in the zone"))
    county = CodeFilter(County)


class CulturalSiteFilter(LocatedFilter):
    kind = OneOf(CulturalSite.Kind, _("kind"))
    county = CodeFilter(County, "counties")


class SubjectForm(forms.Form):
    """Turns the code of a subject into its key."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        kind, code = given.get("subject_kind"), given.get("subject")
        if not code or "subject_kind" in self.errors:
            return given
        if not kind:
            self.add_error("subject", _("A subject needs its subject_kind: codes are unique within a kind only."))
            return given
        given["subject"] = record_models()[kind]._default_manager.filter(code=code).values_list("pk", flat=True).first()
        if given["subject"] is None:
            self.add_error("subject", _("There is no record of this kind with this code."))
        return given


class SubjectKind(OneOf):
    """What is about a record of a kind and, with ``subject``, about that record; ``rows`` hold the subjects."""

    def __init__(self, rows: type[About], key: str) -> None:
        super().__init__(
            [(kind, model._meta.verbose_name or "") for kind, model in record_models().items()], _("kind of subject")
        )
        self.rows, self.key = rows, key

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        rows = self.rows._default_manager.filter(subject_type=ContentType.objects.get_for_model(record_models()[value]))
        subject = self.parent.form.cleaned_data["subject"]
        if subject:
            rows = rows.filter(subject_id=subject)
        return queryset.filter(pk__in=rows.order_by().values(self.key))


class Subject(django_filters.CharFilter):
    openapi = {"type": "string", "maxLength": 64}
    description = "Code of the record that it is about; needs subject_kind."

    def __init__(self) -> None:
        super().__init__(label=_("subject"), max_length=64)

    def filter(self, queryset: QuerySet[Any], value: int | None) -> QuerySet[Any]:
        return queryset  # SubjectKind has applied both


class StatementFilter(django_filters.FilterSet):
    subject_kind = SubjectKind(Statement, "pk")
    subject = Subject()
    measure = CodeFilter(Measure)
    source = CodeFilter(Source)
    nature = OneOf(Statement.Nature, _("nature"))
    rank = OneOf(Statement.Rank, _("rank"))
    inferred = YesNo(_("inferred"))
    ordering = Ordering("code", "as_of")

    class Meta:
        form = SubjectForm


class DataQualityNoteFilter(RecordFilter):
    kind = OneOf(DataQualityNote.Kind, _("kind"))
    status = OneOf(DataQualityNote.Status, _("status"))
    subject_kind = SubjectKind(DataQualityNoteSubject, "note")
    subject = Subject()

    class Meta:
        form = SubjectForm
