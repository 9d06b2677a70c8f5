"""Checks of all projects or all parcels against the releases in force on a day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class BatchCheck(models.Model):
    """A check of every record of a kind (批量核查). One that is not finished has no results that count.

    ``releases`` are the codes of those it was made with, ``untold`` counts the records without a site to check.
    """

    class Kind(models.TextChoices):
        PROJECT = "project", _("projects")
        PARCEL = "parcel", _("parcels")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    as_of = models.DateField(_("as of"))
    releases = ArrayField(models.CharField(max_length=64), verbose_name=_("data releases"), default=list, blank=True)
    started_at = models.DateTimeField(_("started at"), db_default=Now())
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.RUNNING)
    done = models.PositiveIntegerField(_("checked"), default=0)
    total = models.PositiveIntegerField(_("to be checked"), default=0)
    untold = models.PositiveIntegerField(_("without a surveyed site"), default=0)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("check of all records")
        verbose_name_plural = _("checks of all records")
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.as_of}"


class BatchPattern(models.Model):
    """What many records of a check have in common: the verdict, and each finding without its figures.

    ``findings`` are {"rule", "theme", "result", "effect", "takes"}: ``takes`` are the classes of the theme's areas whose overlap
    is that of the finding, null where none is measured.
    """

    batch = models.ForeignKey(BatchCheck, models.CASCADE, verbose_name=_("check"), related_name="patterns", db_index=False)
    key = models.UUIDField(_("key"))
    verdict = models.CharField(_("verdict"), max_length=16)
    findings = models.JSONField(_("findings"))

    class Meta:
        verbose_name = _("pattern of findings")
        verbose_name_plural = _("patterns of findings")
        constraints = [models.UniqueConstraint(fields=["batch", "key"], name="batch_pattern_once")]

    def __str__(self) -> str:
        return str(self.key)


class BatchResult(models.Model):
    """What a check found of one record: its pattern (``key``), and the overlap in m² by theme and class of area.

    The database checks no foreign key of it: one more look-up for each of 200,000 rows.
    """

    batch = models.ForeignKey(
        BatchCheck, models.CASCADE, verbose_name=_("check"), related_name="results", db_index=False, db_constraint=False
    )
    code = models.CharField(_("code"), max_length=64)
    key = models.UUIDField(_("key of the pattern"))
    overlaps = models.JSONField(_("overlaps"), default=dict)

    class Meta:
        verbose_name = _("result of a check")
        verbose_name_plural = _("results of a check")
        constraints = [models.UniqueConstraint(fields=["batch", "code"], name="batch_result_once")]

    def __str__(self) -> str:
        return self.code
