"""A layer as SQL: the rows that the reader may know of, under declared names, with the tables that they come from."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from lib.crs import BY_NAME, CRS, CRS84, SYSTEMS
from portal import layers
from portal.layer import Layer
from portal.relation import Relation, feature_sql, relation, relation_of
from projects.filters import ProjectFilter
from projects.models import Project
from tests.factories import county, geometry, make
from zones.models import PublishedQuerySet

pytestmark = pytest.mark.django_db

PUBLISHED = layers.published()
LAYERS = pytest.mark.parametrize("layer", PUBLISHED, ids=lambda layer: layer.id)


def rows(sql: str, found: Relation, *params: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql} FROM {found.sql} ORDER BY f.pk", [*params, *found.params])
        return [row[0] for row in cursor.fetchall()]


def features(layer: Layer, system: CRS = CRS84) -> list[dict[str, Any]]:
    found = relation(layer, AnonymousUser())
    return [json.loads(text) for text in rows(feature_sql(found, system), found)]


@LAYERS
def test_a_layer_is_declared_completely(layer: Layer) -> None:
    names = [field.name for field in layer.fields]
    assert names[:2] == ["code", "name"]
    assert len(names) == len(set(names))
    assert set(layer.tile_fields) <= set(names)
    assert {layer.symbol_field, layer.datetime_field} <= {*names, ""}
    assert all(str(field.label) for field in layer.fields)
    assert layer.filterset


@LAYERS
def test_every_row_is_a_feature_with_every_declared_property(layer: Layer) -> None:
    found = features(layer)
    assert len(found) == layer.visible_to(AnonymousUser()).count()
    for feature in found:
        assert list(feature["properties"]) == [field.name for field in layer.fields]
        assert feature["id"] == feature["properties"]["code"]


def test_a_feature_says_what_the_record_holds() -> None:
    record = make(Project, county=county(), stage="building", geom=geometry("POINT(112.5 38.25)"), location_precision="village")
    feature = next(item for item in features(layers.LAYERS[0]) if item["id"] == record.code)
    assert feature["geometry"] == {"type": "Point", "coordinates": [112.5, 38.25]}
    assert (feature["properties"]["county"], feature["properties"]["stage"]) == ("140108", "building")
    assert (feature["properties"]["summary"], feature["properties"]["investment_wan"]) == (None, None)
    assert feature["properties"]["aliases"] == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_coordinates_stand_in_the_order_that_the_system_declares(system: CRS) -> None:
    record = make(Project, geom=geometry("POINT(112.25 38)"), location_precision="site")
    feature = next(item for item in features(layers.LAYERS[0], system) if item["id"] == record.code)
    point = GEOSGeometry("SRID=4490;POINT(112.25 38)").transform(system.srid, clone=True)
    expected = (point.y, point.x) if system.north_first else (point.x, point.y)
    assert feature["geometry"]["coordinates"] == pytest.approx(expected, abs=0.006)


def test_outer_rings_run_counterclockwise_as_longitude_and_latitude() -> None:
    for feature in features(layers.find("counties") or PUBLISHED[0]):
        for ring, *_holes in feature["geometry"]["coordinates"]:
            doubled = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False))
            assert doubled > 0


def test_a_field_that_was_not_asked_for_is_not_in_the_sql() -> None:
    found = relation(layers.LAYERS[0], AnonymousUser(), ("stage",))
    assert [field.name for field in found.fields] == ["code", "name", "stage"]
    assert "summary" not in found.sql
    assert "zones_county" not in found.tables


def test_the_tables_behind_references_are_known() -> None:
    found = relation(layers.find("parks") or PUBLISHED[0], AnonymousUser())
    assert {"zones_park", "zones_park_counties", "zones_county", "zones_park_clusters", "zones_cluster"} <= found.tables


def test_the_tables_of_a_filter_are_known() -> None:
    filters = ProjectFilter({"prefecture": "140100"}, Project.objects.all())
    assert "zones_county" in relation_of(layers.LAYERS[0], filters.qs, ("stage",)).tables


def test_what_is_hidden_is_in_no_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Project.objects.order_by("code").values_list("code", flat=True)[:3]

    def visible_to(self: QuerySet[Any], user: object) -> QuerySet[Any]:
        return self.filter(code__in=list(kept))

    monkeypatch.setattr(PublishedQuerySet, "visible_to", visible_to)
    found = relation(layers.LAYERS[0], AnonymousUser())
    assert sorted(rows("f.code", found)) == sorted(kept)


def test_conditions_on_a_relation_use_the_indexes_below_it() -> None:
    found = relation(layers.LAYERS[0], AnonymousUser())
    box = "f.geom && ST_MakeEnvelope(112, 38, 112.1, 38.1, 4490)"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for condition, index in ((box, "project_geom_gist"), ("f.code = 'PRJ-001'", "projects_project_code")):
            cursor.execute(f"EXPLAIN SELECT f.name FROM {found.sql} WHERE {condition}", found.params)
            assert index in "\n".join(line for (line,) in cursor.fetchall())


def test_making_a_relation_asks_nothing_of_the_database(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        for layer in PUBLISHED:
            relation(layer, AnonymousUser())


def test_every_system_has_a_name_and_an_address_of_its_own() -> None:
    assert len({system.uri for system in SYSTEMS}) == len(SYSTEMS) == 8
    assert BY_NAME["EPSG:4526"].north_first
    assert not BY_NAME["EPSG:3857"].north_first
