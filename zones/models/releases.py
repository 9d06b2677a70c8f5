"""Reference data that comes by release: who delivered what, from when to when it applied, and the areas themselves."""

from datetime import date
from typing import Any, ClassVar, Self

from django.contrib.gis.db.models import GeometryField
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lib.crs import STORAGE_SRID

from .areas import County
from .records import CODE, PublishedQuerySet, Shape


class Theme(models.TextChoices):
    """What a site is checked against (专题)."""

    FARMLAND = "permanent-basic-farmland", _("Permanent basic farmland")
    REDLINE = "ecological-redline", _("Ecological protection red line")
    URBAN = "urban-boundary", _("Urban growth boundary")
    POLLUTED = "polluted-plots", _("Contaminated plots")
    FLOOD = "flood", _("Flood control")
    HERITAGE = "heritage", _("Heritage")
    RESERVES = "nature-reserves", _("Nature reserves")
    MINING = "mining", _("Mining")
    FUNCTION = "functional-areas", _("Classes of main function")
    TOWNS = "development-towns", _("Towns for urban development")
    PARKS = "parks", _("Bounds of parks")
    START_UP = "start-up-areas", _("Bounds of start-up areas")
    CLUSTERS = "clusters", _("Bounds of clusters")
    NEGATIVE_LIST = "negative-list", _("Negative list of industries")


class _Today(Func):
    """The date of the database's clock where the zone lies."""

    template = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
    output_field = models.DateField()


