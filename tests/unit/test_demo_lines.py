"""manage.py demo_lines: marked wherever it shows, never beside a real release, every verdict to try, and gone by one command."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import geometry, make_line, make_release
from zones import demo, releases
from zones.models import Activation, ControlLine, Release, Theme
from zones.sitecheck.engine import Check, check
from zones.sitecheck.site import read_site

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("demo_lines", *arguments, stdout=out)
    return out.getvalue()


def state() -> list[Any]:
    return [
        list(Release.objects.order_by("code").values()),
        list(Activation.objects.order_by("id").values()),
        list(ControlLine.objects.order_by("id").values("id", "code", "name", "geom", "attributes")),
    ]


def checked(box: tuple[float, float, float, float], **more: str) -> Check:
    site = read_site(json.loads(shapely.to_geojson(shapely.box(*box))))
    return check(site, timezone.localdate(), **more)


def test_every_release_is_marked_and_in_force() -> None:
    said = run()
    found = Release.objects.all()
    assert {release.theme for release in found} == set(Theme.values) - {Theme.FUNCTION}
    for release in found:
        assert release.is_demo
        assert release.title.startswith("演示")
        assert release.code == f"demo-{release.theme}"
        assert "演示" in release.issued_by
        assert release.areas.count() == release.imported_count == release.expected_count > 0
        assert all(line.name.startswith("演示") and line.name_en.startswith("Demonstration") for line in release.areas.all())
    assert {one.release.theme for one in releases.releases_in_force(timezone.localdate())} == {release.theme for release in found}
    assert "demonstration" in said


def test_twice_is_the_same_as_once() -> None:
    run()
    before = state()
    run()
    assert state() == before


@pytest.mark.parametrize("example", demo.EXAMPLES, ids=lambda example: f"{example.verdict}-{example.box[0]}")
def test_each_example_gets_its_verdict(example: demo.Example) -> None:
    run()
    found = checked(example.box)
    assert found.verdict == example.verdict, [(one.rule.code, one.judged.outcome) for one in found.findings]
    assert found.is_demo


def test_the_examples_show_every_verdict_and_one_touches() -> None:
    run()
    checks = [checked(example.box) for example in demo.EXAMPLES]
    assert {one.verdict for one in checks} == {"conflict", "conditional", "incomplete", "clear"}
    results = {finding.outcome.result for one in checks for finding in one.findings}
    assert results == {"occupied", "clear", "touching", "missing"}


def test_an_industry_on_the_list_of_the_park_is_a_conflict() -> None:
    run()
    box = demo._at(demo.SPOTS[0], 0.6, 0.1, 0.9, 0.3)
    outcomes = {one.rule.code: one.judged.outcome for one in checked(box, industry="coal-power").findings}
    assert outcomes["negative-list"] == "listed"
    outcomes = {one.rule.code: one.judged.outcome for one in checked(box, industry="logistics").findings}
    assert outcomes["negative-list"] == "not_listed"


@pytest.mark.parametrize("days", [-5, 5])
def test_refuses_beside_a_real_release_with_nothing_made(days: int) -> None:
    make_release(Theme.MINING, begins=timezone.localdate() + timedelta(days=days))
    before = state()
    with pytest.raises(CommandError, match="never mixed"):
        run()
    assert state() == before


def test_refuses_a_code_that_a_real_release_has() -> None:
    make_release(Theme.MINING, begins=None, code="demo-mining")
    with pytest.raises(CommandError, match="real release"):
        run()
    assert Release.objects.count() == 1


def test_removes_demonstrations_and_nothing_else() -> None:
    real = make_release(Theme.MINING, begins=None)
    make_line(real, geometry("POLYGON((112 38,112 38.1,112.1 38.1,112 38))"))
    past = Activation.objects.create(
        release=real, theme=Theme.MINING, begins=timezone.localdate() - timedelta(9), ends=timezone.localdate(), made_by="test"
    )
    before = state()
    run()
    other = make_release(Theme.FUNCTION, is_demo=True, code="other")
    make_line(other, geometry("POLYGON((112 38,112 38.1,112.1 38.1,112 38))"))
    assert "14 demonstration releases" in run("--remove")
    assert state() == before
    assert past in Activation.objects.all()
    assert "0 demonstration releases" in run("--remove")


def test_is_in_force_again_after_real_ones_are_gone() -> None:
    run()
    real = make_release(Theme.MINING, begins=None, imported_count=1, expected_count=1)
    today = timezone.localdate()
    releases.activate(real, today, "张")
    assert [one.release for one in releases.releases_in_force(today)] == [real]
    releases.roll_back(Theme.MINING, today, "张", "误操作")
    run()
    assert len(releases.releases_in_force(today)) == 13
    assert Release.objects.filter(is_demo=True).count() == 13
