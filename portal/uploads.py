"""Files that a person sent and that the portal asks a question about: kept for a day, one a person, out of reach of others."""

import re
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

KEPT_S = 24 * 60 * 60
_LONGEST_STEM = 60  # characters, of four bytes at most: a name of a file may have 255 bytes


def store(owner: int, file: "UploadedFile[Any]") -> str:
    """The token of the file, which takes the place of what the owner sent before. All old files go."""
    _sweep(owner)
    token = uuid.uuid4().hex
    folder = _folder(owner, token)
    folder.mkdir(parents=True, mode=0o700)
    with (folder / _safe_name(file.name or "")).open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return token


def kept(owner: int, token: str) -> Path | None:
    """The file, while it is there and belongs to the owner."""
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        return None
    with suppress(OSError):
        return next(_folder(owner, token).iterdir(), None)
    return None


def drop(owner: int) -> None:
    for folder in _root().glob(f"{owner}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(owner: int) -> None:
    drop(owner)
    for folder in _root().glob("*"):
        with suppress(OSError):  # another process may have swept it
            if folder.stat().st_mtime < time.time() - KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    root: Path = settings.VAR_DIR / "uploads"
    return root


def _folder(owner: int, token: str) -> Path:
    return _root() / f"{owner}-{token}"


def _safe_name(name: str) -> str:
    """Letters and digits of any script, dots, hyphens; the ending stays, since GDAL goes by it."""
    path = PurePath(name)
    suffix = re.sub(r"[^a-z0-9.]", "", path.suffix.lower())
    stem = re.sub(r"[^\w-]+", "-", path.stem).strip("-")[:_LONGEST_STEM]
    return f"{stem or 'file'}{suffix}"
