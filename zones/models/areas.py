"""Where: the zone, its counties and towns, and the areas that the documents name in them."""

from django.contrib.gis.db.models import MultiPolygonField, PointField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from lib.crs import STORAGE_SRID

from .records import Located, LocationPrecision, Record, valid_geometry


class Zone(Record):
    """The Taiyuan-Xinzhou Integrated Economic Zone (太忻一体化经济区).

    Its boundary is not published: it covers parts of twelve counties, whose figures are those of whole counties.
    """

    period_start_year = models.PositiveSmallIntegerField(_("planning period from"))
    near_term_end_year = models.PositiveSmallIntegerField(_("near term until"))
    period_end_year = models.PositiveSmallIntegerField(_("planning period until"))
    boundary = MultiPolygonField(_("boundary"), srid=STORAGE_SRID, null=True, blank=True, spatial_index=False)

    list_page = "plan"

    class Meta(Record.Meta):
        verbose_name = _("zone")
        verbose_name_plural = _("zones")
        constraints = [valid_geometry("boundary")]


class FunctionalClass(models.TextChoices):
    """Class of main function in the provincial plan (主体功能区)."""

    URBANISATION = "urbanisation", _("national urbanisation area")
    AGRICULTURE = "agriculture", _("provincial main agricultural area")
    ECOLOGY = "ecology", _("provincial key ecological function area")


class County(Record):
    """A county, county-level city or district (县、市、区). ``code`` is GB/T 2260.

    The boundary is the whole county, generalised by about 110 m: for display, never for compliance.
    """

    class Prefecture(models.TextChoices):
        TAIYUAN = "140100", _("Taiyuan")
        XINZHOU = "140900", _("Xinzhou")

    zone = models.ForeignKey(Zone, models.PROTECT, verbose_name=_("zone"), related_name="counties")
    prefecture = models.CharField(_("prefecture"), max_length=6, choices=Prefecture)
    functional_class = models.CharField(_("class of main function"), max_length=16, choices=FunctionalClass)
    boundary = MultiPolygonField(_("boundary"), srid=STORAGE_SRID, spatial_index=False)

    own_page = "county"

    class Meta(Record.Meta):
        verbose_name = _("county")
        verbose_name_plural = _("counties")
        indexes = [*Record.Meta.indexes, GistIndex(fields=["boundary"], name="county_boundary_gist")]
        constraints = [valid_geometry("boundary")]


class Place(Record):
    """A named place of the gazetteer (地名): what gives records an approximate location."""

    class Kind(models.TextChoices):
        COUNTY_SEAT = "county_seat", _("county seat")
        TOWN = "town", _("town")
        STATION = "station", _("railway station")
        AIRPORT = "airport", _("airport")
        LANDMARK = "landmark", _("landmark")
        STREET = "street", _("street")
        PLANT = "plant", _("plant")
        SETTLEMENT = "settlement", _("settlement or area")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    county = models.ForeignKey(County, models.PROTECT, verbose_name=_("county"), null=True, blank=True, related_name="places")
    point = PointField(_("point"), srid=STORAGE_SRID, spatial_index=False)
    location_precision = models.CharField(_("location precision"), max_length=16, choices=LocationPrecision)
    accuracy_text = models.CharField(_("accuracy"), max_length=100)
    origin = models.CharField(_("origin of the point"), max_length=200)

    class Meta(Record.Meta):
        verbose_name = _("place")
        verbose_name_plural = _("places")
        indexes = [*Record.Meta.indexes, GistIndex(fields=["point"], name="place_point_gist")]


class Town(Record, Located):
    """A township-level unit (乡、镇、街道). ``code`` is its statistics code."""

    county = models.ForeignKey(County, models.PROTECT, verbose_name=_("county"), related_name="towns")
    is_development_town = models.BooleanField(_("town for urban development"), default=False)
    is_added_key_town = models.BooleanField(_("added key town"), default=False)
    accuracy_text = models.CharField(_("accuracy"), max_length=100, blank=True)
    origin = models.CharField(_("origin of the point"), max_length=200, blank=True)

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("town")
        verbose_name_plural = _("towns")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]


class Industry(Record):
    """An industry as the documents name it (产业)."""

    class Meta(Record.Meta):
        verbose_name = _("industry")
        verbose_name_plural = _("industries")


class Cluster(Record, Located):
    """An industrial cluster, plate or belt (产业集群、板块)."""

    class Level(models.TextChoices):
        ZONE = "zone", _("zone")
        TAIYUAN_PART = "taiyuan_part", _("Taiyuan part")
        COUNTY = "county", _("county")

    class Kind(models.TextChoices):
        CLUSTER = "cluster", _("cluster")
        PLATE = "plate", _("plate")
        AREA = "area", _("concentration area")
        BASE = "base", _("industrial base")

    level = models.CharField(_("level"), max_length=16, choices=Level)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="parts")
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="clusters", blank=True)
    industries = models.ManyToManyField(Industry, verbose_name=_("industries"), related_name="clusters", blank=True)

    own_page = "cluster"

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]


class Park(Record, Located):
    """A development zone, industrial park or new town (开发区、园区、产业新城)."""

    class Level(models.TextChoices):
        PROVINCIAL = "provincial", _("provincial")
        MUNICIPAL = "municipal", _("municipal")
        COUNTY = "county", _("county")
        UNSTATED = "unstated", _("not stated")

    class Status(models.TextChoices):
        """拟设 is proposed, 已设 is established."""

        PROPOSED = "proposed", _("proposed")
        ESTABLISHED = "established", _("established")
        UNSTATED = "unstated", _("not stated")

    class Kind(models.TextChoices):
        DEVELOPMENT_ZONE = "development_zone", _("development zone")
        NEW_TOWN = "new_town", _("industrial new town")
        NESTED_AREA = "nested_area", _("area within a new town")
        INDUSTRIAL_PARK = "industrial_park", _("industrial park")
        AGRICULTURE_ZONE = "agriculture_zone", _("agricultural zone")
        LOGISTICS_PARK = "logistics_park", _("logistics park")
        BASE = "base", _("base")

    level = models.CharField(_("level"), max_length=16, choices=Level, default=Level.UNSTATED)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.UNSTATED)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="parts")
    counties = models.ManyToManyField(County, verbose_name=_("counties"), related_name="parks", blank=True)
    industries = models.ManyToManyField(Industry, verbose_name=_("leading industries"), related_name="parks", blank=True)
    clusters = models.ManyToManyField(Cluster, verbose_name=_("clusters"), related_name="parks", blank=True)

    own_page = "park"

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("park")
        verbose_name_plural = _("parks")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]


class StartUpArea(Record, Located):
    """One of the eleven areas where development begins (启动区)."""

    county = models.ForeignKey(
        County, models.PROTECT, verbose_name=_("county"), null=True, blank=True, related_name="start_up_areas"
    )
    town = models.ForeignKey(Town, models.PROTECT, verbose_name=_("town"), null=True, blank=True, related_name="+")
    park = models.ForeignKey(Park, models.PROTECT, verbose_name=_("park"), null=True, blank=True, related_name="start_up_areas")

    class Meta(Record.Meta, Located.Meta):
        verbose_name = _("start-up area")
        verbose_name_plural = _("start-up areas")
        indexes = [*Record.Meta.indexes, *Located.Meta.indexes]
