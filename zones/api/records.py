"""What every kind of record has in the API: fields, evidence, and a view."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lib.rest import ReadViewSet
from lib.units import UNITS
from zones.models import Citation, DatePrecision, LocationPrecision, Record, Statement
from zones.selectors import conflicts_among, with_codes

AnyModel = TypeVar("AnyModel", bound=Model)
AnyRecord = TypeVar("AnyRecord", bound=Record)

RECORD = ["code", "name", "name_en", "aliases", "summary", "summary_en"]
LOCATED = [*RECORD, "location_precision", "location_text", "location_text_en", "place"]


def reduced_date(day: date | None, precision: str) -> str | None:
    """A date with no more than is known of it: 2021, 2021-H1, 2021-Q4, 2021-12 or 2021-12-08."""
    if day is None:
        return None
    if precision == DatePrecision.YEAR:
        return f"{day.year:04}"  # %Y would write the year 782 with three digits
    if precision == DatePrecision.HALF:
        return f"{day.year:04}-H{1 if day.month <= 6 else 2}"
    if precision == DatePrecision.QUARTER:
        return f"{day.year:04}-Q{(day.month + 2) // 3}"
    if precision == DatePrecision.MONTH:
        return f"{day.year:04}-{day.month:02}"
    return day.isoformat()


REDUCED_DATE = {
    "type": ["string", "null"],
    "pattern": r"^\d{4}(-(H[12]|Q[1-4]|\d{2}(-\d{2})?))?$",
    "description": "A date with no more than its source gives: 2021, 2021-H1, 2021-Q4, 2021-12 or 2021-12-08.",
}


@extend_schema_field(REDUCED_DATE)
class ReducedDate(serializers.Field[Any, Any, Any, Any]):
    def __init__(self, day: str, precision: str) -> None:
        super().__init__(source="*", read_only=True)
        self.day, self.precision = day, precision

    def to_representation(self, value: Any) -> str | None:
        return reduced_date(getattr(value, self.day), getattr(value, self.precision))


@extend_schema_field({"type": ["number", "null"]})
class Number(serializers.Field[Any, Any, Any, Any]):
    """A decimal as a JSON number, without the zeros that the database pads it with."""

    def __init__(self) -> None:
        super().__init__(read_only=True)

    def to_representation(self, value: Decimal) -> int | float:
        return int(value) if value == value.to_integral_value() else float(value)


UNIT_CHOICES = [(code, unit.label or _("number")) for code, unit in UNITS.items()]


class ChoiceOrNull(serializers.ChoiceField):
    """A choice that a source may leave open: null, where the database has an empty text."""

    def __init__(self, choices: Any) -> None:
        super().__init__(choices=choices, allow_null=True, read_only=True)

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


class Code(serializers.CharField):
    """The code of the record that a foreign key leads to, as with_codes() annotates it."""

    def bind(self, field_name: str, parent: Any) -> None:
        self.source = f"{field_name}_code"
        super().bind(field_name, parent)


class Codes(serializers.ListField):
    """The codes of the records of a many-to-many field, as with_codes() annotates them."""

    child = serializers.CharField()

    def bind(self, field_name: str, parent: Any) -> None:
        self.source = f"{field_name}_codes"
        super().bind(field_name, parent)


class ReadSerializer(serializers.ModelSerializer[AnyModel]):
    # Every field is read-only, so that the API's document promises that each is there.
    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only, field.required = True, False
        return fields


class LocatedSerializer(ReadSerializer[AnyModel]):
    location_precision = serializers.ChoiceField(
        choices=LocationPrecision.choices,
        help_text="How good the geometry is; for a record without one, how far the words go.",
    )
    place = Code(allow_null=True, help_text="Code of the gazetteer's place that gave the geometry.")


class BareStatementSerializer(ReadSerializer[Statement]):
    """A figure or finding without its subject."""

    measure = serializers.CharField(source="measure.code")
    measure_name = serializers.CharField(source="measure.name")
    measure_name_en = serializers.CharField(source="measure.name_en")
    value = Number()
    value_max = Number()
    unit = ChoiceOrNull(UNIT_CHOICES)
    unit_label = serializers.SerializerMethodField(help_text="The unit in the language of the request.")
    as_of = ReducedDate("as_of", "as_of_precision")
    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    source_name = serializers.CharField(source="source.name")
    source_name_en = serializers.CharField(source="source.name_en")

    class Meta:
        model = Statement
        fields = [
            *("code", "measure", "measure_name", "measure_name_en", "value", "value_max", "unit", "unit_label"),
            *("qualifier", "nature", "text", "text_en", "scope", "scope_en", "as_of", "inferred"),
            *("source", "source_name", "source_name_en", "locator", "locator_en", "rank"),
        ]

    def get_unit_label(self, statement: Statement) -> str:
        return str(UNITS[statement.unit].label) if statement.unit else ""


class CitationSerializer(ReadSerializer[Citation]):
    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    source_name = serializers.CharField(source="source.name")
    source_name_en = serializers.CharField(source="source.name_en")

    class Meta:
        model = Citation
        fields = ["source", "source_name", "source_name_en", "locator", "locator_en"]


class ConflictSerializer(serializers.Serializer[Any]):
    """Two statements of one measure and nature that can't both hold."""

    measure = serializers.CharField(source="first.measure.code", read_only=True)
    nature = serializers.ChoiceField(choices=Statement.Nature.choices, source="first.nature", read_only=True)
    first = serializers.CharField(source="first.code", help_text="Code of a statement.", read_only=True)
    second = serializers.CharField(source="second.code", help_text="Code of a statement.", read_only=True)
    difference_percent = serializers.FloatField(
        allow_null=True, read_only=True, help_text="How far the second lies from the first, in percent of the first."
    )


class EvidenceSerializer(serializers.Serializer[Any]):
    """What a single record has more than a row of a list: figures, where it was read, and what disagrees."""

    statements = BareStatementSerializer(many=True, read_only=True)
    citations = CitationSerializer(many=True, read_only=True)
    conflicts = serializers.SerializerMethodField(help_text="Nothing is averaged: figures that disagree stand side by side.")
    data_quality_notes = serializers.SerializerMethodField(help_text="Codes of the notes that concern the record.")

    def get_data_quality_notes(self, record: Record) -> list[str]:
        return sorted({link.note.code for link in record.note_links.all()})

    @extend_schema_field(ConflictSerializer(many=True))
    def get_conflicts(self, record: Record) -> Any:
        return ConflictSerializer(conflicts_among(record.statements.all()), many=True).data


class RecordViewSet(ReadViewSet[AnyRecord]):
    evidence_serializer_class: ClassVar[type[serializers.BaseSerializer[Any]]] = EvidenceSerializer

    def get_queryset(self) -> QuerySet[AnyRecord]:
        records: Any = super().get_queryset()
        queryset = with_codes(records.visible_to(self.request.user))
        if self.action != "retrieve":
            return queryset
        return queryset.prefetch_related("statements__source", "statements__measure", "citations__source", "note_links__note")
