"""What the works, goals and policies of fixtures/ must never lose: marks of doubt, gaps and schematic lines."""

import pytest
from django.contrib.gis.geos import LineString, MultiLineString

from projects.models import Project, ReportedTotal
from zones.models import Indicator, IndustryChain, LocationPrecision, Mechanism, Milestone, Policy, Statement, TransportWork

pytestmark = pytest.mark.django_db


def test_the_doubtful_labour_productivity_is_kept_as_written_and_disputed() -> None:
    statement = Indicator.objects.get(code="labour-productivity").statements.get()
    assert (statement.value, statement.unit, statement.rank) == (25, "percent", Statement.Rank.DISPUTED)


def test_goals_have_no_base_value_that_no_source_gives() -> None:
    pm25 = Indicator.objects.get(code="pm25")
    assert pm25.base_year == 2020
    assert [s.nature for s in pm25.statements.all()] == [Statement.Nature.TARGET]


def test_figures_of_all_taiyuan_are_no_figures_of_the_zone() -> None:
    assert set(Indicator.objects.filter(in_zone=False).values_list("code", flat=True)) == {
        "city-specialised-town-count",
        "specialised-town-output",
    }


def test_every_drawn_line_of_transport_is_marked_as_schematic() -> None:
    drawn = [work for work in TransportWork.objects.exclude(geom=None) if isinstance(work.geom, LineString | MultiLineString)]
    assert {"g108", "xiongxin-railway", "north-tongpu-railway"} <= {work.code for work in drawn}
    assert {work.location_precision for work in drawn} == {LocationPrecision.SCHEMATIC}
    assert all("示意线" in work.location_text and "Schematic" in work.location_text_en for work in drawn)


def test_a_road_without_a_told_route_has_no_line() -> None:
    assert TransportWork.objects.get(code="taiyuan-northwest-second-ring").geom is None


def test_the_four_kinds_of_road_add_up_to_the_programme() -> None:
    lengths = Statement.objects.filter(
        measure__code="length",
        code__in=[
            f"transportwork.{code}.length.1"
            for code in ("expressway-network", "trunk-road-network", "rural-roads", "no-1-tourist-roads")
        ],
    )
    programme = Statement.objects.get(code="transportwork.road-programme.length.1")
    assert len(lengths) == 4
    assert sum(statement.value or 0 for statement in lengths) == programme.value == 4322


def test_seven_of_eight_expressways_are_named() -> None:
    network = TransportWork.objects.get(code="expressway-network")
    assert network.parts.count() == 7
    assert network.statements.get(measure__code="project-count").value == 8


def test_the_epidemic_tests_are_the_only_mechanism_no_longer_in_force() -> None:
    assert [m.code for m in Mechanism.objects.filter(is_current=False)] == ["yangqu-epidemic-tests"]


def test_only_the_plan_has_its_text_and_its_annexes_are_missing() -> None:
    assert [p.code for p in Policy.objects.filter(is_available=True)] == ["spatial-strategic-plan"]
    annexes = Policy.objects.get(code="spatial-strategic-plan").parts.all()
    assert {(p.tier, p.is_available) for p in annexes} == {(Policy.Tier.ANNEX, False)}
    assert len(annexes) == 2


def test_the_1_3_n_frame_is_a_tree() -> None:
    frame = Policy.objects.get(code="policy-system")
    assert {p.tier for p in frame.parts.all()} >= {Policy.Tier.ONE, Policy.Tier.THREE, Policy.Tier.N}
    assert Policy.objects.get(code="spatial-strategic-plan").parent == Policy.objects.get(code="planning-system")


def test_dates_whose_year_no_report_gives_are_inferred() -> None:
    inferred = Milestone.objects.filter(happened_inferred=True)
    assert {m.code for m in inferred} == {"taiyuan-part-start", "yingze-q1-start", "press-conference", "distillery-visit"}


def test_the_links_of_a_chain_are_in_order() -> None:
    links = IndustryChain.objects.get(code="featured-steel").links.all()
    assert [link.name for link in links] == ["冶炼", "不锈钢", "冷轧板材", "深加工制品"]


def test_the_twelve_reported_totals_stand_apart_from_the_register() -> None:
    assert [total.code for total in ReportedTotal.objects.all()] == [f"AGG-{number:03}" for number in range(1, 13)]
    assert Project.objects.count() == 92
