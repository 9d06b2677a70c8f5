"""Search: what finds a record, in which order, and what is refused."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lib.naming import MOST_TEXTS, folded, heard_as, query_of
from portal import layers
from portal.layer import Geometry, Group, Layer, fields_of
from portal.relation import relation
from portal.search import MOST_CHARACTERS, MOST_LIKELY
from projects.models import Parcel, Project
from tests.factories import county, geometry, make
from zones.filters import CulturalSiteFilter
from zones.models import CulturalSite, Park, PublishedQuerySet, Town

from .test_refusals import assert_names, assert_problem

pytestmark = pytest.mark.django_db

SEARCH = "/api/v1/search"


def results(client: Client, q: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get(SEARCH, {"q": q, "limit": 50} | parameters)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def codes(client: Client, q: str, **parameters: Any) -> list[str]:
    return [result["code"] for result in results(client, q, **parameters)]


# What is typed, and the code of the record that must come first.
FIRST = {
    "阳曲县": "140122",
    "140122": "140122",
    "yqx": "140122",
    "YQX": "140122",
    "ｙｑｘ": "140122",
    "yangquxian": "140122",
    "yang qu xian": "140122",
    "Yáng Qǔ Xiàn": "140122",
    "陽曲縣": "140122",
    "Yangqu County": "140122",
    " 阳曲县 ": "140122",
    "大盂": "140122101",
    "dayu": "140122101",
    "dàyú": "140122101",
    "dyz": "140122101",
    "大盂镇": "140122101",
    "繁峙": "140924",
    "fanshi": "140924",
    "代县": "140923",
    "五台县": "140922",
    "wanbailin": "140109",
    "jiancaoping": "140108",
    "xinghualing": "140107",
    "yingzequ": "140106",
    "xinfuqu": "140902",
    "dingxiang": "140921",
    "gujiaoshi": "140181",
    "140922": "140922",
    "PRJ-079": "PRJ-079",
    "prj079": "PRJ-079",
}


@pytest.mark.parametrize(("q", "code"), FIRST.items())
def test_what_is_typed_finds_its_place_first(client: Client, q: str, code: str) -> None:
    assert codes(client, q)[0] == code


@pytest.mark.parametrize("q", ["大孟", "dameng", "dàmèng", "大孟产业"])
def test_the_other_spelling_of_dayu_finds_what_is_named_so(client: Client, q: str) -> None:
    found = {result["code"]: result for result in results(client, q)}
    assert {"dayu-new-town", "PRJ-079"} <= set(found)
    assert found["dayu-new-town"]["matched"] == "大孟产业新城"
    assert found["dayu-new-town"]["match"] in {"other_name", "pinyin"}


def test_a_result_says_all_that_a_list_and_a_map_need(client: Client) -> None:
    make(
        Park,
        code="test-park",
        name="玄武科技园",
        name_en="Xuanwu Park",
        aliases=["玄武园区"],
        geom=geometry("POLYGON((112 38,112 38.1,112.1 38.1,112.1 38,112 38))"),
        location_precision="schematic",
    ).counties.set([county("140122"), county()])
    assert results(client, "玄武") == [
        {
            "layer": "parks",
            "layer_title": "Parks",
            "code": "test-park",
            "name": "玄武科技园",
            "name_en": "Xuanwu Park",
            "match": "name",
            "matched": "玄武科技园",
            "counties": ["140108", "140122"],
            "location_precision": "schematic",
            "point": [112.05, 38.05],
            "url": "/parks/test-park/",
        }
    ]
    chinese = client.get(SEARCH, {"q": "玄武"}, headers={"Accept-Language": "zh-hans"}).json()["results"]
    assert chinese[0]["layer_title"] == "园区"


def test_the_name_that_was_hit_is_told_as_it_is_written(client: Client) -> None:
    make(Project, code="p1", name="玄武大厦", name_en="Black Tortoise", aliases=["ＸＷ·一期（朱雀）", "Vermilion Bird"])
    hits = {
        q: (hit["match"], hit["matched"])
        for q in ("朱雀", "zhuque", "bird", "black t", "玄武大厦", "xwds", "p1")
        for hit in results(client, q)
    }
    assert hits == {
        "朱雀": ("other_name", "ＸＷ·一期（朱雀）"),
        "zhuque": ("pinyin", "ＸＷ·一期（朱雀）"),
        "bird": ("other_name", "Vermilion Bird"),
        "black t": ("other_name", "Black Tortoise"),
        "玄武大厦": ("name", "玄武大厦"),
        "xwds": ("pinyin", "玄武大厦"),
        "p1": ("code", "p1"),
    }


def test_what_has_no_place_or_no_page_says_so(client: Client) -> None:
    make(Project, code="p1", name="玄武大厦", county=county())
    Parcel.objects.create(
        code="d1", name="玄武地块", county=county(), geom=geometry("MULTIPOLYGON(((112 38,112 38.1,112.1 38.1,112.1 38,112 38)))")
    )
    make(Town, code="t1", name="玄武镇")
    shown = {result["code"]: (result["point"], result["url"], result["counties"]) for result in results(client, "玄武")}
    assert shown == {
        "p1": (None, "/projects/p1/", ["140108"]),
        "d1": ([112.05, 38.05], None, ["140108"]),
        "t1": (None, "/plan/town/#t1", ["140108"]),
    }


def test_the_address_of_each_page_is_one_that_answers(client: Client) -> None:
    for layer in layers.published():
        for result in results(client, "yuan", layers=layer.id, limit=1):
            assert client.get(result["url"].split("#")[0], headers={"Accept": "text/html"}).status_code == 200


def test_the_best_comes_first(client: Client) -> None:
    names = ["玄武", "玄武门", "玄武门大街", "北玄武", "北玄武门", "轩五", "轩五门"]
    for number, name in enumerate(reversed(names)):
        make(Project, code=f"p{number}", name=name)
    make(Project, code="alias", name="甲", aliases=["玄武"])
    make(Project, code="alias-start", name="乙", aliases=["玄武门"])
    make(Project, code="alias-inside", name="丙", aliases=["北玄武"])
    make(Project, code="xuanwu-1", name="丁")
    by_character = [result["name"] for result in results(client, "玄武", layers="projects")]
    assert by_character == ["玄武", "甲", "玄武门", "玄武门大街", "乙", "北玄武", "北玄武门", "丙", "轩五", "轩五门"]
    by_sound = [result["name"] for result in results(client, "xuanwu", layers="projects")]
    assert by_sound == ["甲", "轩五", "玄武", "乙", "轩五门", "玄武门", "玄武门大街", "丙", "北玄武", "北玄武门", "丁"]


def test_of_two_that_match_as_well_the_place_comes_before_what_is_in_it(client: Client) -> None:
    make(Project, code="a", name="玄武")
    make(Town, code="z", name="玄武")
    assert codes(client, "玄武") == ["z", "a"]


def test_exactly_what_is_asked_for_is_never_lost_among_many(client: Client) -> None:
    Project.objects.bulk_create([Project(code=f"p{number}", name=f"玄武{number}") for number in range(MOST_LIKELY + 50)])
    make(Project, code="the-one", name="玄武")
    make(Project, code="the-other", name="乙", aliases=["玄武"])
    assert codes(client, "玄武", layers="projects")[0] == "the-one"
    assert "the-other" in codes(client, "玄武", layers="projects")
    assert codes(client, "the-one")[0] == "the-one"


def test_a_record_comes_once(client: Client) -> None:
    make(Project, code="xuanwu", name="玄武", name_en="Xuanwu", aliases=["轩五", "玄武区", "玄武门"])
    for q in ("玄武", "xuanwu", "xuanwumen"):
        assert codes(client, q) == ["xuanwu"]


def test_layers_and_limit(client: Client) -> None:
    every = results(client, "阳曲")
    assert len({result["layer"] for result in every}) > 4
    assert {result["layer"] for result in results(client, "阳曲", layers="towns,counties")} == {"towns", "counties"}
    assert codes(client, "阳曲", limit=3) == [result["code"] for result in every[:3]]
    answer = client.get(SEARCH, {"q": "阳曲", "limit": 3}).json()
    assert answer["truncated"]
    assert not client.get(SEARCH, {"q": "阳曲县", "layers": "counties"}).json()["truncated"]
    assert len(client.get(SEARCH, {"q": "阳曲"}).json()["results"]) == 10


def test_a_change_of_a_name_is_found_at_once(client: Client) -> None:
    record = make(Project, code="p1", name="玄武")
    record.name = "朱雀"
    record.save()
    assert codes(client, "玄武") == []
    assert codes(client, "zhuque") == ["p1"]


def test_it_is_one_statement(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        results(client, "阳曲")
    with django_assert_num_queries(0):
        results(client, "😀")


def test_what_is_hidden_is_not_found(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("p1", "p2"):
        make(Project, code=code, name="玄武", aliases=["朱雀"])

    def visible_to(self: QuerySet[Any], user: object) -> QuerySet[Any]:
        return self.exclude(code="p2")

    monkeypatch.setattr(PublishedQuerySet, "visible_to", visible_to)
    for q in ("玄武", "朱雀", "xuanwu", "zhuque", "xuanw"):
        assert codes(client, q) == ["p1"]
    assert codes(client, "p2") == []


def test_a_layer_that_is_added_is_searched(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Layer(
        id="toys",
        group=Group.BASE,
        title="Toys",  # type: ignore[arg-type]
        queryset=CulturalSite.objects.all(),
        fields=fields_of(CulturalSite, "code", "name"),
        filterset=CulturalSiteFilter,
        geometry=Geometry.POINT,
        symbols=(),
        source_note="",  # type: ignore[arg-type]
    )
    monkeypatch.setattr(layers, "LAYERS", (*layers.LAYERS, toy))
    make(CulturalSite, code="toy", name="玄武观", aliases=["朱雀观"])
    found = results(client, "xwg")
    assert [(result["layer"], result["layer_title"], result["url"]) for result in found] == [
        ("toys", "Toys", "/plan/culturalsite/#toy")
    ]
    assert codes(client, "朱雀", layers="toys") == ["toy"]


def _records(layer: Layer) -> list[tuple[str, list[str], list[str]]]:
    found = relation(layer, AnonymousUser(), ("aliases",), ("search_keys",))
    aliases = "f.aliases" if layer.field("aliases") else "'{}'::text[]"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT f.code, f.name || {aliases}, f.search_keys FROM {found.sql}", found.params)
        return cursor.fetchall()


@pytest.mark.parametrize("layer", layers.published(), ids=lambda layer: layer.id)
def test_every_two_characters_of_every_name_are_asked_for_by_keys_that_the_record_has(layer: Layer) -> None:
    for code, names, keys in _records(layer):
        for name in filter(heard_as, names):
            text = folded(name)
            for pair in {text[place : place + 2] for place in range(len(text) - 1)}:
                query = query_of(pair)
                assert query
                assert any(set(wanted) <= set(keys) for wanted in query.likely), (code, name, pair)
                assert any(re.search(pattern, key) for pattern in query.patterns for key in keys[:MOST_TEXTS]), (code, name, pair)


@pytest.mark.parametrize("layer", layers.published(), ids=lambda layer: layer.id)
def test_two_characters_of_a_name_find_the_record(client: Client, layer: Layer) -> None:
    records = [(code, names[0]) for code, names, _keys in _records(layer) if heard_as(names[0])]
    for code, name in records[::7]:
        text = folded(name)
        for pair in {text[:2], text[len(text) // 2 :][:2], text[-2:]}:
            found = results(client, pair, layers=layer.id)
            # Of more than fifty any may be left out.
            assert code in [result["code"] for result in found] or len(found) == 50, (code, name, pair)


@pytest.mark.parametrize(
    "q",
    [
        "😀",
        "%",
        "_",
        "%%%",
        "\\",
        "'",
        "\"';--",
        "。，",
        "·",
        "\ufffd",
        "\u202e",
        "--",
        "()",
        ".*",
        "\u0301",
        "x\u0001\u0002zzzzz",
    ],
)
def test_what_is_in_no_name_finds_nothing(client: Client, q: str) -> None:
    assert codes(client, q) == []


@pytest.mark.parametrize("q", ["阳%曲", "'阳曲'", "阳曲\\", "阳曲😀", "（阳曲）"])
def test_signs_around_and_in_a_name_do_not_matter(client: Client, q: str) -> None:
    assert "140122" in codes(client, q)


@pytest.mark.parametrize("q", ["阳" * 101, "a" * 10_000, "😀" * 101, "ﷺ" * 100])
def test_a_query_has_an_end(client: Client, q: str) -> None:
    assert assert_names(client.get(SEARCH, {"q": q}), "q") == [f"Give at most {MOST_CHARACTERS} characters."]


@pytest.mark.parametrize("q", ["阳" * 100, "a" * 100, "a " * 50, "长" * 100, "1" * 100, "yangqu " * 14, "阳 " * 50])
def test_the_longest_query_is_answered(client: Client, q: str) -> None:
    results(client, q)


def test_bad_parameters_are_named(client: Client) -> None:
    assert_names(client.get(SEARCH), "q")
    assert_names(client.get(SEARCH, {"q": ""}), "q")
    assert_names(client.get(SEARCH, {"q": " \u3000"}), "q")
    assert_names(client.get(f"{SEARCH}?q=a%00b"), "q")
    assert_names(client.get(f"{SEARCH}?q=a&q=b"), "q")
    assert_names(client.get(SEARCH, {"q": "阳曲", "colour": "red"}), "colour")
    for limit in ("0", "-1", "51", "1e9", "a", "9" * 30):
        assert_names(client.get(SEARCH, {"q": "阳曲", "limit": limit}), "limit")
    for wanted in ("nothing", "towns,", "towns,towns", "rivers", "towns;parks", "' or 1=1"):
        assert "towns" in assert_names(client.get(SEARCH, {"q": "阳曲", "layers": wanted}), "layers")[0]
    assert client.get(f"{SEARCH}?q=%ED%A0%80").status_code == 200  # a lone surrogate is no UTF-8


def test_nothing_can_be_written(client: Client) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert_problem(getattr(client, method)(SEARCH), 405)
    assert client.head(f"{SEARCH}?q=a").content == b""


def test_a_refusal_speaks_chinese(client: Client) -> None:
    answer: HttpResponse = client.get(SEARCH, {"q": "a" * 101}, headers={"Accept-Language": "zh-hans"})
    assert_names(answer, "q")
