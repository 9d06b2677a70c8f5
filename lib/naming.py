"""What a name is found by: a part of it as it is written, its sound in pinyin, its initials, and the record's code.

A record keeps keys, a query asks for some of them, and the texts among the keys tell a true match from a likely one:

* texts, before the others: ``!阳曲县`` the name, ``#140122`` the code, ``$yangqu county`` another name, ``&yang qu xian`` the
  sound of one of the names;
* beginnings of 2, 4 and 6 letters of the sound from each syllable on, and of a name without Chinese characters from each word
  on: ``ya yang yangqu qu quxi quxian …``. They answer a query in Chinese characters too, as each has one first reading;
* ``-yq -qx``: pairs of initials, of the first dozen characters; ``*14 *1401 *140122``: beginnings of the code.

A name of 20 characters gives about 60 keys, in some 40 µs.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise, product

# pypinyin's own switch. Its table of phrases takes 45 MB and half a second of each process, and reads local names wrongly.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin.constants import PINYIN_DICT

NAME, CODE, OTHER, SOUND = "!", "#", "$", "&"
_CODE_START, _INITIALS = "*", "-"

# Where the first reading in pypinyin's table is not the one that names here have, or a second one is as common; the first
# listed leads. 峙 as in 繁峙, 柏 as in 万柏林, 咀 as in 石咀 (written for 嘴), 堡 as in 阳明堡.
READINGS = {
    "峙": ("shi", "zhi"),
    "柏": ("bai", "bo"),
    "咀": ("zui", "ju"),
    "堡": ("bao", "bu", "pu"),
    "长": ("chang", "zhang"),
    "都": ("du", "dou"),
    "佛": ("fo",),
    "晟": ("sheng", "cheng"),
    "供": ("gong",),
    "重": ("zhong", "chong"),
    "行": ("xing", "hang"),
    "乐": ("le", "yue"),
    "朝": ("chao", "zhao"),
    "调": ("diao", "tiao"),
    "厦": ("sha", "xia"),
    "单": ("dan", "shan"),
    "解": ("jie", "xie"),
    "尉": ("wei", "yu"),
    "率": ("lv", "shuai"),
    "洞": ("dong", "tong"),
    "藏": ("cang", "zang"),
    "泊": ("po", "bo"),
    "朴": ("pu", "piao"),
    "翟": ("zhai", "di"),
    "盖": ("gai", "ge"),
}
MOST_TEXTS = 32  # of one record: what a search looks through
MOST_READINGS = 4  # of one name
MOST_CHARACTERS = 200  # of one name: some characters unfold to many
MOST_INITIALS = 12
_SIZES = (6, 4, 2)
_CODE_SIZES = tuple(range(16, 0, -2))


@dataclass(frozen=True)
class Query:
    """What to ask of records.

    ``exact`` are keys of which a record has one if that is its name or code. Any other record that matches has all the keys
    of one of ``likely``. It matches if one of the ``patterns``, the best match first, fits one of its texts; PostgreSQL and
    Python read them alike, line by line.
    """

    exact: tuple[str, ...]
    likely: tuple[tuple[str, ...], ...]
    patterns: tuple[str, ...]


def search_keys(code: str, names: Iterable[str]) -> list[str]:
    """The keys under which a record with this code and these names, the chief one first, is found."""
    written = list(dict.fromkeys(text for name in names if (text := folded(name)[:MOST_CHARACTERS])))
    short = folded(code).replace(" ", "")
    texts = [NAME + text for text in written[:1]]
    if short:
        texts.append(CODE + short)
    texts += [OTHER + text for text in written[1:]]
    keys = {_CODE_START + short[:size] for size in _CODE_SIZES if size <= len(short)}
    for text in written:
        if not _has_chinese(text):
            keys.update(_starts(text.split()))
            continue
        for sound in _sounds(text):
            texts.append(SOUND + " ".join(sound))
            keys.update(_starts(sound))
            keys.update(_INITIALS + pair for pair in _pairs([syllable[0] for syllable in sound[:MOST_INITIALS]]))
    return texts[:MOST_TEXTS] + sorted(keys)


def folded(text: str) -> str:
    """Letters, digits and characters in one form: half width, lower case, no tones and accents (ü as v), no punctuation.

    Words stay apart by one space, but for those of a name in Chinese.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        parts = unicodedata.normalize("NFD", text).replace("u\u0308", "v")
        text = unicodedata.normalize("NFC", "".join(sign for sign in parts if not unicodedata.combining(sign)))
    words = "".join(sign if sign.isalnum() else " " for sign in text).split()
    return ("" if _has_chinese(text) else " ").join(words)


