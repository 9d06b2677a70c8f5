"""What is to be built and done: transport, infrastructure, environment."""

from zones import filters
from zones.models import EnvironmentMeasure, InfrastructureWork, TransportWork

from .records import LOCATED, RECORD, Code, Codes, LocatedSerializer, ReadSerializer, RecordViewSet


class TransportWorkSerializer(LocatedSerializer[TransportWork]):
    parent = Code(allow_null=True)  # type: ignore[assignment]
    counties = Codes()

    class Meta:
        model = TransportWork
        fields = [*LOCATED, "mode", "state", "parent", "counties"]


class TransportWorkViewSet(RecordViewSet[TransportWork]):
    queryset = TransportWork.objects.all()
    serializer_class = TransportWorkSerializer
    filterset_class = filters.TransportWorkFilter
    geometry_field = "geom"


class InfrastructureWorkSerializer(ReadSerializer[InfrastructureWork]):
    counties = Codes()

    class Meta:
        model = InfrastructureWork
        fields = [*RECORD, "kind", "counties"]


class InfrastructureWorkViewSet(RecordViewSet[InfrastructureWork]):
    queryset = InfrastructureWork.objects.all()
    serializer_class = InfrastructureWorkSerializer
    filterset_class = filters.InfrastructureWorkFilter


class EnvironmentMeasureSerializer(ReadSerializer[EnvironmentMeasure]):
    counties = Codes()

    class Meta:
        model = EnvironmentMeasure
        fields = [*RECORD, "theme", "counties"]


class EnvironmentMeasureViewSet(RecordViewSet[EnvironmentMeasure]):
    queryset = EnvironmentMeasure.objects.all()
    serializer_class = EnvironmentMeasureSerializer
    filterset_class = filters.EnvironmentMeasureFilter
