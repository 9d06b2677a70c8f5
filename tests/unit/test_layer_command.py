"""manage.py layer: what is loaded and mended is told, what is in doubt is asked, what is wrong is a sentence."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.unit.test_importing import BOW_TIE, OTHER, SQUARE, project, without, write
from zones.models import Activation, Release, Theme

pytestmark = pytest.mark.django_db


def run(*arguments: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("layer", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def load(path: Path, *more: Any, code: str = "nt-2026") -> str:
    needed = ("--theme", Theme.FARMLAND.value, "--title", "永久基本农田", "--issued-by", "某局", "--data-date", "2026-01-01")
    return run("load", path, "--code", code, *needed, *more)[0]


def refusal(*arguments: Any) -> str:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    return str(caught.value)


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    """A drawing in metres without a zone number and without a reference system that two systems fit."""
    return without(write(tmp_path / "a.shp", [shapely.box(530000, 4200000, 531000, 4201000)]), ".prj")


def test_loads_and_tells_what_was_mended(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE, BOW_TIE, None], 名称=["甲", "乙", "丙"], 类别=["水田", "", ""])
    said = load(
        path, "--name-field", "名称", "--class-field", "类别", "--counties", "140122, 140108", "--by", "张", "--document", "1号"
    )
    assert "nt-2026: 2 of 3 features loaded, EPSG:4490." in said
    assert "Feature 2: self-intersection (112.505000, 38.005000); repaired (area changed by +" in said
    assert "Feature 3: no shape; left out" in said
    release = Release.objects.get()
    assert (release.loaded_by, release.document, release.counties) == ("张", "1号", ["140108", "140122"])
    assert not release.is_demo
    assert set(release.areas.values_list("name", "zone_class")) == {("甲", "水田"), ("乙", "")}


def test_lists_the_systems_in_doubt_without_a_terminal(doubtful: Path) -> None:
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="does not say") as caught:
        call_command(
            "layer", "load", str(doubtful), "--code=x", "--theme=flood", "--title=x", "--issued-by=x", "--data-date=today",
            stdout=out, stderr=err,
        )  # fmt: skip
    assert caught.value.returncode == 1
    assert set(err.getvalue().split()) == {"--crs", "EPSG:4546", "EPSG:4547"}
    assert not Release.objects.exists()


@pytest.mark.parametrize(("answer", "crs"), [("1", 0), (" 2 ", 1)])
def test_asks_at_a_terminal(doubtful: Path, monkeypatch: pytest.MonkeyPatch, answer: str, crs: int) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: asked.append(prompt) or answer)
    said = load(doubtful)
    offered = [line.split()[1] for line in said.splitlines() if line.startswith("  ") and "EPSG" in line]
    assert Release.objects.get().crs == offered[crs]
    assert asked == ["Which one is it? 1 to 2, anything else to give up: "]


@pytest.mark.parametrize("answer", ["", "0", "3", "EPSG:4546", "²"])
def test_gives_up_at_any_other_answer(doubtful: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _prompt: answer)
    with pytest.raises(CommandError, match="does not say"):
        load(doubtful)
    assert not Release.objects.exists()


def test_takes_the_system_that_is_given(tmp_path: Path) -> None:
    path = without(write(tmp_path / "a.shp", [project(SQUARE, 4525)]), ".prj")
    assert "EPSG:4525" in load(path, "--crs", "EPSG:4525")


def test_inspects_activates_and_rolls_back(tmp_path: Path) -> None:
    load(write(tmp_path / "a.gpkg", [SQUARE, OTHER]), code="first")
    assert "applies from" in run("activate", "first", "--by", "张")[0]
    Activation.objects.update(begins=timezone.localdate() - timedelta(9))
    load(write(tmp_path / "b.gpkg", [SQUARE]), code="second")
    said = run("inspect", "second")[0]
    assert "against first:" in said
    assert "0 added, 1 removed, 0 changed, 1 unchanged" in said
    assert "-1.9" in said
    tomorrow = timezone.localdate() + timedelta(1)
    run("activate", "second", "--on", tomorrow, "--reason", "新版")
    assert (
        "first applies to permanent-basic-farmland"
        in run("rollback", "permanent-basic-farmland", "--on", tomorrow, "--reason", "有误", "--by", "李")[0]
    )
    listed = run("list")[0]
    assert "first  permanent-basic-farmland  2026-01-01  永久基本农田" in listed
    assert f"cancelled: from {tomorrow} until further notice, by manage.py: 新版; 李: 有误" in listed
    assert "No release applies" in run("rollback", "permanent-basic-farmland", "--reason", "x")[0]


def test_an_empty_list_says_so() -> None:
    assert run("list")[0] == "There is no release.\n"


def test_demonstrations_are_marked_in_the_list(tmp_path: Path) -> None:
    load(write(tmp_path / "a.gpkg", [SQUARE]), "--demo")
    assert "DEMONSTRATION" in run("list")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["inspect", "nothing"], "There is no release nothing"),
        (["activate", "nothing"], "There is no release nothing"),
        (["activate", "nothing", "--on", "24.11.2026"], "is no day"),
        (["rollback", "flood", "--reason", "x"], "No release of this theme"),
        (["rollback", "nothing", "--reason", "x"], "invalid choice"),
        (["rollback", "flood"], "--reason"),
        (["load", "/nowhere/a.shp"], "--code"),
        ([], "action"),
        (["destroy"], "invalid choice"),
    ],
)
def test_says_what_is_wrong(arguments: list[str], said: str) -> None:
    assert said in refusal(*arguments)


def test_says_that_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        load(tmp_path / "nothing.shp")
