"""zones.releases: what applies when, whoever asks at the same time; nothing is deleted, and what differs is told by shape."""

from collections.abc import Iterator
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.gis.geos import Polygon
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker

from lib.crs import STORAGE_SRID
from tests.factories import make_line, make_release
from zones import releases
from zones.models import Activation, Release, Theme
from zones.releases import Refused, activate, compare, releases_in_force, roll_back

THEME = Theme.FARMLAND


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def day(days: int = 0) -> date:
    return timezone.localdate() + timedelta(days=days)


def square(x: float, y: float = 38.0, size: float = 0.01) -> Polygon:
    return Polygon.from_bbox((x, y, x + size, y + size))


def draft(theme: str = THEME, **fields: Any) -> Release:
    return make_release(theme, begins=None, **{"expected_count": 1, "imported_count": 1} | fields)


def since(release: Release, days: int) -> Activation:
    """In force for so many days already."""
    return Activation.objects.create(release=release, theme=release.theme, begins=day(-days), made_by="test")


def in_force(on: date, theme: str = THEME) -> list[Release]:
    return [one.release for one in releases_in_force(on) if one.theme == theme]


# --- activate ---


@pytest.mark.django_db
def test_applies_from_the_day_on() -> None:
    release = draft()
    made = activate(release, day(), "张", "首次发布")
    assert (made.begins, made.ends, made.made_by, made.reason) == (day(), None, "张", "首次发布")
    assert in_force(day()) == [release]
    assert in_force(day(-1)) == []


@pytest.mark.django_db
def test_what_ran_ends_on_that_day_and_is_kept() -> None:
    old, new = draft(), draft()
    since(old, 10)
    activate(new, day(3), "张")
    assert in_force(day(2)) == [old]
    assert in_force(day(3)) == [new]
    assert Activation.objects.filter(theme=THEME).count() == 2


@pytest.mark.django_db
def test_a_later_one_that_is_scheduled_stays() -> None:
    old, now, later = draft(), draft(), draft()
    since(old, 10)
    activate(later, day(30), "张")
    made = activate(now, day(), "张")
    assert made.ends == day(30)
    assert [in_force(day(days)) for days in (-1, 0, 29, 30)] == [[old], [now], [now], [later]]


@pytest.mark.django_db
def test_goes_before_the_first_that_is_scheduled() -> None:
    later, now = draft(), draft()
    activate(later, day(30), "张")
    assert activate(now, day(), "张").ends == day(30)


@pytest.mark.django_db
def test_refuses_the_past() -> None:
    with pytest.raises(Refused, match="past"):
        activate(draft(), day(-1), "张")


@pytest.mark.django_db
def test_refuses_what_applies_already() -> None:
    release = draft()
    since(release, 3)
    with pytest.raises(Refused, match="already"):
        activate(release, day(), "张")


@pytest.mark.django_db
def test_refuses_a_second_one_from_the_same_day() -> None:
    activate(draft(), day(), "张")
    with pytest.raises(Refused, match="Roll it back"):
        activate(draft(), day(), "李")
    assert Activation.objects.filter(theme=THEME).count() == 1


@pytest.mark.django_db
def test_an_empty_release_needs_a_reason() -> None:
    empty = draft(expected_count=0, imported_count=0)
    with pytest.raises(Refused, match="no area"):
        activate(empty, day(), "张", "  ")
    assert activate(empty, day(), "张", "本区无此类图斑").release == empty


@pytest.mark.django_db
def test_a_reason_has_a_length() -> None:
    with pytest.raises(Refused, match="500"):
        activate(draft(), day(), "张", "长" * 501)


@pytest.mark.django_db
def test_themes_do_not_touch_each_other() -> None:
    first, second = draft(), draft(Theme.FLOOD)
    activate(first, day(), "张")
    activate(second, day(), "张")
    assert in_force(day()) == [first]
    assert in_force(day(), Theme.FLOOD) == [second]
    assert [one.theme for one in releases_in_force(day())] == sorted([THEME, Theme.FLOOD])


@pytest.mark.django_db
@pytest.mark.parametrize("theme", [THEME, Theme.FLOOD])
@pytest.mark.parametrize("begins", [0, 5])
def test_refuses_a_demonstration_beside_a_real_release(theme: str, begins: int) -> None:
    activate(draft(), day(begins), "张")
    with pytest.raises(Refused, match="never mixed"):
        activate(draft(theme, is_demo=True), day(), "张")


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 4])
def test_the_first_real_release_ends_every_demonstration(days: int) -> None:
    demos = [draft(theme, is_demo=True) for theme in (THEME, Theme.FLOOD)]
    began_today = activate(demos[0], day(), "演示")
    since(demos[1], days)
    real = draft()
    activate(real, day(days), "张")
    assert [one.release for one in releases_in_force(day(days))] == [real]
    began_today.refresh_from_db()
    assert bool(began_today.cancelled_at) == (days == 0)
    assert Activation.objects.count() == 3


# --- roll back ---


