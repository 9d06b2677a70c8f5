"""What is to be built and done: transport, infrastructure, environment."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .areas import County
from .records import Located, Record


class TransportWork(Record, Located):
    """A road, railway, station or airport, existing or to come (交通设施). Lines are schematic."""

    class Mode(models.TextChoices):
        RAIL = "rail", _("railway")
        URBAN_RAIL = "urban_rail", _("urban rail")
        EXPRESSWAY = "expressway", _("expressway")
        ROAD = "road", _("road")
        STATION = "station", _("station")
        AIRPORT = "airport", _("airport")
        HUB = "hub", _("hub or network")

    class State(models.TextChoices):
        EXISTING = "existing", _("existing")
        PLANNED = "planned", _("planned")
        PROPOSED = "proposed", _("under study")
        UPGRADE = "upgrade", _("upgrade")

    mode = models.CharField(_("mode"), max_length=16, choices=Mode)
    state = models.CharField(_("state"), max_length=16, choices=State)
    parent = models.ForeignKey("self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="parts")
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="transport_works", blank=True)

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("transport work")
        verbose_name_plural = _("transport works")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]


class InfrastructureWork(Record):
    """Water, energy, waste, digital or disaster-prevention infrastructure (基础设施)."""

    class Kind(models.TextChoices):
        WATER = "water", _("water")
        POWER = "power", _("power")
        GAS = "gas", _("oil and gas")
        WASTE = "waste", _("waste and sewage")
        DIGITAL = "digital", _("digital")
        SAFETY = "safety", _("disaster prevention")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="infrastructure_works", blank=True)

    class Meta(Record.Meta):
        verbose_name = _("infrastructure work")
        verbose_name_plural = _("infrastructure works")


class EnvironmentMeasure(Record):
    """A measure for air, water, soil or ecology (生态环境措施)."""

    class Theme(models.TextChoices):
        GENERAL = "general", _("general")
        AIR = "air", _("air")
        WATER = "water", _("water")
        SOIL = "soil", _("soil and waste")
        ECOLOGY = "ecology", _("ecology")

    theme = models.CharField(_("theme"), max_length=16, choices=Theme)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="environment_measures", blank=True)

    class Meta(Record.Meta):
        verbose_name = _("environment measure")
        verbose_name_plural = _("environment measures")
