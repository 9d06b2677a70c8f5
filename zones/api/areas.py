"""The zone, its counties and towns, and the areas in them."""

from rest_framework import serializers

from lib.crs import EllipsoidalArea
from zones import filters
from zones.models import Cluster, County, Industry, LocationPrecision, Park, Place, StartUpArea, Town, Zone

from .records import LOCATED, RECORD, Code, Codes, LocatedSerializer, ReadSerializer, RecordViewSet


class ZoneSerializer(ReadSerializer[Zone]):
    class Meta:
        model = Zone
        fields = [*RECORD, "period_start_year", "near_term_end_year", "period_end_year"]


class ZoneViewSet(RecordViewSet[Zone]):
    queryset = Zone.objects.all()
    serializer_class = ZoneSerializer
    filterset_class = filters.ZoneFilter
    geometry_field = "boundary"


class CountySerializer(ReadSerializer[County]):
    zone = Code()
    area_m2 = serializers.IntegerField(
        help_text="Area of the display boundary on the ellipsoid, in m²; not a figure of any source."
    )

    class Meta:
        model = County
        fields = [*RECORD, "zone", "prefecture", "functional_class", "area_m2"]


class CountyViewSet(RecordViewSet[County]):
    queryset = County.objects.annotate(area_m2=EllipsoidalArea("boundary"))
    serializer_class = CountySerializer
    filterset_class = filters.CountyFilter
    geometry_field = "boundary"


class PlaceSerializer(ReadSerializer[Place]):
    county = Code(allow_null=True)
    location_precision = serializers.ChoiceField(choices=LocationPrecision.choices)

    class Meta:
        model = Place
        fields = [*RECORD, "kind", "county", "location_precision", "accuracy_text", "origin"]


class PlaceViewSet(RecordViewSet[Place]):
    queryset = Place.objects.all()
    serializer_class = PlaceSerializer
    filterset_class = filters.PlaceFilter
    geometry_field = "point"


class TownSerializer(LocatedSerializer[Town]):
    county = Code()

    class Meta:
        model = Town
        fields = [*LOCATED, "county", "is_development_town", "is_added_key_town", "accuracy_text", "origin"]


class TownViewSet(RecordViewSet[Town]):
    queryset = Town.objects.all()
    serializer_class = TownSerializer
    filterset_class = filters.TownFilter
    geometry_field = "geom"


class IndustrySerializer(ReadSerializer[Industry]):
    class Meta:
        model = Industry
        fields = RECORD


class IndustryViewSet(RecordViewSet[Industry]):
    queryset = Industry.objects.all()
    serializer_class = IndustrySerializer
    filterset_class = filters.RecordFilter


class ClusterSerializer(LocatedSerializer[Cluster]):
    parent = Code(allow_null=True)  # type: ignore[assignment]
    counties = Codes()
    industries = Codes()

    class Meta:
        model = Cluster
        fields = [*LOCATED, "level", "kind", "parent", "counties", "industries"]


class ClusterViewSet(RecordViewSet[Cluster]):
    queryset = Cluster.objects.all()
    serializer_class = ClusterSerializer
    filterset_class = filters.ClusterFilter
    geometry_field = "geom"


class ParkSerializer(LocatedSerializer[Park]):
    parent = Code(allow_null=True)  # type: ignore[assignment]
    counties = Codes()
    industries = Codes()
    clusters = Codes()

    class Meta:
        model = Park
        fields = [*LOCATED, "level", "status", "kind", "parent", "counties", "industries", "clusters"]


class ParkViewSet(RecordViewSet[Park]):
    queryset = Park.objects.all()
    serializer_class = ParkSerializer
    filterset_class = filters.ParkFilter
    geometry_field = "geom"


class StartUpAreaSerializer(LocatedSerializer[StartUpArea]):
    county = Code(allow_null=True)
    town = Code(allow_null=True)
    park = Code(allow_null=True)

    class Meta:
        model = StartUpArea
        fields = [*LOCATED, "county", "town", "park"]


class StartUpAreaViewSet(RecordViewSet[StartUpArea]):
    queryset = StartUpArea.objects.all()
    serializer_class = StartUpAreaSerializer
    filterset_class = filters.StartUpAreaFilter
    geometry_field = "geom"