class Release(models.Model):
    """A dataset of one theme as its authority delivered it (数据发布). What it holds never changes; see Activation.

    ``counties`` are those that it covers, by code; empty for all twelve. Elsewhere it tells nothing, which is not the same as
    nothing there. ``repairs`` log what was done to the geometry: {"feature", "problem", "repair", "area_change_m2"}.
    """

    code = models.CharField(_("code"), max_length=64, unique=True, validators=[CODE])
    theme = models.CharField(_("theme"), max_length=32, choices=Theme)
    title = models.CharField(_("title"), max_length=200)
    issued_by = models.CharField(_("issued by"), max_length=200)
    document = models.CharField(_("document"), max_length=200, blank=True)
    data_date = models.DateField(_("state of the data"))
    counties = ArrayField(models.CharField(max_length=6), verbose_name=_("counties covered"), default=list, blank=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    crs = models.CharField(_("reference system of the file"), max_length=16, blank=True)
    expected_count = models.PositiveIntegerField(_("features in the file"), default=0)
    imported_count = models.PositiveIntegerField(_("features imported"), default=0)
    repairs = models.JSONField(_("repairs"), default=list, blank=True)
    loaded_at = models.DateTimeField(_("loaded at"), db_default=Now())
    loaded_by = models.CharField(_("loaded by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("data release")
        verbose_name_plural = _("data releases")
        ordering = ["theme", "-data_date", "code"]
        permissions = [
            ("inspect_release", _("Can inspect data releases before they are active")),
            ("activate_release", _("Can activate data releases and roll them back")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(imported_count__lte=F("expected_count")), name="release_counts"),
        ]

    def __str__(self) -> str:
        return self.title


class _DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


class ActivationQuerySet(models.QuerySet["Activation"]):
    def on(self, day: date) -> Self:
        """Those that were in force on a day, as we know it today."""
        return self.filter(Q(ends=None) | Q(ends__gt=day), begins__lte=day, cancelled_at=None)


class Activation(models.Model):
    """A time for which a release applied (启用): from ``begins`` to the day before ``ends``, null for as long as no other does.

    Of a theme one release applies at a time. ``cancelled_at`` marks one that was taken back before a day of it had passed.
    """

    release = models.ForeignKey(Release, models.PROTECT, verbose_name=_("data release"), related_name="activations")
    theme = models.CharField(_("theme"), max_length=32, choices=Theme)
    begins = models.DateField(_("from"))
    ends = models.DateField(_("until"), null=True, blank=True)
    made_at = models.DateTimeField(_("activated at"), db_default=Now())
    made_by = models.CharField(_("activated by"), max_length=150)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    objects = ActivationQuerySet.as_manager()

    class Meta:
        verbose_name = _("activation of a data release")
        verbose_name_plural = _("activations of data releases")
        ordering = ["theme", "begins", "id"]
        constraints = [
            ExclusionConstraint(
                name="activation_one_a_theme",
                expressions=[
                    ("theme", RangeOperators.EQUAL),
                    (_DateRange("begins", "ends", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(cancelled_at=None),
            ),
            models.CheckConstraint(condition=Q(ends=None) | Q(ends__gt=F("begins")), name="activation_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.release_id}: {self.begins}"


class ControlLineQuerySet(PublishedQuerySet["ControlLine"]):
    def visible_to(self, user: Any) -> Self:
        """The areas of the releases that apply today; drafts are looked at on the page of their release."""
        today = Activation.objects.filter(Q(ends=None) | Q(ends__gt=_Today()), begins__lte=_Today(), cancelled_at=None)
        return super().visible_to(user).filter(release_id__in=today.values("release_id"))


class ControlLine(Shape):
    """An area that a control line encloses (控制线图斑), as its authority delivered it. None has been published yet.

    ``zone_class`` is the part of the theme that it belongs to, as its rules tell them apart: core of the red line, for one.
    ``attributes`` are those of the file, as text.
    """

    release = models.ForeignKey(Release, models.CASCADE, verbose_name=_("data release"), related_name="areas")
    theme = models.CharField(_("theme"), max_length=32, choices=Theme)
    county = models.ForeignKey(County, models.PROTECT, verbose_name=_("county"), null=True, blank=True, related_name="+")
    zone_class = models.CharField(_("class"), max_length=32, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    objects: ClassVar[Any] = ControlLineQuerySet.as_manager()

    class Meta(Shape.Meta):
        verbose_name = _("area of a control line")
        verbose_name_plural = _("areas of control lines")


class SiteCheck(models.Model):
    """A check of a site that was kept (用地核查): what was asked and the whole answer, which never change.

    ``key`` is the SHA-256 of both, so that the same question about the same releases is the same row. ``sheets`` are the SHA-256
    of its PDF by language.
    """

    key = models.CharField(_("key"), max_length=64, unique=True)
    made_at = models.DateTimeField(_("made at"), db_default=Now())
    made_by = models.CharField(_("made by"), max_length=150, blank=True)
    as_of = models.DateField(_("as of"))
    geom = GeometryField(_("site"), srid=STORAGE_SRID, spatial_index=False)
    question = models.JSONField(_("question"))
    answer = models.JSONField(_("answer"))
    sheets = models.JSONField(_("SHA-256 of the sheets"), default=dict, blank=True)

    class Meta:
        verbose_name = _("site check")
        verbose_name_plural = _("site checks")
        ordering = ["-made_at"]
        permissions = [("overrule_finding", _("Can overrule a finding of a site check"))]

    def __str__(self) -> str:
        return self.key[:12]

    def get_absolute_url(self) -> str:
        return reverse("site-check", args=[self.key])


class Overruling(models.Model):
    """What an official sets beside the machine's result of one finding (人工认定); it never takes its place.

    ``sheets`` are the SHA-256 of the PDF that shows it and those before it, by language.
    """

    site_check = models.ForeignKey(SiteCheck, models.PROTECT, verbose_name=_("site check"), related_name="overrulings")
    rule = models.CharField(_("rule"), max_length=64)
    effect = models.CharField(_("effect"), max_length=16)
    reason = models.CharField(_("reason"), max_length=1000)
    made_at = models.DateTimeField(_("made at"), db_default=Now())
    made_by = models.CharField(_("made by"), max_length=150)
    sheets = models.JSONField(_("SHA-256 of the sheets"), default=dict, blank=True)

    class Meta:
        verbose_name = _("overruling of a finding")
        verbose_name_plural = _("overrulings of findings")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.site_check_id}: {self.rule}"
