"""What the plan says about space: structure, control lines and their rules, land."""

from zones import filters
from zones.models import ControlLineType, LandLedger, PlanRule, StructureElement, StructureScheme

from .records import LOCATED, RECORD, CitationSerializer, Code, Codes, LocatedSerializer, ReadSerializer, RecordViewSet


class StructureSchemeSerializer(ReadSerializer[StructureScheme]):
    source = Code()  # type: ignore[assignment]

    class Meta:
        model = StructureScheme
        fields = [*RECORD, "level", "source"]


class StructureSchemeViewSet(RecordViewSet[StructureScheme]):
    queryset = StructureScheme.objects.all()
    serializer_class = StructureSchemeSerializer
    filterset_class = filters.StructureSchemeFilter


class StructureElementSerializer(LocatedSerializer[StructureElement]):
    scheme = Code()
    counties = Codes()
    parks = Codes()
    clusters = Codes()

    class Meta:
        model = StructureElement
        fields = [*LOCATED, "scheme", "kind", "counties", "parks", "clusters"]


class StructureElementViewSet(RecordViewSet[StructureElement]):
    queryset = StructureElement.objects.all()
    serializer_class = StructureElementSerializer
    filterset_class = filters.StructureElementFilter
    geometry_field = "geom"


class LineRuleSerializer(ReadSerializer[PlanRule]):
    """A rule of a control line; its clause is its citation."""

    citations = CitationSerializer(many=True, read_only=True)

    class Meta:
        model = PlanRule
        fields = [*RECORD, "citations"]


class ControlLineTypeSerializer(ReadSerializer[ControlLineType]):
    rules = LineRuleSerializer(many=True, read_only=True)

    class Meta:
        model = ControlLineType
        fields = [*RECORD, "rules"]


class ControlLineTypeViewSet(RecordViewSet[ControlLineType]):
    queryset = ControlLineType.objects.prefetch_related("rules__citations__source")
    serializer_class = ControlLineTypeSerializer
    filterset_class = filters.RecordFilter


class PlanRuleSerializer(ReadSerializer[PlanRule]):
    line = Code(allow_null=True)

    class Meta:
        model = PlanRule
        fields = [*RECORD, "line"]


class PlanRuleViewSet(RecordViewSet[PlanRule]):
    queryset = PlanRule.objects.all()
    serializer_class = PlanRuleSerializer
    filterset_class = filters.PlanRuleFilter


class LandLedgerSerializer(ReadSerializer[LandLedger]):
    county = Code(allow_null=True)
    park = Code(allow_null=True)

    class Meta:
        model = LandLedger
        fields = [*RECORD, "county", "park"]


class LandLedgerViewSet(RecordViewSet[LandLedger]):
    queryset = LandLedger.objects.all()
    serializer_class = LandLedgerSerializer
    filterset_class = filters.LandLedgerFilter
