"""The towns of the plan's zoning of main functions, as fixtures/towns.csv gives them."""

import pytest

from zones.models import Town

pytestmark = pytest.mark.django_db


def test_sixteen_towns_for_urban_development_four_of_them_added() -> None:
    assert Town.objects.filter(is_development_town=True).count() == 16
    added = Town.objects.filter(is_development_town=True, is_added_key_town=True)
    assert {town.name for town in added} == {"阳明堡镇", "金山铺乡", "沿沟乡", "苏龙口镇"}


def test_a_cell_of_a_csv_file_can_hold_several_citations_with_both_locators() -> None:
    town = Town.objects.get(name="阳明堡镇")
    assert [(c.source.code, c.locator, c.locator_en) for c in town.citations.all()] == [
        ("S3", "四（二）专栏1", "IV(2) box 1"),
        ("S3", "四（二）第2段", "IV(2), para 2"),
    ]


def test_the_urban_area_of_yuanping_says_that_it_is_no_township() -> None:
    area = Town.objects.get(code="140981-urban")
    assert "不是一个乡镇" in area.summary
    assert "no township" in area.summary_en
