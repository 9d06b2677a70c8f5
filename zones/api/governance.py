"""How it is governed: policies, mechanisms, milestones."""

from zones import filters
from zones.models import Mechanism, Milestone, Policy

from .records import RECORD, Code, Codes, ReadSerializer, RecordViewSet, ReducedDate


class PolicySerializer(ReadSerializer[Policy]):
    parent = Code(allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Policy
        fields = [*RECORD, "tier", "document_number", "issued_on", "parent", "is_available"]


class PolicyViewSet(RecordViewSet[Policy]):
    queryset = Policy.objects.all()
    serializer_class = PolicySerializer
    filterset_class = filters.PolicyFilter


class MechanismSerializer(ReadSerializer[Mechanism]):
    counties = Codes()

    class Meta:
        model = Mechanism
        fields = [*RECORD, "is_current", "counties"]


class MechanismViewSet(RecordViewSet[Mechanism]):
    queryset = Mechanism.objects.all()
    serializer_class = MechanismSerializer
    filterset_class = filters.MechanismFilter


class MilestoneSerializer(ReadSerializer[Milestone]):
    happened_on = ReducedDate("happened_on", "happened_precision")
    counties = Codes()

    class Meta:
        model = Milestone
        fields = [*RECORD, "happened_on", "happened_inferred", "in_zone", "counties"]


class MilestoneViewSet(RecordViewSet[Milestone]):
    queryset = Milestone.objects.all()
    serializer_class = MilestoneSerializer
    filterset_class = filters.MilestoneFilter
