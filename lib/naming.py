"""What a name is found by: as it is written, in pinyin, by initials, by any two characters in a row."""

from collections.abc import Iterable


def search_keys(code: str, names: Iterable[str]) -> list[str]:
    """The keys under which a record with this code and these names is found."""
    return sorted({code.lower(), *(name.lower() for name in names if name)})
