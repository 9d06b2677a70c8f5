"""What every thing of the plan has in common: a code, names, a place, and where it was read."""

from typing import Any, ClassVar, Self, TypeVar

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.db.models import GeometryField, MultiPolygonField
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.contrib.gis.db.models.functions import IsValid
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Func
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lib.crs import STORAGE_SRID, WEB_MERCATOR_SRID
from lib.naming import search_keys

CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9.-]*$", _("Use letters, digits, dots and hyphens."))


class DatePrecision(models.TextChoices):
    """How much of a date its source gives (日期精度). A date is stored as the first day of what is known."""

    YEAR = "year", _("year")
    HALF = "half", _("half-year")
    QUARTER = "quarter", _("quarter")
    MONTH = "month", _("month")
    DAY = "day", _("day")


class LocationPrecision(models.TextChoices):
    """How good a location is (位置精度); the map draws the difference."""

    SITE = "site", _("site")
    VILLAGE = "village", _("village")
    TOWN = "town", _("town")
    COUNTY = "county", _("county")
    SCHEMATIC = "schematic", _("schematic")
    UNKNOWN = "unknown", _("unknown")


class InLanguage:
    """Gives templates and the API ``in_language("name")``: the English twin of a field where one is asked for and exists."""

    def in_language(self, field: str) -> str:
        english: str = getattr(self, f"{field}_en", "")
        chinese: str = getattr(self, field)
        return english if english and (get_language() or "").startswith("en") else chinese


def geometry_names(model: Any) -> list[str]:
    """The geometry columns of a model, which only maps need to read."""
    return [
        field.name for field in model._meta.concrete_fields if isinstance(getattr(field, "output_field", field), BaseSpatialField)
    ]