def heard_as(name: str) -> list[str]:
    """The sounds of a name in Chinese, syllables apart: ``yang qu xian``. Empty for a name in another script."""
    text = folded(name)[:MOST_CHARACTERS]
    return [" ".join(sound) for sound in _sounds(text)] if _has_chinese(text) else []


def query_of(text: str) -> Query | None:
    """What to ask for. None if nothing is left of the text that could be in a name."""
    words = [word for part in text.split() for word in folded(part).split()]
    if not words:
        return None
    return _chinese(words) if any(map(_has_chinese, words)) else _latin(words)


def _chinese(words: list[str]) -> Query:
    text, parts = "".join(words), ".*".join(words)
    spoken = [[_readings(sign)[0] for sign in word] for word in words]
    keys = {key for syllables in spoken for key in _cover(syllables)}
    sound = ".* ".join(" ".join(syllables) for syllables in spoken)
    # One character has too many others of its sound.
    heard = (f"^{SOUND}{sound}$", f"^{SOUND}{sound}( |$)", f"^{SOUND}.* {sound}( |$)") if len(text) > 1 else ()
    patterns = (*_name_patterns(text, parts, f".*{parts}"), *heard)
    return Query(_exact(text), (tuple(sorted(keys)),), patterns)


def _latin(words: list[str]) -> Query:
    text = "".join(words)
    whole = " ?".join(text)
    # Words stand side by side or further on in the name, pinyin with or without a space between syllables.
    parts = "( ?|.* )".join(" ?".join(word) for word in words)
    initials = "[^ ]* ".join(text) + "[^ ]*"
    words_on = {_start(word) for word in words if len(word) > 1} or {text[0]}
    pairs = {_INITIALS + pair for pair in _pairs(text)} if len(text) <= MOST_INITIALS else set()
    likely = [words_on, pairs, {_CODE_START + _start(text, _CODE_SIZES)}]
    patterns = (
        *_name_patterns(whole, parts, f".* {parts}"),
        f"^{SOUND}({whole}|{initials})$",
        f"^{SOUND}({parts}|{initials})",
        f"^{SOUND}.* ({parts}|{initials})",
        f"^{CODE}{whole}",
    )
    return Query(_exact(text, " ".join(words)), tuple(tuple(sorted(keys)) for keys in likely if keys), patterns)


def _name_patterns(whole: str, start: str, inside: str) -> tuple[str, ...]:
    return (
        f"^[{NAME}{CODE}]{whole}$",
        f"^[{OTHER}]{whole}$",
        f"^{NAME}{start}",
        f"^[{OTHER}]{start}",
        f"^{NAME}{inside}",
        f"^[{OTHER}]{inside}",
    )


def _exact(*texts: str) -> tuple[str, ...]:
    return tuple(mark + text for text in dict.fromkeys(texts) for mark in (NAME, CODE, OTHER))


def _has_chinese(text: str) -> bool:
    return any(ord(sign) in PINYIN_DICT for sign in text)


def _sounds(text: str) -> Iterable[tuple[str, ...]]:
    return islice(product(*map(_readings, text)), MOST_READINGS)


@cache  # as many as Unicode has characters
def _readings(sign: str) -> tuple[str, ...]:
    """How a character is read, without tones; ü is typed v or u. A letter or digit stands for itself."""
    if sign in READINGS:
        readings = READINGS[sign]
    elif ord(sign) in PINYIN_DICT:
        readings = (folded(PINYIN_DICT[ord(sign)].split(",")[0]),)
    else:
        readings = (sign,)
    return (*readings, *(reading.replace("v", "u") for reading in readings if re.match("[ln]v", reading)))


def _pairs(letters: Iterable[str]) -> Iterator[str]:
    return (first + second for first, second in pairwise(letters))


def _starts(units: Sequence[str]) -> Iterator[str]:
    """The beginnings of what is written from each syllable or word on."""
    for place, unit in enumerate(units):
        text = "".join(units[place : place + _SIZES[0]])
        yield from (text[:size] for size in _SIZES if size <= len(text))
        if len(unit) == 1:
            yield unit


def _start(text: str, sizes: Iterable[int] = _SIZES) -> str:
    """The longest beginning that is kept as a key."""
    return next((text[:size] for size in sizes if size <= len(text)), text)


def _cover(syllables: Sequence[str]) -> Iterator[str]:
    """Keys that a name with these syllables in a row has; none that says nothing beyond those before it."""
    begin = end = 0
    for place, syllable in enumerate(syllables):
        key = _start("".join(syllables[place : place + _SIZES[0]]))
        if begin + len(key) > end:
            yield key
            end = begin + len(key)
        begin += len(syllable)
