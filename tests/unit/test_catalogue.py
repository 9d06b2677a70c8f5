"""The loaded data against the team's catalogue of facts: each of its rows, its figures, its names and its sources.

tests/data/catalogue.tsv has a line for each fact: id, documents, the numbers in it and the names in it. A fact is
present when the records and statements that carry its id hold every one of them. What is left out on purpose stands
in catalogue_exempt.tsv with its reason.
"""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models

from projects.models import ProjectStage
from zones.models import Citation, Record, Statement

DATA = Path(__file__).parent.parent / "data"
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@dataclass
class Evidence:
    """All that is loaded under one fact id."""

    texts: list[str] = field(default_factory=list)
    numbers: set[Decimal] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)

    def add_text(self, *texts: str) -> None:
        for text in texts:
            self.texts.append(text)
            self.numbers |= {Decimal(number.replace(",", "")) for number in NUMBER.findall(text)}


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def _add_fields(evidence: Evidence, record: models.Model) -> None:
    for column in record._meta.concrete_fields:
        value = getattr(record, column.name if not column.is_relation else column.attname)
        if column.is_relation and value:
            evidence.add_text(str(getattr(record, column.name)))
        elif isinstance(value, list):
            if column.name != "fact_ids":
                evidence.add_text(*value)
        elif isinstance(value, int | Decimal) and column.name not in {"id", "sort_order", "subject_id"}:
            evidence.numbers.add(Decimal(value))
        elif column.name not in {"geom", "boundary", "id", "code"} and value is not None:
            evidence.add_text(str(value))


def _add_record(evidence: Evidence, record: Record, statements: list[Statement], citations: list[Citation]) -> None:
    _add_fields(evidence, record)
    if record.code.isdigit():  # an official code such as GB/T 2260: a figure of the fact
        evidence.add_text(record.code)
    for relation in record._meta.many_to_many:
        evidence.add_text(*(item.name for item in getattr(record, relation.name).all()))
    for name in ("links", "parts", "rules", "elements"):
        if hasattr(record, name):
            evidence.add_text(*(item.name for item in getattr(record, name).all()))
    for statement in statements:
        _add_fields(evidence, statement)
    evidence.sources |= {citation.source.code for citation in citations}


def _gather() -> dict[str, Evidence]:
    found: dict[str, Evidence] = defaultdict(Evidence)
    statements_of = defaultdict(list)
    for statement in Statement.objects.select_related("source", "measure", "subject_type"):
        statements_of[statement.subject_type_id, statement.subject_id].append(statement)
    citations_of = defaultdict(list)
    for citation in Citation.objects.select_related("source"):
        citations_of[citation.subject_type_id, citation.subject_id].append(citation)
    stages_of = defaultdict(list)
    for stage in ProjectStage.objects.select_related("source"):
        stages_of[stage.project_id].append(stage)
    for model in apps.get_models():
        if not issubclass(model, Record):
            continue
        kind = ContentType.objects.get_for_model(model).pk
        for record in model._default_manager.all():
            statements = statements_of[kind, record.pk]
            for fact in record.fact_ids:
                _add_record(found[fact], record, statements, citations_of[kind, record.pk])
                found[fact].sources |= {s.source.code for s in statements}
                for stage in stages_of[record.pk] if model._meta.model_name == "project" else []:
                    _add_fields(found[fact], stage)
                    found[fact].sources.add(stage.source.code)
            for statement in statements:
                for fact in statement.fact_ids:
                    _add_fields(found[fact], statement)
                    found[fact].add_text(record.name, *record.aliases)
                    found[fact].sources.add(statement.source.code)
    return found


def missing_from(row: dict[str, str], evidence: Evidence) -> list[str]:
    text = "\n".join(evidence.texts)
    lacks = [f"number {number}" for number in row["numbers"].split() if Decimal(number) not in evidence.numbers]
    lacks += [f"name {name}" for name in row["names"].split() if name not in text]
    lacks += [f"source {source}" for source in row["sources"].split() if source not in evidence.sources]
    return lacks


@pytest.fixture
def gathered(db: None) -> dict[str, Evidence]:
    return _gather()


def test_every_fact_of_the_catalogue_is_loaded(gathered: dict[str, Evidence]) -> None:
    exempt = {row["id"] for row in _rows("catalogue_exempt.tsv")}
    problems = []
    for row in _rows("catalogue.tsv"):
        if row["id"] in exempt:
            continue
        if row["id"] not in gathered:
            problems.append(f"{row['id']}: nothing is loaded")
        elif lacks := missing_from(row, gathered[row["id"]]):
            problems.append(f"{row['id']}: {', '.join(lacks)}")
    assert not problems, "\n" + "\n".join(problems)


def test_the_catalogue_is_whole() -> None:
    rows = _rows("catalogue.tsv")
    assert len(rows) == 499
    assert len({row["id"] for row in rows}) == 499


def test_exemptions_are_few_and_give_a_reason() -> None:
    exempt = _rows("catalogue_exempt.tsv")
    assert len(exempt) <= 15
    assert all(len(row["reason"]) > 10 for row in exempt)
    assert {row["id"] for row in exempt} <= {row["id"] for row in _rows("catalogue.tsv")}


def test_a_missing_number_name_or_source_is_noticed() -> None:
    evidence = Evidence()
    evidence.add_text("阳曲县 76 km²")
    evidence.sources = {"S0"}
    row = {"numbers": "76 29", "names": "阳曲县 大盂镇", "sources": "S0 S3"}
    assert missing_from(row, evidence) == ["number 29", "name 大盂镇", "source S3"]


def test_no_loaded_fact_is_unknown_to_the_catalogue(gathered: dict[str, Evidence]) -> None:
    assert set(gathered) <= {row["id"] for row in _rows("catalogue.tsv")}
