"""What a name is found by. The judge is written anew here: a record matches as portal.search lets PostgreSQL decide it."""

import csv
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from lib.naming import MOST_CHARACTERS, MOST_INITIALS, MOST_TEXTS, folded, heard_as, query_of, search_keys

FIXTURES = settings.BASE_DIR / "fixtures"
LONGEST_KEY_BYTES = 2700  # what an entry of a GIN index may hold


def best(text: str, keys: list[str]) -> int | None:
    """How well a record with these keys matches, 0 the best; None when it is not found."""
    query, held = query_of(text), frozenset(keys)
    if query is None or not (held.intersection(query.exact) or any(held.issuperset(wanted) for wanted in query.likely)):
        return None
    hits = (rank for rank, pattern in enumerate(query.patterns) if any(re.search(pattern, text) for text in keys[:MOST_TEXTS]))
    return next(hits, None)


def rank(text: str, code: str, *names: str) -> int | None:
    return best(text, search_keys(code, names))


def found(text: str, *names: str) -> bool:
    return rank(text, "XM-1", *names) is not None


def matcher(name: str) -> Callable[[str], bool]:
    keys = search_keys("XM-1", [name])
    return lambda text: best(text, keys) is not None


def names_in_fixtures() -> Iterator[tuple[str, str]]:
    """Every name in Chinese with its English twin, if it has one."""
    for path in sorted(FIXTURES.glob("*.csv")):
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            yield row["name"], row.get("name_en", "")
    for path in sorted(FIXTURES.glob("*.yaml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield from ((name, row.get("name_en", "")) for name in filter(None, [row.get("name"), *row.get("aliases", [])]))


NAMES = sorted(set(names_in_fixtures()))
IN_CHINESE = sorted({name for name, _english in NAMES if heard_as(name)})

READINGS = {
    "繁峙县": "fan shi xian",
    "大盂镇": "da yu zhen",
    "大孟镇": "da meng zhen",
    "尖草坪区": "jian cao ping qu",
    "万柏林区": "wan bai lin qu",
    "迎泽区": "ying ze qu",
    "杏花岭区": "xing hua ling qu",
    "阳曲县": "yang qu xian",
    "古交市": "gu jiao shi",
    "忻府区": "xin fu qu",
    "定襄县": "ding xiang xian",
    "五台县": "wu tai xian",
    "代县": "dai xian",
    "原平市": "yuan ping shi",
    "娄烦县": "lou fan xian",
    "石咀镇": "shi zui zhen",
    "长风西街街道": "chang feng xi jie jie dao",
    "长征街街道": "chang zheng jie jie dao",
    "峨口镇": "e kou zhen",
    "崞阳镇": "guo yang zhen",
    "西墕乡": "xi yan xiang",
    "滹沱河": "hu tuo he",
    "吕梁": "lv liang",
    "中部都市农业融合发展区": "zhong bu du shi nong ye rong he fa zhan qu",
}


@pytest.mark.parametrize(("name", "reading"), READINGS.items())
def test_a_local_name_is_read_as_here(name: str, reading: str) -> None:
    assert heard_as(name)[0] == reading


# Their English names are descriptions.
NO_TRANSCRIPTION = {"原平市城区"}


@pytest.mark.parametrize("name", ["counties.yaml", "towns.csv"])
def test_counties_and_towns_are_read_as_their_english_names_spell_them(name: str) -> None:
    path = FIXTURES / name
    text = path.read_text(encoding="utf-8")
    rows = yaml.safe_load(text) if path.suffix == ".yaml" else list(csv.DictReader(text.splitlines()))
    spelled = {row["name"]: folded(row["name_en"]).split()[0] for row in rows if row["name"] not in NO_TRANSCRIPTION}
    assert len(spelled) >= 12
    wrong = {
        name: (word, heard_as(name))
        for name, word in spelled.items()
        if not any(word in sound.replace(" ", "") for sound in heard_as(name))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "text", ["阳曲", "阳曲县", "曲县", "阳", "曲", "yangqu", "yang qu", "YANGQU", "Yáng Qǔ", "yangq", "yan", "ya", "quxian", "qu"]
)
def test_a_county_is_found_by_each_part_of_its_name_and_its_sound(text: str) -> None:
    assert found(text, "阳曲县")


@pytest.mark.parametrize("text", ["yqx", "yq", "qx", "YQX", "ｙｑｘ", "y q x"])
def test_initials_find_it(text: str) -> None:
    assert found(text, "阳曲县")


@pytest.mark.parametrize("text", ["陽曲縣", "羊曲", "扬区"])
def test_another_character_of_the_same_sound_finds_it(text: str) -> None:
    assert found(text, "阳曲县")
    assert rank(text, "1", "阳曲县") > rank("阳曲", "1", "东阳曲村")  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    ["angqu", "yangxian", "曲阳", "阳县", "xqy", "gq", "yx", "羊", "县曲", "140122", "😀", "%", "_", "\\", "'", ".*", "  "],
)
def test_what_is_no_part_of_it_does_not_find_it(text: str) -> None:
    assert not found(text, "阳曲县")


@pytest.mark.parametrize("text", ["changfeng", "zhangfeng", "cfxj", "zfxj"])
def test_both_readings_of_a_character_find_the_name(text: str) -> None:
    assert found(text, "长风西街街道")


@pytest.mark.parametrize("text", ["lvliang", "luliang", "lüliang", "Lǚliáng", "ll"])
def test_u_with_dots_is_typed_in_three_ways(text: str) -> None:
    assert found(text, "吕梁山")


@pytest.mark.parametrize("text", ["G55", "g55高速", "Ｇ５５", "55高", "gaosu", "5高"])
def test_letters_and_digits_in_a_chinese_name_stand_for_themselves(text: str) -> None:
    assert found(text, "二广G55高速")


@pytest.mark.parametrize("text", ["dayu", "Dayu Town", "town", "dayutown", "dayu to", "DAYU, town"])
def test_a_name_in_latin_letters_is_found_by_the_beginnings_of_its_words(text: str) -> None:
    assert found(text, "某某", "Dayu Town")
    assert not found("ayu", "某某", "Dayu Town")
    assert not found("own", "某某", "Dayu Town")


@pytest.mark.parametrize("text", ["阳曲 小镇", "阳曲　法式", "yangqu xiaozhen", "法 镇"])
def test_words_may_stand_apart_in_the_name(text: str) -> None:
    assert found(text, "阳曲法式小镇")
    assert not found("小镇 阳曲", "阳曲法式小镇")


@pytest.mark.parametrize("text", ["忻（太", "忻太", "（太原）", "忻 太原"])
def test_punctuation_is_no_part_of_a_name(text: str) -> None:
    assert found(text, "忻（太原）·园区")


@pytest.mark.parametrize("text", ["XM00000123", "xm00000123", "xm0000", "XM0", "xm"])
def test_a_code_is_found_by_its_beginning(text: str) -> None:
    assert rank(text, "XM00000123", "某某") is not None
    assert rank("0123", "XM00000123", "某某") is None


def test_a_code_with_signs_in_it() -> None:
    for text in ("park.abc-12", "park abc", "PARKABC12", "park.a"):
        assert rank(text, "park.abc-12", "某某") is not None
    assert rank("park.abc-12", "park.abc-12", "某某") == 0


def test_the_better_match_comes_first() -> None:
    ranks = [
        rank("大盂", "1", "大盂"),
        rank("大盂", "1", "某某", "大盂"),
        rank("大盂", "1", "大盂镇"),
        rank("大盂", "1", "某某", "大盂镇"),
        rank("大盂", "1", "阳曲县大盂镇"),
        rank("大盂", "1", "某某", "阳曲县大盂镇"),
        rank("大盂", "1", "大鱼"),
        rank("大盂", "1", "大鱼沟"),
        rank("大盂", "1", "小大鱼沟"),
    ]
    assert None not in ranks
    assert ranks == sorted(ranks, key=lambda number: number or 0)
    assert len(set(ranks)) == len(ranks)


def test_a_sound_comes_before_the_beginning_of_a_code() -> None:
    assert rank("dayu", "1", "大盂") < rank("dayu", "dayu-2", "某某")  # type: ignore[operator]
    assert rank("dayu", "dayu", "某某") == 0


def test_every_part_of_every_chinese_name_finds_it() -> None:
    assert len(IN_CHINESE) > 1000
    for name in IN_CHINESE:
        text, has = folded(name), matcher(name)
        for length in (1, 2, 3, 5):
            missing = [text[i : i + length] for i in range(len(text) - length + 1) if not has(text[i : i + length])]
            assert missing == [], name


def test_a_chinese_name_is_found_by_its_sound_and_its_initials() -> None:
    for name in IN_CHINESE[::5]:
        has = matcher(name)
        for sound in heard_as(name):
            syllables = sound.split()[:MOST_INITIALS]
            for start in range(min(len(syllables) - 1, 3)):
                rest = syllables[start:]
                assert has("".join(rest)), (name, rest)
                assert has("".join(rest)[:5]), (name, rest)
                assert has("".join(syllable[0] for syllable in rest)), (name, rest)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=100))
def test_any_name_has_keys_that_an_index_takes_and_any_text_is_a_query(name: str, code: str, text: str) -> None:
    for key in search_keys(code, [name, text]):
        assert key
        assert len(key.encode("utf-8", "surrogatepass")) <= LONGEST_KEY_BYTES
    query = query_of(text)
    if query:
        for pattern in query.patterns:
            re.compile(pattern)
        assert rank(text, "1", text) == 0


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=MOST_CHARACTERS), st.data())
def test_any_part_of_any_chinese_name_finds_it(name: str, data: Any) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    assert found(name[start : start + 20], name)


def test_a_long_name_has_keys_in_proportion() -> None:
    name = "".join(chr(0x4E00 + 37 * number) for number in range(MOST_CHARACTERS))
    keys = search_keys("XM00000001", [name])
    assert len(keys) < 5 * MOST_CHARACTERS
    assert max(len(key.encode()) for key in keys) <= LONGEST_KEY_BYTES
    assert search_keys("1", ["ﷺ" * MOST_CHARACTERS])  # each unfolds to 18 characters


def test_a_usual_name_has_about_sixty_keys() -> None:
    assert len(search_keys("XM00000001", ["尖草坪区晋源新能源电池产业园（一期）"])) <= 60
