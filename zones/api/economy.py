"""Who and what works in the zone: chains, organisations, platforms, specialised towns, sights."""

from zones import filters
from zones.models import ChainLink, CulturalSite, IndustryChain, Organisation, Platform, SpecialisedTown

from .records import LOCATED, RECORD, Code, Codes, LocatedSerializer, ReadSerializer, RecordViewSet


class ChainLinkSerializer(ReadSerializer[ChainLink]):
    class Meta:
        model = ChainLink
        fields = ["code", "name", "name_en"]


class IndustryChainSerializer(ReadSerializer[IndustryChain]):
    counties = Codes()
    clusters = Codes()
    links = ChainLinkSerializer(many=True, read_only=True, help_text="Upstream first.")

    class Meta:
        model = IndustryChain
        fields = [*RECORD, "kind", "counties", "clusters", "links"]


class IndustryChainViewSet(RecordViewSet[IndustryChain]):
    queryset = IndustryChain.objects.prefetch_related("links")
    serializer_class = IndustryChainSerializer
    filterset_class = filters.IndustryChainFilter


class OrganisationSerializer(ReadSerializer[Organisation]):
    counties = Codes()
    clusters = Codes()

    class Meta:
        model = Organisation
        fields = [*RECORD, "kind", "in_zone", "counties", "clusters"]


class OrganisationViewSet(RecordViewSet[Organisation]):
    queryset = Organisation.objects.all()
    serializer_class = OrganisationSerializer
    filterset_class = filters.OrganisationFilter


class PlatformSerializer(ReadSerializer[Platform]):
    counties = Codes()

    class Meta:
        model = Platform
        fields = [*RECORD, "in_zone", "counties"]


class PlatformViewSet(RecordViewSet[Platform]):
    queryset = Platform.objects.all()
    serializer_class = PlatformSerializer
    filterset_class = filters.PlatformFilter


class SpecialisedTownSerializer(LocatedSerializer[SpecialisedTown]):
    county = Code(allow_null=True)

    class Meta:
        model = SpecialisedTown
        fields = [*LOCATED, "kind", "level", "in_zone", "county"]


class SpecialisedTownViewSet(RecordViewSet[SpecialisedTown]):
    queryset = SpecialisedTown.objects.all()
    serializer_class = SpecialisedTownSerializer
    filterset_class = filters.SpecialisedTownFilter
    geometry_field = "geom"


class CulturalSiteSerializer(LocatedSerializer[CulturalSite]):
    counties = Codes()

    class Meta:
        model = CulturalSite
        fields = [*LOCATED, "kind", "grade", "counties"]


class CulturalSiteViewSet(RecordViewSet[CulturalSite]):
    queryset = CulturalSite.objects.all()
    serializer_class = CulturalSiteSerializer
    filterset_class = filters.CulturalSiteFilter
    geometry_field = "geom"