class SearchKeysField(ArrayField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """What a record is found by: its names and code as portal.search compares them, made anew whenever it is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> list[str]:
        record: Any = model_instance
        keys = search_keys(record.code, record.names)
        setattr(record, self.attname, keys)
        return keys


AnyModel = TypeVar("AnyModel", bound=models.Model, covariant=True)
AnyRecord = TypeVar("AnyRecord", bound="Record", covariant=True)


class PublishedQuerySet(models.QuerySet[AnyModel]):
    def visible_to(self, user: Any) -> Self:
        """The rows that ``user`` may know of: what every list, tile, search, answer and export starts from.

        Nothing is hidden from anybody yet. For an anonymous reader the condition may depend on columns only: its SQL is kept
        (portal.relation), and a cached tile is asked for anew when rows change, not when time passes. Codes of related
        records (zones.selectors.code_of) do not ask it yet.
        """
        return self.all()


class RecordQuerySet(PublishedQuerySet[AnyRecord]):
    def with_evidence(self) -> Self:
        """With statements, citations and their sources: three queries more, however many records."""
        return self.prefetch_related("statements__source", "statements__measure", "citations__source")

    def without_geometry(self) -> Self:
        return self.defer(*geometry_names(self.model))

    def with_fields(self, *names: str) -> Self:
        """With the records that these fields refer to, all without geometry: one query more for each many-to-many field."""
        joined, several = [], []
        for name in names:
            field = self.model._meta.get_field(name)
            if isinstance(field, models.ManyToManyField):
                related: Any = field.related_model
                several.append(models.Prefetch(name, related._default_manager.without_geometry()))
            elif isinstance(field, models.ForeignKey):
                joined.append(name)
        far = [
            f"{name}__{column}" for name in joined for column in geometry_names(self.model._meta.get_field(name).related_model)
        ]
        chosen = self.select_related(*joined) if joined else self
        return chosen.defer(*geometry_names(self.model), *far).prefetch_related(*several)


class Record(InLanguage, models.Model):
    """A thing that the documents name. Abstract.

    ``code`` is stable: it stands in URLs, fixtures and other systems. ``fact_ids`` are the rows of the team's
    catalogue of facts that the record carries; a test proves that none was forgotten.
    """

    code = models.CharField(_("code"), max_length=64, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    aliases = ArrayField(models.CharField(max_length=200), verbose_name=_("other names"), default=list, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    summary_en = models.TextField(_("English summary"), blank=True)
    fact_ids = ArrayField(models.CharField(max_length=16), verbose_name=_("facts"), default=list, blank=True)
    sort_order = models.PositiveIntegerField(_("order"), default=0)
    search_keys = SearchKeysField(models.TextField(), default=list, editable=False)

    statements = GenericRelation("zones.Statement", "subject_id", "subject_type")
    citations = GenericRelation("zones.Citation", "subject_id", "subject_type")
    note_links = GenericRelation("zones.DataQualityNoteSubject", "subject_id", "subject_type")

    objects = RecordQuerySet.as_manager()

    # Names of URLs, because the pages stand on floors above: the record's own page, or the page that lists its kind
    # when that is not a page of the plan's contents.
    own_page: ClassVar[str] = ""
    list_page: ClassVar[str] = ""

    class Meta:
        abstract = True
        ordering = ["sort_order", "code"]
        indexes = [
            GinIndex(fields=["aliases"], name="%(class)s_aliases_gin"),
            GinIndex(fields=["search_keys"], name="%(class)s_keys_gin"),
        ]

    def __str__(self) -> str:
        return self.in_language("name")

    def get_absolute_url(self) -> str:
        """The record's own page, else its line in the list of its kind."""
        if self.own_page:
            return reverse(self.own_page, args=[self.code])
        listing = reverse(self.list_page) if self.list_page else reverse("plan-kind", args=[kind_of(self)])
        return f"{listing}#{self.code}"

    @property
    def names(self) -> list[str]:
        return [name for name in (self.name, self.name_en, *self.aliases) if name]


def valid_geometry(field: str) -> models.CheckConstraint:
    """The constraint that PostGIS finds the geometry valid (OGC simple features) or that there is none."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__isnull": True}) | models.Q(IsValid(field)), name=f"%(class)s_{field}_valid"
    )


class Located(models.Model):
    """A place that may be approximate or unknown. Abstract.

    No source gives a coordinate: ``location_text`` is what it says in words, ``location_precision`` how good the
    geometry is (for a record without one: how far the words go).
    """

    geom = GeometryField(_("geometry"), srid=STORAGE_SRID, null=True, blank=True, spatial_index=False)
    location_precision = models.CharField(
        _("location precision"), max_length=16, choices=LocationPrecision, default=LocationPrecision.UNKNOWN
    )
    location_text = models.CharField(_("location in words"), max_length=300, blank=True)
    location_text_en = models.CharField(_("location in English words"), max_length=300, blank=True)
    place = models.ForeignKey(
        "zones.Place", models.PROTECT, verbose_name=_("gazetteer place"), null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True
        indexes = [GistIndex(fields=["geom"], name="%(class)s_geom_gist")]
        constraints = [
            valid_geometry("geom"),
            models.CheckConstraint(
                condition=models.Q(geom__isnull=True) | ~models.Q(location_precision=LocationPrecision.UNKNOWN),
                name="%(class)s_geom_has_precision",
            ),
        ]


class Shape(InLanguage, models.Model):
    """An area that comes by the thousand from a survey, not from a document, and what tiles draw of it. Abstract.

    The copies in Web Mercator are kept by PostgreSQL itself, whoever writes the row; ``coarse`` is true to 10 m, half a pixel
    of zoom 13. They are for display only: nothing is measured or judged on them.
    """

    code = models.CharField(_("code"), max_length=64, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    search_keys = SearchKeysField(models.TextField(), default=list, editable=False)
    geom = MultiPolygonField(_("geometry"), srid=STORAGE_SRID, spatial_index=False)
    fine_3857 = models.GeneratedField(
        expression=Func("geom", models.Value(WEB_MERCATOR_SRID), function="ST_Transform"),
        output_field=MultiPolygonField(srid=WEB_MERCATOR_SRID, spatial_index=False),
        db_persist=True,
    )
    coarse_3857 = models.GeneratedField(
        expression=Func(
            Func("geom", models.Value(WEB_MERCATOR_SRID), function="ST_Transform"),
            models.Value(10.0),
            function="ST_SimplifyPreserveTopology",
        ),
        output_field=GeometryField(srid=WEB_MERCATOR_SRID, spatial_index=False),
        db_persist=True,
    )

    objects = PublishedQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["code"]
        indexes = [
            GistIndex(fields=["geom"], name="%(class)s_geom_gist"),
            GinIndex(fields=["search_keys"], name="%(class)s_keys_gin"),
        ]
        constraints = [valid_geometry("geom")]

    def __str__(self) -> str:
        return self.in_language("name")

    @property
    def names(self) -> list[str]:
        return [name for name in (self.name, self.name_en) if name]


class About(models.Model):
    """Something said of a record of any kind. Abstract.

    The subject is a generic relation because projects live on a floor that this one must not know.
    """

    subject_type = models.ForeignKey(ContentType, models.PROTECT, verbose_name=_("kind of subject"), related_name="+")
    subject_id = models.BigIntegerField(_("subject"))
    subject = GenericForeignKey("subject_type", "subject_id")

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="%(class)s_subject")]


def kind_of(record: models.Model | type[models.Model]) -> str:
    """The kind of a record as fixtures, API and URLs write it: ``county``, ``structureelement``."""
    return str(record._meta.model_name)
