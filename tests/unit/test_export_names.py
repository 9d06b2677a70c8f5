"""Field names of ten bytes, each once."""

from hypothesis import given
from hypothesis import strategies as st

from portal.export.shapefile import short_names

NAMES = st.lists(st.from_regex(r"[a-c_]{1,14}", fullmatch=True), unique=True, max_size=40)


def test_names_that_begin_alike_are_numbered() -> None:
    assert short_names(["location_text", "location_text_en", "location_tower", "code"]) == [
        "location_t",
        "location_2",
        "location_3",
        "code",
    ]


@given(NAMES)
def test_no_two_are_the_same(names: list[str]) -> None:
    short = short_names(names)
    assert len(set(short)) == len(names)
    assert max(map(len, short), default=0) <= 10
