"""The attributes of a Shapefile as bytes, and which encoding they are in: what the file says of it is often not so."""

import codecs
import struct
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from .refusal import Refused, cut_off

# What Chinese software writes. That a .cpg says Latin means only that nobody set it.
_GDAL_NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030", "big5": "BIG5", "cp950": "CP950"}


def known(encoding: str) -> str:
    """The codec of an encoding that somebody names. Errors: Refused."""
    codec = codec_of(encoding)
    if not codec:
        sentence = _("%(name)s is none of the encodings that are read: %(known)s.")
        raise Refused(sentence % {"name": encoding, "known": ", ".join(_GDAL_NAMES.values())})
    return codec


def codec_of(said: str) -> str:
    """The codec of what a .cpg says: UTF-8, 65001, GBK, 936, GB2312, CP936, ANSI 936 …; empty for what nobody knows."""
    plain = said.upper().replace(" ", "").removeprefix("ANSI").removeprefix("LDID/").removeprefix("OEM").strip("-_")
    if plain in {"65001", "UTF8", "UTF-8"}:
        return "utf-8"
    if plain in {"936", "CP936", "GBK", "GB2312", "GB18030", "77", "54936", "EUCCN"}:
        return "gb18030"
    return {"BIG5": "big5", "950": "cp950", "CP950": "cp950"}.get(plain, "")


class Table:
    """The texts of a dBASE table as bytes. ``is_ascii`` is known when the encoding is."""

    is_ascii = True

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            head = file.read(32)
            if len(head) < 32:
                raise cut_off(".dbf")
            self.count, self.start, self.length = struct.unpack("<IHH", head[4:12])
            fields = file.read(max(self.start - 32, 0))
        self.names: list[bytes] = []
        self.texts: list[tuple[int, int]] = []
        at = 1
        for number in range(len(fields) // 32):
            one = fields[number * 32 : number * 32 + 32]
            if one[:1] == b"\r":
                break
            self.names.append(one[:11].split(b"\0")[0])
            if one[11:12] == b"C":
                self.texts.append((at, at + one[16]))
            at += one[16]
        if self.length < 1 or at > self.length:
            raise Refused(_("The %(suffix)s is no Shapefile.") % {"suffix": ".dbf"})
        if self.start + self.count * self.length > path.stat().st_size:
            raise cut_off(".dbf")

    def _records(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            for _number in range(self.count):
                yield file.read(self.length)

    def encoding(self, wanted: str, *, strict: bool) -> tuple[str, int]:
        """The encoding that all texts are in, and how many records are marked as deleted.

        ``wanted`` is what somebody says. It is believed if it fits, but for one thing: bytes that make Chinese characters in
        UTF-8 are UTF-8 whatever is said. Errors: Refused.
        """
        wanted = codec_of(wanted)
        fits = dict.fromkeys(filter(None, ("utf-8", wanted, "gb18030")), True)
        deleted = 0
        is_chinese = False
        for record in self._records():
            deleted += record[:1] == b"*"
            if record.isascii():
                continue
            for start, end in self.texts:
                text = record[start:end].rstrip(b" \0")
                if not text.isascii():
                    self.is_ascii = False
                    is_chinese |= _drop_unfit(fits, text)
        for name in self.names:
            if not name.isascii():
                self.is_ascii = False
                is_chinese |= _drop_unfit(fits, name)
        # Two bytes of GBK can be one foreign letter in UTF-8; three bytes for a Chinese character are no accident.
        if not is_chinese and wanted != "utf-8" and fits["gb18030"]:
            fits["utf-8"] = False
        if strict and not fits[wanted]:
            raise Refused(_("The attributes are not in %(encoding)s.") % {"encoding": wanted})
        if strict:
            return gdal_name(wanted), deleted
        for codec in ("utf-8", wanted, "gb18030"):
            if codec and fits[codec]:
                return gdal_name(codec), deleted
        raise Refused(_("The attributes are neither in UTF-8 nor in GB18030. Say which encoding they are in."))


def _drop_unfit(fits: dict[str, bool], text: bytes) -> bool:
    """Takes back the encodings that the text is not in; tells whether it holds Chinese characters in UTF-8."""
    is_chinese = False
    for name, is_so_far in fits.items():
        if is_so_far:
            try:
                # Whoever wrote the table may have cut the text off inside a character.
                read = codecs.getincrementaldecoder(name)().decode(text)
            except UnicodeDecodeError:
                fits[name] = False
            else:
                is_chinese |= name == "utf-8" and any(sign >= "\u2e80" for sign in read)
    return is_chinese


def gdal_name(codec: str) -> str:
    return _GDAL_NAMES[codec]
