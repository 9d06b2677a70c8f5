"""Whether a file, or the hash of one, is a sheet of a kept check; and which one."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from django.conf import settings

from zones.models import SiteCheck

from .sheet import Mark, mark_of, sheet_pdf
from .typeset import FontMissing


class State(StrEnum):
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"  # a sheet as it was given out; overrulings have been made since
    CHANGED = "changed"  # it says that it is a sheet of this check, and is none
    OTHER = "other"  # it says that it is the sheet of another check
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verified:
    """``language`` and ``revision`` are those of the sheet, or what the file claims; ``is_remade`` where the hash is not the one
    that was recorded, but that of the same sheet as the portal sets it now."""

    state: State
    digest: str
    language: str = ""
    revision: int = 0
    key: str = ""
    is_remade: bool = False


@dataclass(frozen=True)
class Recorded:
    """The hash of a sheet as it was when the check was kept or the overruling made."""

    language: str
    revision: int
    digest: str


def recorded(kept: SiteCheck) -> list[Recorded]:
    return [
        Recorded(language, revision, digest)
        for revision, sheets in enumerate(_sheets(kept))
        for language, digest in sorted(sheets.items(), reverse=True)
    ]


def _sheets(kept: SiteCheck) -> Iterator[dict[str, str]]:
    yield kept.sheets
    yield from kept.overrulings.order_by("id").values_list("sheets", flat=True)


def verify_file(kept: SiteCheck, content: bytes) -> Verified:
    """Of a file that may be anything; nothing in it is read but what it claims to be."""
    digest = sha256(content).hexdigest()
    if found := _by_record(kept, digest):
        return found
    mark = mark_of(content)
    if mark is None:
        return Verified(State.UNKNOWN, digest)
    if mark.key != kept.key:
        return Verified(State.OTHER, digest, mark.language, mark.revision, mark.key)
    return _by_making(kept, digest, [mark]) or Verified(State.CHANGED, digest, mark.language, mark.revision)


def verify_digest(kept: SiteCheck, digest: str) -> Verified:
    """Of a SHA-256 as 64 small hexadecimal digits."""
    latest = kept.overrulings.count()
    marks = [Mark(kept.key, language, latest) for language, _name in settings.LANGUAGES]
    return _by_record(kept, digest) or _by_making(kept, digest, marks) or Verified(State.UNKNOWN, digest)


def _by_record(kept: SiteCheck, digest: str) -> Verified | None:
    found = next((one for one in recorded(kept) if one.digest == digest), None)
    return _verified(kept, digest, found.language, found.revision) if found else None


def _by_making(kept: SiteCheck, digest: str, marks: list[Mark]) -> Verified | None:
    """A newer version of the portal, or of a library, may set the same sheet in other bytes."""
    latest, languages = kept.overrulings.count(), dict(settings.LANGUAGES)
    for mark in marks:
        if mark.language not in languages or mark.revision > latest:
            continue
        try:
            made = sha256(sheet_pdf(kept, mark.language, mark.revision)).hexdigest()
        except FontMissing:
            return None
        if made == digest:
            return _verified(kept, digest, mark.language, mark.revision, is_remade=True)
    return None


def _verified(kept: SiteCheck, digest: str, language: str, revision: int, *, is_remade: bool = False) -> Verified:
    state = State.UNCHANGED if revision == kept.overrulings.count() else State.SUPERSEDED
    return Verified(state, digest, language, revision, kept.key, is_remade)
