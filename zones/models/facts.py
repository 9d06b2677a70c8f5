"""Evidence: sources, the statements made in them, and what is wrong with the data."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from lib.units import UNITS, Unit, ratio, validate_unit

from .records import About, DatePrecision, InLanguage, Record


class Source(Record):
    """A document that statements were read from (资料来源)."""

    class Kind(models.TextChoices):
        PLAN = "plan", _("official plan")
        NEWS = "news", _("newspaper report")
        BRIEFING = "briefing", _("press conference report")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    publisher_en = models.CharField(_("publisher in English"), max_length=200, blank=True)
    document_number = models.CharField(_("document number"), max_length=100, blank=True)
    published_on = models.DateField(_("published"), null=True, blank=True)
    published_precision = models.CharField(_("precision of the date"), max_length=8, choices=DatePrecision, blank=True)
    published_inferred = models.BooleanField(_("date inferred"), default=False)

    own_page = "source"

    class Meta(Record.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")


class Measure(Record):
    """What a statement measures (指标口径): usable land, planned investment, number of projects."""

    class Meta(Record.Meta):
        verbose_name = _("measure")
        verbose_name_plural = _("measures")


class Citation(InLanguage, About):
    """Where a record is named (出处): a document and the place in it."""

    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="citations_in_it")
    locator = models.CharField(_("place in the source"), max_length=200)
    locator_en = models.CharField(_("place in the source, in English"), max_length=200, blank=True)

    class Meta(About.Meta):
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        ordering = ["source__code", "id"]
        constraints = [models.UniqueConstraint(fields=["subject_type", "subject_id", "source", "locator"], name="citation_once")]


class Statement(InLanguage, About):
    """One figure or finding of one source (陈述): subject, measure, value, unit, time, source, place in it, rank.

    Two sources that disagree are two statements; nothing is averaged. A value that the source does not give is
    null, never zero. ``as_of`` is the first day of the period it holds for, ``as_of_precision`` how long that is.
    """

    class Nature(models.TextChoices):
        """Plan and fact are never mixed (性质)."""

        ACTUAL = "actual", _("actual")
        REPORTED = "reported", _("reported")
        PLANNED = "planned", _("planned")
        TARGET = "target", _("target")

    class Qualifier(models.TextChoices):
        EXACT = "exact", _("exactly")
        ABOUT = "about", _("about")
        OVER = "over", _("over")
        AT_LEAST = "at_least", _("at least")
        UNDER = "under", _("under")

    class Rank(models.TextChoices):
        PREFERRED = "preferred", _("preferred")
        NORMAL = "normal", _("normal")
        DISPUTED = "disputed", _("disputed")

    code = models.CharField(_("code"), max_length=160, unique=True)
    measure = models.ForeignKey(Measure, models.PROTECT, verbose_name=_("measure"), related_name="statements_of_it")
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=4, null=True, blank=True)
    value_max = models.DecimalField(_("upper value of a range"), max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=32, validators=[validate_unit], blank=True)
    qualifier = models.CharField(_("qualifier"), max_length=8, choices=Qualifier, default=Qualifier.EXACT)
    nature = models.CharField(_("nature"), max_length=8, choices=Nature, default=Nature.ACTUAL)
    text = models.TextField(_("in words"), blank=True)
    text_en = models.TextField(_("in English words"), blank=True)
    scope = models.CharField(_("what it covers"), max_length=200, blank=True)
    scope_en = models.CharField(_("what it covers, in English"), max_length=200, blank=True)
    as_of = models.DateField(_("as of"), null=True, blank=True)
    as_of_precision = models.CharField(_("precision of the date"), max_length=8, choices=DatePrecision, blank=True)
    inferred = models.BooleanField(_("inferred"), default=False)
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="statements_in_it")
    locator = models.CharField(_("place in the source"), max_length=200)
    locator_en = models.CharField(_("place in the source, in English"), max_length=200, blank=True)
    rank = models.CharField(_("rank"), max_length=16, choices=Rank, default=Rank.NORMAL)
    fact_ids = ArrayField(models.CharField(max_length=16), verbose_name=_("facts"), default=list, blank=True)

    class Meta(About.Meta):
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["measure__sort_order", "measure__code", "as_of", "code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(value__isnull=False) | ~models.Q(text=""), name="statement_says_something"),
            models.CheckConstraint(condition=models.Q(value__isnull=True) | ~models.Q(unit=""), name="statement_value_has_unit"),
            models.CheckConstraint(
                condition=models.Q(value_max__isnull=True) | models.Q(value_max__gt=models.F("value")),
                name="statement_range_ascends",
            ),
            models.CheckConstraint(
                condition=models.Q(as_of__isnull=True, as_of_precision="")
                | models.Q(as_of__isnull=False) & ~models.Q(as_of_precision=""),
                name="statement_date_has_precision",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def unit_definition(self) -> Unit | None:
        return UNITS[self.unit] if self.unit else None

    def difference_percent(self, other: "Statement") -> float | None:
        """How far ``other`` lies from this value, in percent of it; None when the two can't be compared."""
        if self.value is None or other.value is None:
            return None
        quotient = ratio(self.value, self.unit, other.value, other.unit)
        return None if quotient is None else float((quotient - 1) * 100)


