"""Sources and data quality: where the figures come from, and what is wrong with them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from zones.models import Citation, DataQualityNote, DataQualityNoteSubject, Record, Source, Statement
from zones.models.records import kind_of
from zones.selectors import with_subjects


@dataclass
class SubjectGroup:
    """Records of one kind with what a source says of each."""

    kind: str
    label: str
    entries: dict[Record, "list[Statement | Citation]"] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(len(items) for items in self.entries.values())


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    statement_counts = Counter(Statement.objects.order_by().values_list("source", flat=True))
    citation_counts = Counter(Citation.objects.order_by().values_list("source", flat=True))
    listed = [
        {"source": record, "statement_count": statement_counts[record.pk], "citation_count": citation_counts[record.pk]}
        for record in Source.objects.all()
    ]
    return render(request, "zones/sources.html", {"sources": listed})


@require_safe
def source(request: HttpRequest, code: str) -> HttpResponse:
    record = get_object_or_404(Source, code=code)
    statements = list(with_subjects(Statement.objects.filter(source=record).select_related("measure")))
    citations = list(with_subjects(Citation.objects.filter(source=record)))
    context = {
        "record": record,
        "statement_count": len(statements),
        "cited_count": len({(citation.subject_type_id, citation.subject_id) for citation in citations}),
        "statements_by_kind": _by_subject(statements),
        "citations_by_kind": _by_subject(citations),
    }
    return render(request, "zones/source.html", context)


def _by_subject(items: "Iterable[Statement | Citation]") -> list[SubjectGroup]:
    """By kind of subject in the order of the kinds, then by subject in its own order."""
    groups: dict[str, SubjectGroup] = {}
    for item in sorted(items, key=lambda item: (item.subject_type_id, item.subject_id)):
        subject: Any = item.subject  # a record is always there: load_zone removes what is said of one that went
        kind = kind_of(subject)
        if kind not in groups:
            groups[kind] = SubjectGroup(kind, capfirst(str(subject._meta.verbose_name_plural)))
        groups[kind].entries.setdefault(subject, []).append(item)
    return list(groups.values())


@require_safe
def data_quality(request: HttpRequest) -> HttpResponse:
    subjects = with_subjects(DataQualityNoteSubject.objects.order_by("id"))
    notes = list(DataQualityNote.objects.with_evidence().prefetch_related(Prefetch("subjects", subjects)))
    kinds = [(kind, label, [note for note in notes if note.kind == kind]) for kind, label in DataQualityNote.Kind.choices]
    context = {
        "note_count": len(notes),
        "open_count": sum(note.status == DataQualityNote.Status.OPEN for note in notes),
        "settled_count": sum(note.status == DataQualityNote.Status.SETTLED for note in notes),
        "kinds": [group for group in kinds if group[2]],
    }
    return render(request, "zones/data_quality.html", context)
