"""How it is governed: policies, mechanisms, milestones."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .areas import County
from .records import DatePrecision, Record


class Policy(Record):
    """A policy document (政策文件). The zone's own form a 1+3+N structure."""

    class Tier(models.TextChoices):
        ONE = "1", _("1: guiding opinion")
        THREE = "3", _("3: plans")
        N = "n", _("N: implementation measures")
        ANNEX = "annex", _("annex")
        OTHER = "other", _("other")

    tier = models.CharField(_("tier"), max_length=8, choices=Tier)
    document_number = models.CharField(_("document number"), max_length=100, blank=True)
    issued_on = models.DateField(_("issued"), null=True, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="parts")
    is_available = models.BooleanField(_("text available"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")


class Mechanism(Record):
    """A way of working that officials committed to (工作机制)."""

    is_current = models.BooleanField(_("in force"), default=True)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="mechanisms", blank=True)

    class Meta(Record.Meta):
        verbose_name = _("mechanism")
        verbose_name_plural = _("mechanisms")


class Milestone(Record):
    """A dated event in the zone's history (大事记)."""

    happened_on = models.DateField(_("date"), null=True, blank=True)
    happened_precision = models.CharField(_("precision of the date"), max_length=8, choices=DatePrecision, blank=True)
    happened_inferred = models.BooleanField(_("date inferred"), default=False)
    in_zone = models.BooleanField(_("in the zone"), default=True)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="milestones", blank=True)

    class Meta(Record.Meta):
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["happened_on", "code"]
