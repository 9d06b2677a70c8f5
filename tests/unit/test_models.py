"""What the database itself refuses, whoever writes."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db import IntegrityError, connection, transaction

from lib.crs import STORAGE_SRID
from zones.models import County, Located, LocationPrecision, Measure, Park, Record, Source, Statement

pytestmark = pytest.mark.django_db

BOW_TIE = GEOSGeometry("POLYGON((112 38, 113 39, 113 38, 112 39, 112 38))", srid=STORAGE_SRID)


def _refused(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def test_an_invalid_geometry_is_refused() -> None:
    with _refused("park_geom_valid"), transaction.atomic():
        Park.objects.create(code="x", name="x", kind="base", geom=BOW_TIE, location_precision="site")
    with _refused("county_boundary_valid"), transaction.atomic():
        County.objects.filter(code="140122").update(boundary=MultiPolygon(BOW_TIE, srid=STORAGE_SRID))


def test_a_geometry_must_say_how_good_it_is() -> None:
    with _refused("park_geom_has_precision"), transaction.atomic():
        Park.objects.create(code="x", name="x", kind="base", geom=Point(112.6, 38, srid=STORAGE_SRID))
    Park.objects.create(code="x", name="x", kind="base", location_precision=LocationPrecision.COUNTY)


def _statement(**fields: object) -> Statement:
    county = County.objects.get(code="140122")
    return Statement(
        **{
            "code": "test",
            "subject_type": ContentType.objects.get_for_model(County),
            "subject_id": county.pk,
            "measure": Measure.objects.first(),
            "source": Source.objects.first(),
            "locator": "1",
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({}, "statement_says_something"),
        ({"value": 1}, "statement_value_has_unit"),
        ({"value": 3, "value_max": 2, "unit": "count"}, "statement_range_ascends"),
        ({"text": "x", "as_of": "2021-12-01"}, "statement_date_has_precision"),
    ],
)
def test_a_statement_that_says_too_little_is_refused(fields: dict[str, object], constraint: str) -> None:
    with _refused(constraint), transaction.atomic():
        _statement(**fields).save()


def test_a_source_that_statements_rest_on_cannot_be_deleted() -> None:
    _statement(value=1, unit="count").save()
    with pytest.raises(Exception, match="protected"):
        Source.objects.all().delete()


def test_every_geometry_has_its_named_gist_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, indexname FROM pg_indexes WHERE indexdef LIKE '%USING gist%'")
        indexed = dict(cursor.fetchall())
    located = _leaves(Located)
    assert len(located) >= 8
    for model in located:
        assert indexed[model._meta.db_table] == f"{model._meta.model_name}_geom_gist"
    assert indexed["zones_county"] == "county_boundary_gist"
    assert indexed["zones_place"] == "place_point_gist"


def test_every_record_has_its_alias_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%USING gin%aliases%'")
        names = {row[0] for row in cursor.fetchall()}
    assert {f"{model._meta.model_name}_aliases_gin" for model in _leaves(Record)} <= names


def _leaves(base: type) -> list[type]:
    return [model for model in base.__subclasses__() if not model._meta.abstract]
