"""A zip, a folder or a single file, taken apart with nothing believed of it: what is expected is copied to a folder of ours."""

import shutil
import stat
import zipfile
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from .dbase import known
from .formats import FORMATS, SHAPEFILE, Delivery
from .refusal import Refused

MOST_BYTES = 2 << 30
MOST_ENTRIES = 1000  # of a zip
# A zip that grows by more than this is a bomb. A dBASE table full of blanks grows some fifty times.
MOST_RATIO, RATIO_FROM_BYTES = 200, 50 << 20
_ARCHIVES = (".zip", ".kmz", ".rar", ".7z", ".gz", ".tar")


def take(path: Path, folder: Path, *, encoding: str | None = None, layer: str | None = None) -> Delivery:
    """Copies what is expected of ``path`` into ``folder`` and looks at it. ``layer`` chooses among several files.

    Errors: Refused.
    """
    if encoding:
        known(encoding)
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        raise Refused(_("There is no file %(name)s.") % {"name": path.name})
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        raise _too_large()
    try:
        if path.is_dir():
            members = _copy(sorted(path.iterdir()), folder)
        elif path.suffix.lower() == ".zip":
            members = _unzip(path, folder)
        elif path.suffix.lower() == ".shp":
            members = _copy(sorted(one for one in path.parent.iterdir() if one.stem == path.stem), folder)
        else:
            members = _copy([path], folder)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError) as error:
        raise Refused(_("%(name)s can't be read: %(why)s.") % {"name": path.name, "why": error}) from error
    chosen = _choose(members, layer)
    digest = _digest([path] if path.is_file() and path.suffix.lower() != ".shp" else members)
    driver, look = FORMATS[chosen.suffix]
    return look(Delivery(chosen, driver, path.name[:200], digest), encoding)


def _too_large() -> Refused:
    return Refused(_("The file is larger than %(most)s GB.") % {"most": round(MOST_BYTES / 2**30, 1)})


def _is_expected(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in {*FORMATS, *SHAPEFILE}


def _target(folder: Path, name: str, taken: set[Path]) -> Path:
    """Where a member is kept: by its bare name, with a suffix in small letters."""
    bare = PurePosixPath(name)
    target = folder / f"{bare.stem[:100]}{bare.suffix.lower()}"
    if target in taken:
        raise Refused(_("The delivery holds %(name)s twice.") % {"name": bare.name})
    taken.add(target)
    return target


def _copy(files: Iterable[Path], folder: Path) -> list[Path]:
    taken: set[Path] = set()
    total = 0
    for file in files:
        if not _is_expected(file.name):
            continue
        if file.is_symlink() or not file.is_file():
            raise Refused(_("%(name)s is no plain file.") % {"name": file.name})
        total += file.stat().st_size
        if total > MOST_BYTES:
            raise _too_large()
        shutil.copyfile(file, _target(folder, file.name, taken))
    return sorted(taken)


def _unzip(path: Path, folder: Path) -> list[Path]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            sentence = _("The zip holds %(count)s files; at most %(most)s are read.")
            raise Refused(sentence % {"count": len(entries), "most": MOST_ENTRIES})
        wanted = [(entry, name) for entry in entries if (name := _plain_name(entry)) and _is_expected(name)]
        size = sum(entry.file_size for entry, _name in wanted)
        room = (
            MOST_BYTES
            if path.stat().st_size * MOST_RATIO > MOST_BYTES
            else max(path.stat().st_size * MOST_RATIO, RATIO_FROM_BYTES)
        )
        if size > room:
            raise Refused(_("The zip grows to %(size)s MB when it is unpacked.") % {"size": size >> 20})
        taken: set[Path] = set()
        for entry, name in wanted:
            with archive.open(entry) as packed, _target(folder, name, taken).open("wb") as target:
                room -= _pour(packed, target, room)
        return sorted(taken)


def _pour(packed: IO[bytes], target: IO[bytes], room: int) -> int:
    """Copies; what the zip says of its sizes need not be so."""
    done = 0
    while part := packed.read(1 << 20):
        done += len(part)
        if done > room:
            raise Refused(_("The zip grows to %(size)s MB when it is unpacked.") % {"size": done >> 20})
        target.write(part)
    return done


def _plain_name(entry: zipfile.ZipInfo) -> str | None:
    """The name of a member as its maker wrote it, None for what is of no use. Errors: Refused for what does harm."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        # No flag for UTF-8: Chinese systems write code page 936, which zipfile has read as that of the first PCs.
        raw = name.encode("cp437", "replace")
        name = _decoded(raw)
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or any(":" in part or "\0" in part for part in parts):
        raise Refused(_("The zip holds %(name)s, which would leave its folder.") % {"name": name})
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Refused(_("The zip holds %(name)s, which is a link.") % {"name": name})
    if entry.flag_bits & 1:
        raise Refused(_("The zip is locked with a password."))
    if PurePosixPath(name).suffix.lower() in _ARCHIVES:
        raise Refused(_("The zip holds another archive, %(name)s. Unpack it first.") % {"name": name})
    if entry.is_dir() or "__MACOSX" in parts or not parts or parts[-1].startswith("."):
        return None
    return parts[-1]


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _choose(members: list[Path], layer: str | None) -> Path:
    """The one dataset among the members, or that with the name of the layer."""
    found = [member for member in members if member.suffix in FORMATS]
    if len(found) > 1 and layer:
        found = [member for member in found if member.stem == layer]
    if len(found) == 1:
        return found[0]
    if not found:
        known = ", ".join(FORMATS)
        raise Refused(_("No dataset was found. One of %(known)s is expected, alone, in a folder or in a zip.") % {"known": known})
    names = ", ".join(member.stem for member in found)
    raise Refused(_("The delivery holds several datasets: %(names)s. Say which one as the layer.") % {"names": names[:500]})


def _digest(files: Sequence[Path]) -> str:
    """SHA-256 of a file; of several, of their names and contents in the order of the names."""
    total = sha256()
    for file in files:
        if len(files) > 1:
            total.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            while part := content.read(1 << 20):
                total.update(part)
    return total.hexdigest()
