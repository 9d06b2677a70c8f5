"""zh_Hans is complete: makemessages finds no string that it lacks, and none is empty or fuzzy."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

# Collecting strings needs the portal's settings, not its secrets or data.
NO_DATABASE = {"DJANGO_SETTINGS_MODULE": "portal.settings", "DATABASE_URL": "postgres:///none", "SECRET_KEY": "none"}
CATALOGUES = ["django", "djangojs"]
COLLECT = ["--locale", "zh_Hans", "--no-obsolete", "--no-location", "--ignore", "tests", "--verbosity", "0"]
ROOMS = ["lib", "portal", "projects", "zones", "templates", "static", "locale", "manage.py"]
ENTRY = re.compile(
    r'(?:msgctxt (?P<context>".*"(?:\n".*")*)\n)?msgid (?P<id>".*"(?:\n".*")*)\n(?P<rest>(?:msg.*\n?(?:".*"\n?)*)+)'
)


def _copy(target: Path) -> None:
    for room in ROOMS:
        source = settings.BASE_DIR / room
        if source.is_dir():
            shutil.copytree(source, target / room, ignore=shutil.ignore_patterns("__pycache__", "*.mo", "migrations"))
        elif source.exists():
            shutil.copy(source, target / room)


def _entries(text: str) -> dict[tuple[str, str], tuple[bool, str]]:
    """Context and id -> is it fuzzy, what follows the id."""
    found = {}
    for block in text.split("\n\n"):
        match = ENTRY.search(block + "\n")
        if match and _joined(match["id"]):
            found[_joined(match["context"] or '""'), _joined(match["id"])] = ("#, fuzzy" in block, match["rest"])
    return found


def _joined(quoted: str) -> str:
    return "".join(re.findall(r'"(.*)"', quoted))


@pytest.mark.parametrize("domain", CATALOGUES)
def test_the_chinese_catalogue_is_complete(domain: str, tmp_path: Path) -> None:
    _copy(tmp_path)
    result = subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--domain", domain, *COLLECT],
        cwd=tmp_path,
        env=os.environ | NO_DATABASE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    path = Path("locale/zh_Hans/LC_MESSAGES") / f"{domain}.po"
    kept, collected = (_entries((root / path).read_text(encoding="utf-8")) for root in (settings.BASE_DIR, tmp_path))
    assert collected
    assert sorted(set(collected) - set(kept)) == []
    assert sorted(set(kept) - set(collected)) == []
    wanting = [key for key, (is_fuzzy, rest) in kept.items() if is_fuzzy or re.search(r'^msgstr(?:\[0\])? ""\n(?!")', rest, re.M)]
    assert wanting == []
