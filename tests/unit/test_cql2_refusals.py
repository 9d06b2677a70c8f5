"""What CQL2 filters are refused for, and that nothing else than a condition or a refusal can come of any input."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.cql2 import MAX_LENGTH, Column, condition
from lib.crs import CRS84
from lib.parameters import Refusal
from tests.cql2_rows import BOX, COLUMNS, LINE, MANY, TRIANGLE, TYPES, found, op, prop, refused, rows_where

pytestmark = pytest.mark.django_db

BAD_TEXT = {
    "": "ends too early",
    "  \n": "ends too early",
    "name =": "ends too early",
    "name = '太原": "from character 7 on: '太原",
    "name = '太原' name": "from character 13 on: name",
    "name == '太原'": "from character 7 on",
    "name = 'a'; DROP TABLE zones_county": "from character 11 on: ; DROP",
    "name = 'a' -- x": "no property x",
    "name = NULL": "from character 8 on: NULL",
    "floors ^ 2 ^ 3 = 1": "from character 12 on: ^ 3",
    "floors NOT = 1": "from character 12 on: = 1",
    "(floors = 1": "ends too early",
    "floors = 1)": "from character 11 on: )",
    "floors IN ()": "has no items",
    "floors IN 1": "from character 11 on",
    "floors IN (1,)": "from character 14 on",
    "floors BETWEEN 1": "ends too early",
    "name": "must be a condition, not name (text)",
    "1 + 1": "must be a condition, not number",
    "'a'": "must be a condition, not text",
    "name = 1": "name (text) can't be compared with number",
    "floors = '1'": "floors (number) can't be compared with text",
    "floors = true": "floors (number) can't be compared with true or false",
    "floors IN (1, 'a')": "floors (number) can't be compared with text",
    "tags = 'a'": "tags (list of texts) can't be compared",
    "geom = geom": "geom (geometry) can't be compared",
    "name = built": "can't be compared",
    "built = 5": "built (date) can't be compared with number",
    "built = DATE('2022-02-30')": "2022-02-30 is not a date",
    "built = '2022-02-30'": "2022-02-30 is not a date",
    "built = DATE('2022-1-1')": "2022-1-1 is not a date",
    "built = DATE('２０２２-01-01')": "is not a date",
    "built = DATE('0000-01-01')": "is not a date",
    "built = DATE(name)": "is not a date",
    "built = TIMESTAMP('2022-01-01')": "is not a time",
    "built = TIMESTAMP('2022-01-01T25:00:00Z')": "is not a time",
    "built = TIMESTAMP('2022-01-01T10:00:00+08:00')": "is not a time",
    "built = INTERVAL('2022-01-01', '..')": "temporal functions only",
    "T_AFTER(built, INTERVAL('2022-02-01', '2022-01-01'))": "ends before it starts",
    "T_AFTER(built, INTERVAL('2022-02-01'))": "a start and an end",
    "T_AFTER(built, INTERVAL('2022-02-01', name))": "T_AFTER takes date, not name (text)",
    "T_AFTER(built, floors)": "T_AFTER takes date, not floors (number)",
    "T_AFTER(built)": "arguments of T_AFTER is 2",
    "T_DURING(built, INTERVAL('2022-02-01', '..'))": "T_DURING takes two intervals",
    "floors LIKE 'a'": "LIKE takes text, not floors (number)",
    "name LIKE other": "a text between quotation marks",
    "name LIKE 5": "a text between quotation marks",
    r"name LIKE 'a\'": "can't be read",
    r"name LIKE 'a\\'": "escapes nothing",
    f"name LIKE '{'_' * 501}'": "500 characters at most",
    "CASEI(floors) = 'a'": "CASEI takes text",
    "A_CONTAINS(name, ('a'))": "takes list of texts, not name (text)",
    "A_CONTAINS(tags, 'a')": "takes list of texts, not text",
    "A_CONTAINS(tags, (1, 2))": "tags (list of texts) can't be compared with numeric[]",
    "A_CONTAINS(tags, ('a', 1))": "text can't be compared with number",
    "floors + name = 1": "+ takes number, not name (text)",
    "floors = 1e101": "out of range",
    "floors = 1e999": "out of range",
    f"floors = {'9' * 5000}": "out of range",
    "floors AND open": "AND takes true or false, not floors (number)",
    "NOT floors": "NOT takes true or false",
    "secret = 1": "There is no property secret",
    '"na""me" = 1': "can't be read",
    "\"name'; DROP TABLE zones_county; --\" = 'a'": "There is no property name'; DROP TABLE",
    "f.name = 'a'": "There is no property f.name",
    "ｎame = 'a'": "There is no property",
    "pg_sleep(9) = 1": "There is no function pg_sleep",
    "version() = 'a'": "There is no function version",
    "S_RELATE(geom, POINT(0 0), 'T')": "There is no function S_RELATE",
    "name = 'a\0'": "no text can hold",
    "name = '\ud800'": "no text can hold",
    "name = '😀' 😀": "from character 12 on: 😀",
}


@pytest.mark.parametrize(
    ("text", "reason"), BAD_TEXT.items(), ids=[text[:40].encode("ascii", "replace").decode() for text in BAD_TEXT]
)
def test_bad_text_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert reason in refused(text)


BAD_JSON = {
    "": "no JSON from character 1",
    "{]": "no JSON from character 2",
    "name = 'a'": "no JSON from character 1",
    "null": "Null is no value",
    "[]": "a list where a single value is needed",
    "{}": "no object with the members",
    "NaN": "NaN is not a number",
    '{"op":"=","args":[1,-Infinity]}': "-Infinity is not a number",
    '{"op":"=","args":[1,1e999]}': "out of range",
    '{"op":"=","op":"<>","args":[1,2]}': "twice",
    f'{{"op":"=","args":[1,{"9" * 5000}]}}': "out of range",
    '{"op":"=","args":[{"property":"name"},null]}': "IS NULL",
    '{"op":"=","args":[{"property":"name"},"a\\u0000"]}': "no text can hold",
    '{"op":"=","args":[{"property":"name"},"\\ud83d"]}': "no text can hold",
    '{"op":"=","args":[{"property":"\\ud83d"},"a"]}': "There is no property ?",
    '{"op":"=","args":[{"property":["name"]},"a"]}': "There is no property",
    '{"op":"=","args":[{"property":"name"}]}': "arguments of = is 2",
    '{"op":"=","args":{"0":1}}': "a name and a list of arguments",
    '{"op":["="],"args":[1,1]}': "a name and a list of arguments",
    '{"op":"and","args":[true]}': "AND takes two conditions or more",
    '{"op":"not","args":[]}': "arguments of NOT is 1",
    '{"op":"isNull","args":{"property":"name"}}': "a list of arguments",
    '{"op":"IN","args":[1,[1]]}': "There is no function IN",
    '{"op":"in","args":[1,1]}': "no items",
    '{"op":"in","args":[1,[[1]]]}': "a single value",
    '{"op":"like","args":[{"property":"name"},{"op":[],"args":[]}]}': "between quotation marks",
    '{"op":"like","args":[{"property":"name"},{"op":"casei","args":[]}]}': "arguments of CASEI is 1",
    '{"op":"=","args":[1,1],"where":"1=1"}': "no object with the members op, args, where",
    '{"op":"=","args":[{"date":20220101},{"property":"built"}]}': "20220101 is not a date",
    '{"op":"t_after","args":[{"property":"built"},{"interval":"2022"}]}': "a start and an end",
    '{"op":"t_during","args":[{"interval":["..",".."]},{"interval":[".."],"x":1}]}': "CQL2 has no object",
    '{"op":"s_intersects","args":[{"property":"geom"},"POINT(0 0)"]}': "takes geometry",
}


@pytest.mark.parametrize(("text", "reason"), BAD_JSON.items(), ids=[text[:40] for text in BAD_JSON])
def test_bad_json_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert reason in refused(text, "cql2-json")


DEEP = {
    "(": lambda n: "(" * n,
    "()": lambda n: "(" * n + "open" + ")" * n,
    "NOT": lambda n: "NOT " * n + "open",
    "NOT ()": lambda n: "NOT (" * n + "open" + ")" * n,
    "AND": lambda n: " AND ".join(["floors = 1"] * n),
    "(AND": lambda n: "(floors = 1 AND " * n + "open" + ")" * n,
    "(OR (AND": lambda n: "(floors = 1 OR (open AND " * n + "open" + "))" * n,
    "+": lambda n: "floors = " + "1+" * n + "1",
    "=": lambda n: "floors = " * n + "1",
    "IS NULL": lambda n: "name" + " IS NULL" * n,
    "CASEI": lambda n: "CASEI(" * n + "name" + ")" * n + " = 'a'",
    "LIKE CASEI": lambda n: "name LIKE " + "CASEI(" * n + "'a'" + ")" * n,
    "IN": lambda n: f"floors IN ({','.join(['1'] * n)})",
    "IN (": lambda n: "floors IN " + "(" * n,
    "A_": lambda n: "A_EQUALS(tags, " + "(" * n + "'a'" + ", 'b')" * n + ")",
    "f(": lambda n: "f(" * n + "1" + ")" * n,
    "INTERVAL": lambda n: "T_AFTER(built, " + "INTERVAL(" * n + "'..', '..'" + ")" * n + ")",
    "COLLECTION": lambda n: "S_EQUALS(geom, " + "GEOMETRYCOLLECTION(" * n + "POINT(0 0)" + ")" * n + ")",
}


@pytest.mark.parametrize("form", DEEP)
@pytest.mark.parametrize("depth", [1_001, 2_000, 100_000])
def test_what_is_deep_or_long_in_text_is_refused(form: str, depth: int) -> None:
    refused(DEEP[form](depth))
    refused(DEEP[form](depth)[:MAX_LENGTH])


@pytest.mark.parametrize("depth", [51, 2_000, 100_000])
@pytest.mark.parametrize(
    ("start", "middle", "end"),
    [
        ('{"op":"not","args":[', "true", "]}"),
        ('{"op":"and","args":[true,', "true", "]}"),
        ('{"op":"=","args":[1,', "1", "]}"),
        ("[", "1", "]"),
        ('{"a":', "1", "}"),
        ('{"op":"casei","args":[', '"a"', "]}"),
        ('{"type":"GeometryCollection","geometries":[', '{"type":"Point","coordinates":[0,0]}', "]}"),
    ],
)
def test_what_is_deep_in_json_is_refused(start: str, middle: str, end: str, depth: int) -> None:
    inner = start * depth + middle + end * depth
    refused(inner, "cql2-json")
    refused(f'{{"op":"like","args":[{{"property":"name"}},{inner}]}}', "cql2-json")
    refused(f'{{"op":"s_equals","args":[{{"property":"geom"}},{inner}]}}', "cql2-json")
    refused(inner[: MAX_LENGTH - 1], "cql2-json")


def test_limits_leave_room_for_what_is_meant() -> None:
    assert found(" OR ".join(f"floors = {number}" for number in range(200))) == {0, 1, 3, 4}
    assert found(f"floors IN ({','.join(map(str, range(1000)))})") == {0, 1, 3, 4}
    assert found("(" * 48 + "floors = 3" + ")" * 48) == {0}
    assert found("NOT " * 48 + "floors = 3") == {0}
    assert found("floors = " + "-" * 1001 + "2") == {2}
    ring = ",".join(f"{112 + number / 1000:.3f} 38" for number in range(1000))
    assert found(f"S_INTERSECTS(geom, POLYGON(({ring},113 39,112 38)))") == {0, 1, 2, 3}
    assert "1000 items" in refused(f"floors IN ({','.join(map(str, range(8000)))})")
    assert "200 conditions" in refused(" OR ".join(f"floors = {number}" for number in range(201)))
    assert "50 operations" in refused("floors = 1" + " OR floors = 1 + 1" * 51)
    folded = ", ".join(["CASEI('a')"] * 200)
    assert "CASEI and ACCENTI 200 times" in refused(f"CASEI(name) IN ({folded})")
    assert "characters at most" in refused("a" * (MAX_LENGTH + 1))


ATTACKS = [
    "'; DROP TABLE zones_county; --",
    "' OR '1'='1",
    "%s",
    "%(name)s",
    "%",
    "%%",
    "{0}",
    "\\",
    "\\'",
    '"',
    "$$",
    "/*",
    "E'\\x41'",
    "\x1a",
    "𠮷\u202e",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_texts_are_parameters_and_come_back_as_they_came(attack: str) -> None:
    quoted_text = "'" + attack.replace("\\", "\\\\").replace("'", "''") + "'"
    for expression, language in (
        (f"name = {quoted_text} OR {quoted_text} IN (name, {quoted_text}) OR A_CONTAINS(tags, ({quoted_text}))", "cql2-text"),
        (json.dumps(op("in", attack, [prop("name"), attack])), "cql2-json"),
    ):
        sql, params = condition(expression, language, COLUMNS, CRS84)
        assert set(params) == {attack}
        assert (
            sql
            == condition(expression.replace(quoted_text, "'x'").replace(json.dumps(attack), '"x"'), language, COLUMNS, CRS84)[0]
        )
        assert rows_where(sql, params) == set(range(6))


def test_names_of_the_request_never_reach_the_statement() -> None:
    columns = {'a" OR 1=1 --': Column("f.name", "text"), **COLUMNS}
    sql, _params = condition('{"op":"isNull","args":[{"property":"a\\" OR 1=1 --"}]}', "cql2-json", columns, CRS84)
    assert sql == "(f.name IS NULL)"


WORDS = st.sampled_from(
    [
        "name",
        "floors",
        "size",
        "open",
        "built",
        "tags",
        "geom",
        '"other"',
        "nothing",
        "'太原'",
        "'%'",
        "'2022-04-16'",
        "'..'",
        "1",
        "-2.5",
        "1e9",
    ]
    + [
        "true",
        "NULL",
        "(",
        ")",
        ",",
        "AND",
        "OR",
        "NOT",
        "=",
        "<>",
        "<",
        "+",
        "*",
        "/",
        "^",
        "div",
        "%",
        "IS",
        "LIKE",
        "IN",
        "BETWEEN",
    ]
    + ["CASEI(", "ACCENTI(", "DATE(", "INTERVAL(", "T_AFTER(", "T_MEETS(", "A_OVERLAPS(", "S_WITHIN(", "POINT(112 38)"]
    + ["BBOX(112,38,113,39)", "POLYGON((", "'", '"', "\\", "\0", "😀"]
)


@settings(MANY, max_examples=400)
@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_any_text_is_a_condition_or_a_refusal(text: str) -> None:
    _run_or_refuse(text, "cql2-text")


NODES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, -2.5, 1e99, "太原", "%", "2022-04-16", "..", "\ud800", BOX, TRIANGLE, LINE, {"date": "2022-04-16"}]),
        st.sampled_from([prop(name) for name in TYPES]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(
            op,
            st.sampled_from(
                ["and", "or", "not", "=", "<", "isNull", "in", "like", "between", "casei", "accenti", "+", "/", "^", "%", "div"]
                + ["t_after", "t_meets", "t_intersects", "a_equals", "a_overlaps", "s_intersects", "s_within", "s_disjoint", "f"]
            ),
            inner,
            inner,
        ),
        st.builds(lambda one, two: {"interval": [one, two]}, inner, inner),
        st.builds(lambda one: op("not", one), inner),
        st.dictionaries(
            st.sampled_from(["op", "args", "type", "coordinates", "geometries", "bbox", "property", "date"]), inner, max_size=3
        ),
    ),
    max_leaves=10,
)


@settings(MANY, max_examples=400)
@given(NODES)
def test_any_json_is_a_condition_or_a_refusal(node: Any) -> None:
    _run_or_refuse(json.dumps(node), "cql2-json")


def _run_or_refuse(expression: str, language: str) -> None:
    try:
        sql, params = condition(expression, language, COLUMNS, CRS84)
    except Refusal as refusal:
        refusal.detail.encode()
    else:
        rows_where(sql, params)
