"""Who and what works in the zone: chains, organisations, platforms, specialised towns, sights."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .areas import Cluster, County
from .records import Located, Record, kind_of


class IndustryChain(Record):
    """An industrial chain (产业链); its links, where given, are in order."""

    class Kind(models.TextChoices):
        ADVANTAGE = "advantage", _("established chain")
        EMERGING = "emerging", _("emerging chain")
        FEATURED = "featured", _("featured chain")
        DEMONSTRATION = "demonstration", _("demonstration chain")
        FIELD = "field", _("field of industry transfer")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="chains", blank=True)
    clusters = models.ManyToManyField(Cluster, verbose_name=_("clusters"), related_name="chains", blank=True)

    class Meta(Record.Meta):
        verbose_name = _("industrial chain")
        verbose_name_plural = _("industrial chains")


class ChainLink(Record):
    """A link of a chain (产业链环节); ``sort_order`` is its place, upstream first."""

    chain = models.ForeignKey(IndustryChain, models.CASCADE, verbose_name=_("chain"), related_name="links")

    class Meta(Record.Meta):
        verbose_name = _("link of a chain")
        verbose_name_plural = _("links of chains")
        constraints = [models.UniqueConstraint(fields=["chain", "sort_order"], name="chain_link_order_once")]

    def get_absolute_url(self) -> str:
        return f"{reverse('plan-kind', args=[kind_of(IndustryChain)])}#{self.code}"


class Organisation(Record):
    """A public body, company or school that a source names (机构、企业). Never a private person."""

    class Kind(models.TextChoices):
        GOVERNMENT = "government", _("public body")
        COMPANY = "company", _("company")
        SCHOOL = "school", _("school or institute")
        PARK_AUTHORITY = "park_authority", _("park authority")
        GROUP = "group", _("group of bodies")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    in_zone = models.BooleanField(_("in the zone"), default=True)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="organisations", blank=True)
    clusters = models.ManyToManyField(Cluster, verbose_name=_("clusters"), related_name="organisations", blank=True)

    class Meta(Record.Meta):
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")


class Platform(Record):
    """A platform for innovation, transfer or exchange (平台)."""

    in_zone = models.BooleanField(_("in the zone"), default=True)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="platforms", blank=True)

    class Meta(Record.Meta):
        verbose_name = _("platform")
        verbose_name_plural = _("platforms")


class SpecialisedTown(Record, Located):
    """A specialised or characteristic town (专业镇、特色小镇)."""

    class Kind(models.TextChoices):
        SPECIALISED = "specialised", _("specialised town")
        CHARACTERISTIC = "characteristic", _("characteristic town")

    class Level(models.TextChoices):
        PROVINCIAL = "provincial", _("provincial")
        MUNICIPAL = "municipal", _("municipal")
        CULTIVATED = "cultivated", _("in preparation")
        UNSTATED = "unstated", _("not stated")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    level = models.CharField(_("level"), max_length=16, choices=Level, default=Level.UNSTATED)
    in_zone = models.BooleanField(_("in the zone"), default=True)
    county = models.ForeignKey(
        County, models.PROTECT, verbose_name=_("county"), null=True, blank=True, related_name="specialised_towns"
    )

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("specialised town")
        verbose_name_plural = _("specialised towns")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]


class CulturalSite(Record, Located):
    """A sight, heritage site, protected area or brand of culture and tourism (文旅资源)."""

    class Kind(models.TextChoices):
        WORLD_HERITAGE = "world_heritage", _("world heritage")
        SCENIC = "scenic", _("scenic area")
        HERITAGE = "heritage", _("heritage")
        STREET = "street", _("historic street")
        RESERVE = "reserve", _("protected area")
        BRAND = "brand", _("brand")
        INVENTORY = "inventory", _("inventory figure")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    grade = models.CharField(_("grade"), max_length=50, blank=True)
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="cultural_sites", blank=True)

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("cultural site")
        verbose_name_plural = _("cultural sites")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]
