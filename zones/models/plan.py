"""What the plan says about space: structure, control lines and their rules, land."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .areas import Cluster, County, Park
from .facts import Source
from .records import Located, Record, kind_of


class StructureScheme(Record):
    """A named spatial structure of one document and level (空间结构), never merged with another's."""

    class Level(models.TextChoices):
        PROVINCE = "province", _("province")
        ZONE = "zone", _("zone")
        TAIYUAN_PART = "taiyuan_part", _("Taiyuan part")
        COUNTY = "county", _("county")

    level = models.CharField(_("level"), max_length=16, choices=Level)
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="structure_schemes")

    list_page = "structure"

    class Meta(Record.Meta):
        verbose_name = _("spatial structure")
        verbose_name_plural = _("spatial structures")


class StructureElement(Record, Located):
    """A core, axis, group, barrier or corridor of a spatial structure (空间结构要素). Lines are schematic."""

    class Kind(models.TextChoices):
        CORE = "core", _("core")
        AXIS = "axis", _("axis")
        GROUP = "group", _("urban group")
        PLATE = "plate", _("plate")
        NODE = "node", _("node")
        BARRIER = "barrier", _("ecological barrier")
        CORRIDOR = "corridor", _("corridor")
        BLOCK = "block", _("protected block")
        PLATFORM = "platform", _("platform tier")

    scheme = models.ForeignKey(StructureScheme, models.PROTECT, verbose_name=_("structure"), related_name="elements")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="structure_elements", blank=True)
    parks = models.ManyToManyField(Park, verbose_name=_("parks"), related_name="structure_elements", blank=True)
    clusters = models.ManyToManyField(Cluster, verbose_name=_("clusters"), related_name="structure_elements", blank=True)

    list_page = "structure"

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("structure element")
        verbose_name_plural = _("structure elements")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]


class ControlLineType(Record):
    """One of the three control lines (三条控制线). No geometry has been published; it comes by release."""

    class Meta(Record.Meta):
        verbose_name = _("control line")
        verbose_name_plural = _("control lines")


class PlanRule(Record):
    """A rule of the plan in our own words (管控规则); its clause is its citation."""

    line = models.ForeignKey(
        ControlLineType, models.PROTECT, verbose_name=_("control line"), null=True, blank=True, related_name="rules"
    )

    class Meta(Record.Meta):
        verbose_name = _("rule")
        verbose_name_plural = _("rules")

    def get_absolute_url(self) -> str:
        return f"{reverse('plan-kind', args=[kind_of(ControlLineType)])}#{self.code}"


class LandLedger(Record):
    """A stock of land that a source gives an area for (土地台账)."""

    county = models.ForeignKey(
        County, models.PROTECT, verbose_name=_("county"), null=True, blank=True, related_name="land_ledgers"
    )
    park = models.ForeignKey(Park, models.PROTECT, verbose_name=_("park"), null=True, blank=True, related_name="land_ledgers")

    class Meta(Record.Meta):
        verbose_name = _("land ledger")
        verbose_name_plural = _("land ledgers")
