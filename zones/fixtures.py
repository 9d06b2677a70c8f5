"""Reads fixtures/ (YAML and CSV) into the models: the zone as data. The only writer of these rows.

A row is the fields of its model by name; a reference is the code of the other record. Beside the fields:

``facts``       ids of the catalogue of facts
``cite``        [{source, locator, locator_en}]: where the record is named
``statements``  [{measure, value, max, unit, qualifier, nature, text, text_en, scope, scope_en, as_of, inferred,
                 source, locator, locator_en, rank, facts}]; ``as_of`` is 2021, 2021-H1, 2021-Q4, 2021-12 or 2021-12-08
``at``          code or name of a place or town that gives the point and its precision
``through``     schematic line: names or codes of places and towns, or [lon, lat]; a list of lists gives several lines

Every value is read as text and turned by the model's own field, so that nothing depends on how YAML reads 1e3 or no.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Point
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from lib.crs import STORAGE_SRID

from .fixture_files import FixtureError, Row, parse_bool, parse_date, parse_number, read_rows, words
from .models import (
    ChainLink,
    Citation,
    Cluster,
    ControlLineType,
    County,
    CulturalSite,
    DataQualityNote,
    DataQualityNoteSubject,
    EnvironmentMeasure,
    Indicator,
    Industry,
    IndustryChain,
    InfrastructureWork,
    LandLedger,
    Located,
    LocationPrecision,
    Measure,
    Mechanism,
    Milestone,
    Organisation,
    Park,
    Place,
    PlanRule,
    Platform,
    Policy,
    Record,
    Source,
    SpecialisedTown,
    StartUpArea,
    Statement,
    StructureElement,
    StructureScheme,
    Town,
    TransportWork,
    Zone,
)

# In this order, so that what a row refers to is there before it.
FILES: list[tuple[type[Record], str]] = [
    (Source, "sources.yaml"),
    (Measure, "measures.yaml"),
    (Industry, "industries.yaml"),
    (Zone, "zone.yaml"),
    (County, "counties.yaml"),
    (Place, "places.csv"),
    (Town, "towns.csv"),
    (Cluster, "clusters.yaml"),
    (Park, "parks.yaml"),
    (StartUpArea, "start_up_areas.yaml"),
    (StructureScheme, "structure_schemes.yaml"),
    (StructureElement, "structure_elements.yaml"),
    (ControlLineType, "control_lines.yaml"),
    (PlanRule, "plan_rules.yaml"),
    (LandLedger, "land_ledgers.yaml"),
    (IndustryChain, "industry_chains.yaml"),
    (Organisation, "organisations.yaml"),
    (Platform, "platforms.yaml"),
    (SpecialisedTown, "specialised_towns.yaml"),
    (CulturalSite, "cultural_sites.yaml"),
    (TransportWork, "transport_works.yaml"),
    (InfrastructureWork, "infrastructure_works.yaml"),
    (EnvironmentMeasure, "environment_measures.yaml"),
    (Policy, "policies.yaml"),
    (Mechanism, "mechanisms.yaml"),
    (Milestone, "milestones.yaml"),
    (Indicator, "indicators.yaml"),
]


@dataclass
class Loader:
    """One run over fixtures/, inside the caller's transaction."""

    directory: Path
    boundaries: Mapping[str, MultiPolygon]  # by GB/T 2260 code
    ids: dict[type[Record], dict[str, int]] = field(default_factory=dict)
    rows: dict[type[Record], list[Row]] = field(default_factory=dict)
    points: dict[str, tuple[Point, str, int | None]] = field(default_factory=dict)  # name or code -> point, precision, place id

    def load(self, model: type[Record], file_name: str, own_keys: Iterable[str] = ()) -> None:
        """Inserts or updates the rows of one file by code. ``own_keys`` are left to the caller."""
        path = self.directory / file_name
        rows = read_rows(path)
        later = {"code", "facts", "cite", "statements", "parent", *own_keys}
        records, many = [], []
        for order, row in enumerate(rows):
            try:
                record, relations = self._record(model, row, order, later)
            except (ValueError, ValidationError, KeyError) as error:
                raise FixtureError(f"{file_name}: {row.get('code', f'row {order + 1}')}: {error}") from error
            records.append(record)
            many.append(relations)
        codes = [record.code for record in records]
        twice = {code for code in codes if codes.count(code) > 1}
        if twice:
            raise FixtureError(f"{file_name}: code given twice: {', '.join(sorted(twice))}")
        columns = [f.name for f in model._meta.concrete_fields if f.name not in {"id", "code", "parent"}]
        model._default_manager.bulk_create(records, update_conflicts=True, unique_fields=["code"], update_fields=columns)
        self.ids[model] = {record.code: record.pk for record in records}
        self.rows[model] = rows
        self._set_parents(model, rows, records, file_name)
        self._set_many(model, records, many, file_name)
        self._remember_points(records)

    def _record(self, model: type[Record], row: Row, order: int, later: set[str]) -> tuple[Record, dict[str, list[int]]]:
        record = model(code=row["code"], sort_order=order, fact_ids=words(row.get("facts", [])))
        relations: dict[str, list[int]] = {}
        for key, value in row.items():
            if key in later:
                continue
            if key == "at":
                self._place_at(record, value)
            elif key == "through":
                self._draw_through(record, value)
            elif key in {"lon", "lat"}:
                if key == "lon" and value:
                    name = "point" if isinstance(record, Place) else "geom"
                    setattr(record, name, Point(float(value), float(row["lat"]), srid=STORAGE_SRID))
            elif key.endswith("_on") and value:
                day, precision = parse_date(value)
                setattr(record, key, day)
                if hasattr(record, key.replace("_on", "_precision")):
                    setattr(record, key.replace("_on", "_precision"), precision)
            else:
                self._set_field(record, key, value, relations)
        if isinstance(record, County):
            record.boundary = self.boundaries[record.code]
        record.full_clean(
            validate_unique=False,
            validate_constraints=False,
            exclude={f.name for f in model._meta.concrete_fields if f.is_relation},
        )
        return record, relations

    def _set_field(self, record: Record, key: str, value: Any, relations: dict[str, list[int]]) -> None:
        model_field = {f.name: f for f in record._meta.get_fields() if not f.auto_created}.get(key)
        if not isinstance(model_field, models.Field):
            raise FixtureError(f"there is no field {key!r}")
        if isinstance(model_field, models.ManyToManyField):
            relations[key] = [self.id_of(model_field.related_model, code) for code in words(value)]
        elif isinstance(model_field, models.ForeignKey):
            setattr(record, model_field.attname, self.id_of(model_field.related_model, value) if value else None)
        elif isinstance(model_field, models.BooleanField):
            setattr(record, key, parse_bool(value))
        elif isinstance(model_field, ArrayField):
            setattr(record, key, words(value))
        elif value != "":
            setattr(record, key, model_field.to_python(value))

    def id_of(self, model: Any, code: str) -> int:
        try:
            return self.ids[model][code]
        except KeyError:
            raise FixtureError(f"there is no {model._meta.model_name} {code!r}") from None

    def _place_at(self, record: Record, name: str) -> None:
        if not isinstance(record, Located):
            raise FixtureError("has no location")
        if name not in self.points:
            raise FixtureError(f"no located place or town is called {name!r}")
        record.geom, precision, record.place_id = self.points[name]
        if record.location_precision == LocationPrecision.UNKNOWN:
            record.location_precision = precision

    def _draw_through(self, record: Record, stops: list[Any]) -> None:
        if not isinstance(record, Located):
            raise FixtureError("has no location")
        several = all(isinstance(stop, list) and not _is_position(stop) for stop in stops)
        lines = [LineString([self._position(stop) for stop in line]) for line in (stops if several else [stops])]
        record.geom = MultiLineString(lines, srid=STORAGE_SRID) if several else LineString(lines[0].coords, srid=STORAGE_SRID)
        record.location_precision = LocationPrecision.SCHEMATIC

    def _position(self, stop: str | list[str]) -> tuple[float, float]:
        if isinstance(stop, list):
            return float(stop[0]), float(stop[1])
        if stop not in self.points:
            raise FixtureError(f"no located place or town is called {stop!r}")
        point = self.points[stop][0]
        return point.x, point.y

    def _remember_points(self, records: Iterable[Record]) -> None:
        for record in records:
            if isinstance(record, Place):
                self._remember_point(record, (record.point, record.location_precision, record.pk))
            elif isinstance(record, Town) and record.geom:
                self._remember_point(record, (record.geom, LocationPrecision.TOWN, None))

    def _remember_point(self, record: Record, located: tuple[Point, str, int | None]) -> None:
        for name in (record.code, record.name, *record.aliases):
            self.points.setdefault(name, located)

    def _set_parents(self, model: type[Record], rows: list[Row], records: list[Record], file_name: str) -> None:
        if "parent" not in {f.name for f in model._meta.concrete_fields}:
            return
        manager: Any = model._default_manager
        # One that a row no longer names must go, or the record that it was could not be removed.
        manager.exclude(parent=None).update(parent=None)
        children: list[Any] = []
        for row, record in zip(rows, records, strict=True):
            if row.get("parent"):
                try:
                    children.append(record)
                    children[-1].parent_id = self.id_of(model, row["parent"])
                except FixtureError as error:
                    raise FixtureError(f"{file_name}: {record.code}: {error}") from error
        manager.bulk_update(children, ["parent"])

    def _set_many(self, model: type[Record], records: list[Record], many: list[dict[str, list[int]]], file_name: str) -> None:
        for relation in model._meta.many_to_many:
            through: Any = relation.remote_field.through
            source, target = relation.m2m_column_name(), relation.m2m_reverse_name()
            through._default_manager.all().delete()
            through._default_manager.bulk_create(
                through(**{source: record.pk, target: pk})
                for record, relations in zip(records, many, strict=True)
                for pk in relations.get(relation.name, [])
            )

    def subjects(self) -> Iterator[tuple[type[Record], Row, int]]:
        for model, rows in self.rows.items():
            for row in rows:
                yield model, row, self.ids[model][row["code"]]

    def load_evidence(self) -> None:
        """Citations and statements of every row loaded so far. Citations are written anew, statements keep their id."""
        citations, statements = [], []
        for model, row, pk in self.subjects():
            kind = ContentType.objects.get_for_model(model)
            where = f"{model._meta.model_name} {row['code']}"
            try:
                citations += [self._citation(kind, pk, item) for item in self._cited(row)]
                counts: dict[str, int] = {}
                for item in row.get("statements", []):
                    number = counts[item["measure"]] = counts.get(item["measure"], 0) + 1
                    code = f"{model._meta.model_name}.{row['code']}.{item['measure']}.{number}"
                    statements.append(self._statement(code, kind, pk, item))
            except (FixtureError, ValidationError, KeyError) as error:
                raise FixtureError(f"{where}: {error}") from error
        Citation.objects.all().delete()
        Citation.objects.bulk_create(citations)
        columns = [f.name for f in Statement._meta.concrete_fields if f.name not in {"id", "code"}]
        Statement.objects.exclude(code__in=[statement.code for statement in statements]).delete()
        Statement.objects.bulk_create(statements, update_conflicts=True, unique_fields=["code"], update_fields=columns)

    def _cited(self, row: Row) -> list[Row]:
        cite = row.get("cite", [])
        if isinstance(cite, str):  # a CSV cell: "S3 专栏1 | box 1; S3 四（二） | IV(2)"
            return [_citation_cell(part) for part in cite.split("; ") if part]
        return list(cite)

    def _citation(self, kind: ContentType, pk: int, item: Row) -> Citation:
        known = {"source", "locator", "locator_en"}
        if set(item) - known:
            raise FixtureError(f"a citation has no {', '.join(sorted(set(item) - known))}")
        return Citation(
            subject_type=kind,
            subject_id=pk,
            source_id=self.id_of(Source, item["source"]),
            locator=item["locator"],
            locator_en=item.get("locator_en", ""),
        )

    def _statement(self, code: str, kind: ContentType, pk: int, item: Row) -> Statement:
        plain = {"unit", "qualifier", "nature", "text", "text_en", "scope", "scope_en", "locator", "locator_en", "rank"}
        known = plain | {"measure", "value", "max", "as_of", "inferred", "source", "facts"}
        if set(item) - known:
            raise FixtureError(f"a statement has no {', '.join(sorted(set(item) - known))}")
        as_of, precision = parse_date(item["as_of"]) if item.get("as_of") else (None, "")
        statement = Statement(
            code=code,
            subject_type=kind,
            subject_id=pk,
            measure_id=self.id_of(Measure, item["measure"]),
            source_id=self.id_of(Source, item["source"]),
            value=parse_number(item.get("value", "")),
            value_max=parse_number(item.get("max", "")),
            as_of=as_of,
            as_of_precision=precision,
            inferred=parse_bool(item.get("inferred", "false")),
            fact_ids=words(item.get("facts", [])),
            **{key: item[key] for key in plain if key in item},
        )
        statement.full_clean(validate_unique=False, validate_constraints=False, exclude={"subject_type", "measure", "source"})
        return statement

    def load_chain_links(self) -> None:
        """The links of each chain, upstream first: ``links: [{name, name_en}]`` of its row."""
        links = [
            ChainLink(
                code=f"{row['code']}-{number}",
                chain_id=self.ids[IndustryChain][row["code"]],
                sort_order=number,
                name=link["name"],
                name_en=link.get("name_en", ""),
            )
            for row in self.rows[IndustryChain]
            for number, link in enumerate(row.get("links", []), start=1)
        ]
        ChainLink.objects.all().delete()
        ChainLink.objects.bulk_create(links)

    def load_notes(self) -> None:
        """Data-quality notes, after all other records: ``concerns: [county:140108]`` names records of any floor."""
        self.load(DataQualityNote, "data_quality_notes.yaml", own_keys=["concerns"])
        kinds = {str(model._meta.model_name): model for model in self.ids}
        links = []
        for row in self.rows[DataQualityNote]:
            for subject in row.get("concerns", []):
                kind, _colon, code = subject.partition(":")
                if kind not in kinds:
                    raise FixtureError(f"data_quality_notes.yaml: {row['code']}: there is no kind {kind!r}")
                links.append(
                    DataQualityNoteSubject(
                        note_id=self.ids[DataQualityNote][row["code"]],
                        subject_type=ContentType.objects.get_for_model(kinds[kind]),
                        subject_id=self.id_of(kinds[kind], code),
                    )
                )
        DataQualityNoteSubject.objects.all().delete()
        DataQualityNoteSubject.objects.bulk_create(links)

    def remove_stale(self) -> None:
        """Deletes records whose row is gone, dependents first. Errors: ProtectedError when others still refer to one."""
        for model in reversed(self.ids):
            model._default_manager.exclude(code__in=self.ids[model]).delete()


def _citation_cell(text: str) -> Row:
    place, _bar, locator_en = text.partition(" | ")
    source, _space, locator = place.partition(" ")
    return {"source": source, "locator": locator, "locator_en": locator_en}


def _is_position(stop: list[Any]) -> bool:
    return len(stop) == 2 and all(isinstance(part, str) and part.replace(".", "", 1).isdigit() for part in stop)


def load_zone_files(loader: Loader) -> None:
    """Everything of this floor but the notes, which may concern records of the floors above."""
    for model, file_name in FILES:
        loader.load(model, file_name, own_keys=["links"] if model is IndustryChain else [])
    loader.load_chain_links()
