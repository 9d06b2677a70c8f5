"""Sources, the statements made in them, indicators, and notes on the quality of the data."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from lib.rest import ReadViewSet
from zones import filters
from zones.models import DataQualityNote, DataQualityNoteSubject, Indicator, Measure, Source, Statement
from zones.models.records import kind_of
from zones.selectors import with_subjects

from .records import (
    RECORD,
    UNIT_CHOICES,
    BareStatementSerializer,
    ChoiceOrNull,
    ReadSerializer,
    RecordViewSet,
    ReducedDate,
)


class SourceSerializer(ReadSerializer[Source]):
    published_on = ReducedDate("published_on", "published_precision")

    class Meta:
        model = Source
        fields = [*RECORD, "kind", "publisher", "publisher_en", "document_number", "published_on", "published_inferred"]


class SourceViewSet(RecordViewSet[Source]):
    queryset = Source.objects.all()
    serializer_class = SourceSerializer
    filterset_class = filters.SourceFilter


class MeasureSerializer(ReadSerializer[Measure]):
    class Meta:
        model = Measure
        fields = RECORD


class MeasureViewSet(RecordViewSet[Measure]):
    queryset = Measure.objects.all()
    serializer_class = MeasureSerializer
    filterset_class = filters.RecordFilter


class SubjectSerializer(serializers.Serializer[Any]):
    """A record that something is about."""

    kind = serializers.SerializerMethodField()
    code = serializers.CharField(source="subject.code", read_only=True)
    name = serializers.CharField(source="subject.name", read_only=True)
    name_en = serializers.CharField(source="subject.name_en", read_only=True)

    def get_kind(self, row: Any) -> str:
        return kind_of(row.subject)


class StatementSerializer(BareStatementSerializer):
    """A figure or finding of one source about one record."""

    subject_kind = serializers.SerializerMethodField()
    subject = serializers.CharField(source="subject.code")
    subject_name = serializers.CharField(source="subject.name")
    subject_name_en = serializers.CharField(source="subject.name_en")

    class Meta(BareStatementSerializer.Meta):
        about = ["subject_kind", "subject", "subject_name", "subject_name_en"]
        fields = [*BareStatementSerializer.Meta.fields, *about]

    def get_subject_kind(self, statement: Statement) -> str:
        about: Any = statement.subject
        return kind_of(about)


class StatementViewSet(ReadViewSet[Statement]):
    queryset = Statement.objects.select_related("measure", "source")
    serializer_class = StatementSerializer
    filterset_class = filters.StatementFilter

    def get_queryset(self) -> QuerySet[Statement]:
        return with_subjects(super().get_queryset())


class IndicatorSerializer(ReadSerializer[Indicator]):
    unit = ChoiceOrNull(UNIT_CHOICES)

    class Meta:
        model = Indicator
        fields = [*RECORD, "theme", "unit", "base_year", "target_year", "in_zone"]


class IndicatorViewSet(RecordViewSet[Indicator]):
    queryset = Indicator.objects.all()
    serializer_class = IndicatorSerializer
    filterset_class = filters.IndicatorFilter


class DataQualityNoteSerializer(ReadSerializer[DataQualityNote]):
    subjects = SubjectSerializer(many=True, read_only=True)

    class Meta:
        model = DataQualityNote
        fields = [*RECORD, "kind", "status", "handling", "handling_en", "subjects"]


class DataQualityNoteViewSet(RecordViewSet[DataQualityNote]):
    queryset = DataQualityNote.objects.all()
    serializer_class = DataQualityNoteSerializer
    filterset_class = filters.DataQualityNoteFilter

    def get_queryset(self) -> QuerySet[DataQualityNote]:
        links = with_subjects(DataQualityNoteSubject.objects.order_by("id"))
        return super().get_queryset().prefetch_related(Prefetch("subjects", links))