@pytest.mark.django_db
def test_what_began_today_is_cancelled_and_the_one_before_goes_on() -> None:
    old, new = draft(), draft()
    running = since(old, 10)
    wrong = activate(new, day(), "张", "新版")
    assert roll_back(THEME, day(), "李", "数据有误") == running
    running.refresh_from_db()
    wrong.refresh_from_db()
    assert running.ends is None
    assert wrong.cancelled_at
    assert wrong.reason == "新版; 李: 数据有误"
    assert in_force(day()) == [old]
    assert Activation.objects.count() == 2


@pytest.mark.django_db
def test_what_is_scheduled_is_cancelled_on_its_day() -> None:
    old, new = draft(), draft()
    since(old, 10)
    activate(new, day(7), "张")
    roll_back(THEME, day(7), "李", "不再启用")
    assert in_force(day(8)) == [old]


@pytest.mark.django_db
def test_later_the_release_before_gets_a_new_activation() -> None:
    old, new = draft(), draft()
    Activation.objects.create(release=old, theme=THEME, begins=day(-20), ends=day(-5), made_by="test")
    since(new, 5)
    made = roll_back(THEME, day(), "李", "数据有误")
    assert made is not None
    assert (made.release, made.begins, made.ends, made.made_by, made.reason) == (old, day(), None, "李", "数据有误")
    assert [in_force(day(days)) for days in (-6, -1, 0)] == [[old], [new], [old]]
    assert Activation.objects.count() == 3


@pytest.mark.django_db
def test_rolled_back_again_it_is_the_one_before_that() -> None:
    first, second, third = draft(), draft(), draft()
    for release, begins, ends in ((first, -30, -20), (second, -20, -10), (third, -10, -2), (second, -2, None)):
        Activation.objects.create(
            release=release, theme=THEME, begins=day(begins), ends=day(ends) if ends else None, made_by="test"
        )
    made = roll_back(THEME, day(), "李", "仍有误")
    assert made is not None
    assert made.release == first


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 3])
def test_the_first_release_goes_back_to_none(days: int) -> None:
    release = draft()
    since(release, days)
    assert roll_back(THEME, day(), "李", "数据有误") is None
    assert in_force(day()) == []
    assert Activation.objects.get().reason == "李: 数据有误"
    with pytest.raises(Refused, match="No release"):
        roll_back(THEME, day(), "李", "数据有误")


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 3])
def test_nothing_comes_back_from_before_a_gap(days: int) -> None:
    Activation.objects.create(release=draft(), theme=THEME, begins=day(-30), ends=day(-20), made_by="test")
    since(draft(), days)
    assert roll_back(THEME, day(), "李", "数据有误") is None
    assert in_force(day()) == []


@pytest.mark.django_db
def test_what_is_scheduled_for_later_stays() -> None:
    old, new, later = draft(), draft(), draft()
    since(old, 10)
    activate(new, day(), "张")
    activate(later, day(9), "张")
    roll_back(THEME, day(), "李", "数据有误")
    assert [in_force(day(days)) for days in (0, 8, 9)] == [[old], [old], [later]]


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 3])
def test_no_demonstration_comes_back_beside_a_real_release(days: int) -> None:
    demo, real = draft(is_demo=True), draft()
    Activation.objects.create(release=demo, theme=THEME, begins=day(-9), ends=day(-days), made_by="test")
    since(real, days)
    since(draft(Theme.FLOOD), 2)
    assert roll_back(THEME, day(), "李", "数据有误") is None
    assert in_force(day()) == []


@pytest.mark.django_db
def test_a_demonstration_goes_on_where_no_real_release_is_left() -> None:
    demo, real = draft(is_demo=True), draft()
    since(demo, 5)
    activate(real, day(), "张")
    roll_back(THEME, day(), "李", "误操作")
    assert in_force(day()) == [demo]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("theme", "days", "reason", "said"),
    [(THEME, -1, "x", "past"), (THEME, 0, " ", "Say why"), ("nothing", 0, "x", "no theme"), (THEME, 0, "x" * 501, "500")],
)
def test_refuses_to_roll_back(theme: str, days: int, reason: str, said: str) -> None:
    since(draft(), 5)
    with pytest.raises(Refused, match=said):
        roll_back(theme, day(days), "李", reason)


# --- at the same time ---


@pytest.fixture
def two_drafts(django_db_blocker: DjangoDbBlocker, django_db_setup: None) -> Iterator[list[Release]]:
    """Committed, so that other connections see them; deleted again."""
    with django_db_blocker.unblock():
        found = [draft(), draft()]
        yield found
        Activation.objects.filter(release__in=found).delete()
        for release in found:
            release.delete()


def test_of_two_activations_at_the_same_time_one_is_refused(two_drafts: list[Release]) -> None:
    start = Barrier(2)
    said: list[Any] = []

    def run(release: Release) -> None:
        start.wait()
        try:
            with translation.override("en"):
                said.append(activate(release, day(), "张"))
        except Refused as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [Thread(target=run, args=[release]) for release in two_drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in said) == ["Activation", "str"]
    assert next(one for one in said if isinstance(one, str)).endswith("Roll it back first.")
    assert Activation.objects.filter(release__in=two_drafts).count() == 1


