"""Clients that others wrote read the OGC API: each lists the collections and reads every feature exactly once."""

import re
import struct
import subprocess
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pyogrio
import pytest
from django.contrib.gis.db.models.functions import Transform
from django.contrib.gis.geos import Polygon
from owslib.ogcapi.features import Features

from lib.crs import CGCS2000, CRS, SYSTEMS
from portal import layers
from projects.models import Project
from tests.server import environment, running
from zones.models import Town

pytestmark = pytest.mark.django_db

COLLECTIONS = [layer.id for layer in layers.published()]
PAGE_SIZES = [7, 1000]
OGRINFO = "/usr/bin/ogrinfo"  # Debian's GDAL 3.6; pyogrio brings a newer one


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("ogc") / "server.log"
    with running(environment("tests.settings"), log) as url:
        yield f"{url}/ogc"


def codes_of(collection: str) -> list[str]:
    layer = layers.find(collection)
    assert layer
    return sorted(layer.visible_to(None).values_list("code", flat=True))


def ogrinfo(*arguments: str) -> str:
    done = subprocess.run([OGRINFO, "-ro", *arguments], check=True, capture_output=True, text=True, timeout=60)
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout


def test_ogrinfo_lists_the_collections(server: str) -> None:
    assert re.findall(r"^\d+: ([\w-]+)", ogrinfo(f"OAPIF:{server}"), re.MULTILINE) == COLLECTIONS


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_ogrinfo_reads_every_feature_once(server: str, collection: str, page_size: int) -> None:
    told = ogrinfo("-al", "-geom=NO", "-oo", f"PAGE_SIZE={page_size}", f"OAPIF:{server}", collection)
    assert sorted(re.findall(r"^  code \(String\) = (.*)$", told, re.MULTILINE)) == codes_of(collection)


def test_ogrinfo_knows_types_from_the_schema(server: str) -> None:
    told = ogrinfo("-so", f"OAPIF:{server}", "projects")
    for name, kind in (("name", "String"), ("aliases", "StringList"), ("stage_as_of", "Date"), ("investment_wan", "Real")):
        assert f"\n{name}: {kind} (" in told


def test_pyogrio_lists_the_collections(server: str) -> None:
    assert [name for name, _geometry in pyogrio.list_layers(f"OAPIF:{server}")] == COLLECTIONS


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_pyogrio_reads_every_feature_once(server: str, collection: str, page_size: int) -> None:
    meta, _ids, _geometries, columns = pyogrio.raw.read(f"OAPIF:{server}", layer=collection, PAGE_SIZE=page_size)
    values = dict(zip(meta["fields"], columns, strict=True))
    assert sorted(values["code"]) == codes_of(collection)
    assert meta["crs"] == CGCS2000.name


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_pyogrio_reads_the_same_places_in_every_system(server: str, system: CRS) -> None:
    town = Town.objects.exclude(geom=None).annotate(there=Transform("geom", system.srid)).order_by("pk")[0]
    meta, _ids, geometries, columns = pyogrio.raw.read(f"OAPIF:{server}", layer="towns", CRS=system.name, max_features=1)
    assert dict(zip(meta["fields"], columns, strict=True))["code"] == [town.code]
    # GDAL turns coordinates to east first, from the order that the system declares.
    x, y = struct.unpack("<dd", geometries[0][5:21])
    assert (x, y) == pytest.approx((town.there.x, town.there.y), abs=10**-system.decimals)


def test_pyogrio_filters_on_the_server(server: str) -> None:
    meta, _ids, _geometries, columns = pyogrio.raw.read(
        f"OAPIF:{server}", layer="projects", where="stage = 'building' AND kind = 'project'", bbox=(112.1, 37.1, 112.9, 38.9)
    )
    found = Project.objects.filter(
        stage="building", kind="project", geom__intersects=Polygon.from_bbox((112.1, 37.1, 112.9, 38.9))
    )
    assert sorted(dict(zip(meta["fields"], columns, strict=True))["code"]) == sorted(found.values_list("code", flat=True))


def test_owslib_lists_the_collections(server: str) -> None:
    client = Features(f"{server}/")
    assert client.feature_collections() == COLLECTIONS
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in client.conformance()["conformsTo"]
    assert client.api()["openapi"].startswith("3.0")
    assert "stage" in client.collection_queryables("projects")["properties"]


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_owslib_reads_every_feature_once(server: str, collection: str, page_size: int) -> None:
    client = Features(f"{server}/")
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = client.collection_items(collection, limit=page_size, **more)
        found += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        more = {"cursor": parse_qs(urlsplit(following[0]).query)["cursor"][0]}
    assert sorted(found) == codes_of(collection)
    if found:
        assert client.collection_item(collection, found[0])["id"] == found[0]