class Indicator(Record):
    """A goal of the plan or its implementation measures (规划指标). Base, target and actual are statements."""

    class Theme(models.TextChoices):
        ECONOMY = "economy", _("industry and economy")
        TRANSPORT = "transport", _("transport")
        ENVIRONMENT = "environment", _("environment")
        INNOVATION = "innovation", _("science and innovation")
        SERVICES = "services", _("public services")
        SPACE = "space", _("spatial structure")

    theme = models.CharField(_("theme"), max_length=16, choices=Theme)
    unit = models.CharField(_("unit"), max_length=32, validators=[validate_unit], blank=True)
    base_year = models.PositiveSmallIntegerField(_("base year"), null=True, blank=True)
    target_year = models.PositiveSmallIntegerField(_("target year"), null=True, blank=True)
    in_zone = models.BooleanField(_("covers the zone only"), default=True)

    list_page = "indicators"

    class Meta(Record.Meta):
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")


class DataQualityNote(Record):
    """Something a reader must know about the data (数据质量说明): a conflict, a gap, a doubtful value."""

    class Kind(models.TextChoices):
        NAMING = "naming", _("naming")
        CONFLICT = "conflict", _("sources disagree")
        GAP = "gap", _("missing data")
        DOUBT = "doubt", _("doubtful value")
        SCOPE = "scope", _("scope and counting")
        TEXT = "text", _("state of the text")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        SETTLED = "settled", _("settled")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    handling = models.TextField(_("how the portal handles it"), blank=True)
    handling_en = models.TextField(_("how the portal handles it, in English"), blank=True)

    list_page = "data-quality"

    class Meta(Record.Meta):
        verbose_name = _("data-quality note")
        verbose_name_plural = _("data-quality notes")


class DataQualityNoteSubject(About):
    """A record that a data-quality note concerns."""

    note = models.ForeignKey(DataQualityNote, models.CASCADE, verbose_name=_("note"), related_name="subjects")

    class Meta(About.Meta):
        verbose_name = _("subject of a note")
        verbose_name_plural = _("subjects of notes")
        constraints = [models.UniqueConstraint(fields=["note", "subject_type", "subject_id"], name="note_subject_once")]


class FixtureLoad(models.Model):
    """Which state of fixtures/ the database holds: the SHA-256 of its files. One row."""

    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.digest


class TableChange(models.Model):
    """How often a table has changed: the sum over its rows (lib.change_counts). Written by triggers only."""

    table_name = models.CharField(max_length=63)
    changes = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["table_name"], name="tablechange_table", include=["changes"])]

    def __str__(self) -> str:
        return f"{self.table_name}: {self.changes}"