@pytest.mark.django_db
def test_what_the_constraint_refuses_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    since(draft(), 3)
    monkeypatch.setattr(releases, "_covering", lambda theme, on: None)
    with transaction.atomic(), pytest.raises(Refused, match="meanwhile"):
        activate(draft(), day(), "张")


@pytest.mark.django_db
def test_other_faults_of_the_database_stay_faults() -> None:
    unsaved = Release(theme=THEME, imported_count=1, pk=10**9)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic():
        activate(unsaved, day(), "张")


# --- compare ---


def area_m2(shape: Polygon) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_Area(ST_GeomFromText(%s, %s)::geography)", [shape.wkt, STORAGE_SRID])
        return float(cursor.fetchone()[0])


@pytest.fixture
def current(db: None) -> Release:
    release = draft()
    since(release, 10)
    return release


def test_what_is_alike_is_told_whatever_its_code_and_its_first_point(current: Release) -> None:
    new = draft()
    make_line(current, square(112.5))
    make_line(current, square(112.6))
    ring = list(square(112.5).coords[0])
    make_line(new, Polygon([*ring[2:], *ring[1:3]], srid=STORAGE_SRID))
    make_line(new, Polygon(list(reversed(square(112.6).coords[0])), srid=STORAGE_SRID))
    found = compare(new)
    assert (found.current, found.unchanged, found.added, found.removed, found.changed) == (current, 2, 0, 0, 0)
    assert (found.added_km2, found.removed_km2) == (0, 0)
    assert found.is_same
    assert found.geojson() == {"type": "FeatureCollection", "features": [], "left_out": 0}


def test_added_removed_and_changed_with_what_is_gained_and_lost(current: Release) -> None:
    new = draft()
    gone, moved_from, moved_to, come = square(112.5), square(112.6), square(112.602), square(112.8)
    same = square(112.9)
    for shape in (gone, moved_from, same):
        make_line(current, shape)
    for shape in (moved_to, come, same):
        make_line(new, shape)
    found = compare(new)
    assert (found.unchanged, found.added, found.removed, found.changed) == (1, 1, 1, 1)
    shared = moved_from.intersection(moved_to)
    assert found.added_km2 == pytest.approx((area_m2(come) + area_m2(moved_to) - area_m2(shared)) / 1e6, abs=2e-6)
    assert found.removed_km2 == pytest.approx((area_m2(gone) + area_m2(moved_from) - area_m2(shared)) / 1e6, abs=2e-6)
    assert found.area_km2 == pytest.approx(sum(map(area_m2, (moved_to, come, same))) / 1e6, abs=2e-6)
    sizes = sum(map(area_m2, (gone, moved_from, same))) / 1e6
    assert sizes + found.added_km2 - found.removed_km2 == pytest.approx(found.area_km2, abs=1e-5)
    shown = {feature["properties"]["change"]: feature for feature in found.geojson()["features"]}
    assert set(shown) == {"added", "removed", "changed"}
    corners = [x for x, _y in shown["removed"]["geometry"]["coordinates"][0]]
    assert min(corners) == pytest.approx(112.5, abs=1e-5)


def test_a_shape_that_differs_by_less_than_a_survey_is_the_same(current: Release) -> None:
    new = draft()
    make_line(current, square(112.5))
    make_line(new, square(112.5, size=0.01 + 1e-9))
    found = compare(new)
    assert (found.unchanged, found.changed) == (1, 0)
    assert (found.added_km2, found.removed_km2) == (0, 0)


def test_a_shape_that_meets_little_of_the_other_is_another(current: Release) -> None:
    new = draft()
    make_line(current, square(112.5))
    make_line(new, square(112.508))
    found = compare(new)
    assert (found.added, found.removed, found.changed) == (1, 1, 0)


def test_a_shape_that_is_there_twice_counts_twice(current: Release) -> None:
    new = draft()
    make_line(current, square(112.5))
    make_line(new, square(112.5))
    make_line(new, square(112.5))
    found = compare(new)
    assert (found.unchanged, found.added) == (1, 1)


@pytest.mark.django_db
def test_without_a_current_release_all_is_added() -> None:
    new = draft()
    make_line(new, square(112.5))
    found = compare(new)
    assert (found.current, found.added, found.unchanged) == (None, 1, 0)
    assert found.added_km2 == pytest.approx(found.area_km2)


def test_the_map_shows_a_bounded_part_of_many(current: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "MOST_ON_MAP", 2)
    new = draft()
    for number in range(5):
        make_line(new, square(112.5 + number / 50))
    shown = compare(new).geojson()
    assert len(shown["features"]) == 2
    assert shown["left_out"] == 3


def test_the_same_release_has_no_difference(current: Release) -> None:
    make_line(current, square(112.5))
    found = compare(current)
    assert (found.current, found.unchanged) == (current, 1)
    assert found.is_same
