"""The register's pages: the list with its filters, and a project."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.forms import ChoiceField, Field
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from zones.evidence import figure_groups, in_words, notes_on
from zones.fields import fields_of, location_sentence
from zones.locator import locator

from .filters import ProjectFilter
from .models import Project, Stage

PAGE_SIZE = 25
LIST_FIELDS = ("county", "park", "cluster", "industry")
FIELDS = ("kind", "county", "park", "cluster", "industry", "organisations", "location_text")
# What the page offers; the filter set knows more, for the API.
OFFERED = ("county", "stage", "kind", "cluster", "park", "industry")
SAID = ("q", *OFFERED, "organisation", "prefecture", "location_precision")
PROGRESS: list[Stage] = [stage for stage in Stage if stage not in {Stage.STOPPED, Stage.CANCELLED}]


@dataclass(frozen=True)
class Condition:
    """A filter that is set, in words, and the address of the list without it."""

    label: str
    words: str
    without: str


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    everything = Project.objects.visible_to(request.user)
    filters = ProjectFilter(request.GET, everything.with_fields(*LIST_FIELDS))
    page = Paginator(filters.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "filters": filters,
        "offered": [filters.form[name] for name in OFFERED],
        "conditions": _conditions(filters, request.GET),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "query": _query_without(request.GET, "page"),
        "total": everything.count(),
    }
    return render(request, "projects/projects.html", context)


def _conditions(filters: ProjectFilter, given: QueryDict) -> list[Condition]:
    found = []
    for name in SAID:
        value = filters.form.cleaned_data.get(name)
        if value:
            field = filters.form.fields[name]
            found.append(Condition(capfirst(str(field.label)), _words(field, value), "?" + _query_without(given, name, "page")))
    return found


def _words(field: Field, value: object) -> str:
    """A choice by its label; a record names itself, and so does a text."""
    if isinstance(field, ChoiceField) and isinstance(value, str):
        return str(next(label for choice, label in field.widget.choices if choice == value))
    return str(value)


def _query_without(given: QueryDict, *names: str) -> str:
    kept = given.copy()
    for name in names:
        kept.pop(name, None)
    return kept.urlencode()


@require_safe
def project(request: HttpRequest, code: str) -> HttpResponse:
    records = Project.objects.visible_to(request.user).with_evidence().with_fields(*FIELDS)
    record = get_object_or_404(records.prefetch_related("stages__source"), code=code)
    statements = list(record.statements.all())
    context: dict[str, Any] = {
        "record": record,
        "figure_groups": figure_groups(statements),
        "in_words": in_words(statements),
        "notes": notes_on(record),
        "fields": list(fields_of(record, FIELDS)),
        "location_sentence": location_sentence(record),
        "states_investment": any(statement.measure.code == "total-investment" for statement in statements),
        "progress": _progress(record),
        "outside_progress": [Stage.STOPPED, Stage.CANCELLED],
        "map": locator({record.county_id} if record.county_id else (), close=True).marking([record]),
    }
    return render(request, "projects/project.html", context)


def _progress(record: Project) -> list[dict[str, object]]:
    """The stages in order, those behind the project's own marked as passed; none is when its stage is outside the order."""
    here = PROGRESS.index(Stage(record.stage)) if record.stage in PROGRESS else -1
    return [{"stage": stage, "is_past": number < here, "is_current": number == here} for number, stage in enumerate(PROGRESS)]
