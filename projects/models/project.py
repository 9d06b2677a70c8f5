"""The register's core: a project, its stages, and the totals that counties report."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from zones.models import Cluster, County, DatePrecision, Industry, InLanguage, Located, Organisation, Park, Record, Source


class Stage(models.TextChoices):
    """Where a project stands (项目阶段): 谋划 储备 签约 开工 在建 投产 达效, and 停工 取消."""

    PLANNING = "planning", _("planning")
    RESERVE = "reserve", _("in reserve")
    SIGNED = "signed", _("signed")
    STARTED = "started", _("started")
    BUILDING = "building", _("under construction")
    OPERATING = "operating", _("in operation")
    FULL_OUTPUT = "full_output", _("at full output")
    STOPPED = "stopped", _("stopped")
    CANCELLED = "cancelled", _("cancelled")


class Project(Record, Located):
    """A project of the register (项目).

    ``stage`` is the latest one that a source tells; empty when none does. Figures are statements about the project;
    ``investment_wan`` (总投资, 万元) repeats the one that is current, null when none states an amount.
    """

    class Kind(models.TextChoices):
        PROJECT = "project", _("project")
        PROGRAMME = "programme", _("programme")
        RELOCATION = "relocation", _("relocation")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PROJECT)
    county = models.ForeignKey(County, models.PROTECT, verbose_name=_("county"), null=True, blank=True, related_name="projects")
    park = models.ForeignKey(Park, models.PROTECT, verbose_name=_("park"), null=True, blank=True, related_name="projects")
    cluster = models.ForeignKey(
        Cluster, models.PROTECT, verbose_name=_("cluster"), null=True, blank=True, related_name="projects"
    )
    industry = models.ForeignKey(
        Industry, models.PROTECT, verbose_name=_("industry"), null=True, blank=True, related_name="projects"
    )
    organisations = models.ManyToManyField(Organisation, verbose_name=_("organisations"), related_name="projects", blank=True)
    stage = models.CharField(_("stage"), max_length=16, choices=Stage, blank=True)
    stage_as_of = models.DateField(_("stage as of"), null=True, blank=True)
    investment_wan = models.DecimalField(
        _("total investment, 10,000 yuan"), max_digits=14, decimal_places=4, null=True, blank=True
    )

    own_page = "project"

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        indexes = [
            *Record.Meta.indexes,
            *Located.Meta.indexes,
            models.Index(fields=["county", "stage"], name="project_county_stage"),
        ]


class ProjectStage(InLanguage, models.Model):
    """What a source tells of a project's stage at a time (项目阶段记录).

    ``words`` is the source's own term (在建, 推动落地), ``stage`` our reading of it; empty when it can't be read.
    """

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("project"), related_name="stages")
    stage = models.CharField(_("stage"), max_length=16, choices=Stage, blank=True)
    words = models.CharField(_("the source's term"), max_length=100)
    words_en = models.CharField(_("the source's term in English"), max_length=100, blank=True)
    as_of = models.DateField(_("as of"))
    as_of_precision = models.CharField(_("precision of the date"), max_length=8, choices=DatePrecision)
    inferred = models.BooleanField(_("date inferred"), default=False)
    is_expected = models.BooleanField(_("expected, not yet reached"), default=False)
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="+")
    locator = models.CharField(_("place in the source"), max_length=200)
    locator_en = models.CharField(_("place in the source, in English"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("stage of a project")
        verbose_name_plural = _("stages of projects")
        ordering = ["as_of", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "as_of", "source", "words"], name="project_stage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.words}"


class ReportedTotal(Record):
    """A total of projects that a county reports (上报汇总), kept apart from the register; its figures are statements."""

    county = models.ForeignKey(
        County, models.PROTECT, verbose_name=_("county"), null=True, blank=True, related_name="reported_totals"
    )

    class Meta(Record.Meta):
        verbose_name = _("reported total")
        verbose_name_plural = _("reported totals")
