"""The register in the API: projects with their dated stages, and the totals that counties report."""

from django.db.models import F, Prefetch
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from zones.api.records import (
    LOCATED,
    RECORD,
    REDUCED_DATE,
    ChoiceOrNull,
    Code,
    Codes,
    LocatedSerializer,
    Number,
    ReadSerializer,
    RecordViewSet,
    ReducedDate,
    reduced_date,
)

from . import filters
from .models import Project, ProjectStage, ReportedTotal, Stage


class ProjectStageSerializer(ReadSerializer[ProjectStage]):
    """What a source tells of a project's stage at a time."""

    stage = ChoiceOrNull(Stage.choices)
    as_of = ReducedDate("as_of", "as_of_precision")
    source = Code()  # type: ignore[assignment]

    class Meta:
        model = ProjectStage
        fields = ["stage", "words", "words_en", "as_of", "inferred", "is_expected", "source", "locator", "locator_en"]


class ProjectSerializer(LocatedSerializer[Project]):
    county = Code(allow_null=True)
    park = Code(allow_null=True)
    cluster = Code(allow_null=True)
    industry = Code(allow_null=True)
    organisations = Codes()
    stage = ChoiceOrNull(Stage.choices)
    stage_as_of = serializers.SerializerMethodField()
    investment_wan = Number()
    stages = ProjectStageSerializer(many=True, read_only=True)

    class Meta:
        model = Project
        fields = [
            *LOCATED,
            *("kind", "county", "park", "cluster", "industry", "organisations", "stage", "stage_as_of"),
            *("investment_wan", "stages"),
        ]

    @extend_schema_field(REDUCED_DATE)
    def get_stage_as_of(self, project: Project) -> str | None:
        """The stage's date with the precision of the record that told it."""
        told = (record for record in project.stages.all() if (record.stage, record.as_of) == (project.stage, project.stage_as_of))
        record = next(told, None)
        return reduced_date(project.stage_as_of, record.as_of_precision if record else "")


class ProjectViewSet(RecordViewSet[Project]):
    queryset = Project.objects.prefetch_related(Prefetch("stages", ProjectStage.objects.annotate(source_code=F("source__code"))))
    serializer_class = ProjectSerializer
    filterset_class = filters.ProjectFilter
    geometry_field = "geom"


class ReportedTotalSerializer(ReadSerializer[ReportedTotal]):
    county = Code(allow_null=True)

    class Meta:
        model = ReportedTotal
        fields = [*RECORD, "county"]


class ReportedTotalViewSet(RecordViewSet[ReportedTotal]):
    queryset = ReportedTotal.objects.all()
    serializer_class = ReportedTotalSerializer
    filterset_class = filters.ReportedTotalFilter
