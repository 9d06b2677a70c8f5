"""The rules of the site check: facts are set, findings asserted; no geometry and no database."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from zones.models import PlanRule, Theme
from zones.sitecheck.engine import Check, Finding, Verdict, judge, verdict_of
from zones.sitecheck.facts import CountyFacts, Facts, NamedFacts, Overlap, ReleaseFacts
from zones.sitecheck.rule import Activity, Effect, IncompleteRules, Outcome, Result, Rule, check_complete
from zones.sitecheck.rules import RULES, Farmland

YANGQU = CountyFacts("140122", "阳曲县", "Yangqu", "urbanisation", 26_680.0)
WUTAI = CountyFacts("140922", "五台县", "Wutai", "ecology", 26_680.0)
YUANPING = CountyFacts("140981", "原平市", "Yuanping", "agriculture", 26_680.0)
POINT = '{"type":"Point","coordinates":[0,0]}'
PLOT = Facts(
    as_of=date(2026, 6, 1), dimension=2, geometry='{"type":"Point","coordinates":[0,0]}', area_m2=26_680.0, counties=(YANGQU,)
)


def release(theme: str, *overlaps: Overlap, counties: tuple[str, ...] = (), is_demo: bool = False) -> dict[str, ReleaseFacts]:
    made = ReleaseFacts(f"r-{theme}", theme, "发布", "某局", "", "2025-12-31", "2026-01-01", is_demo, counties, overlaps)
    return {theme: made}


def overlap(area_m2: float = 1000.0, zone_class: str = "", length_m: float = 0.0, **attributes: str) -> Overlap:
    return Overlap(zone_class, area_m2, length_m, POINT, ("图斑",), (attributes,))


def park(distance_m: float | None, *industries: str) -> NamedFacts:
    return NamedFacts("park", "p", "园区", "Park", "town", distance_m, industries)


def town(distance_m: float | None) -> NamedFacts:
    return NamedFacts("town", "t", "镇", "Town", "town", distance_m)


def finding(check: Check, rule: str) -> Finding:
    return next(one for one in check.findings if one.rule.code == rule)


def outcome(facts: Facts, rule: str) -> str:
    return finding(judge(facts), rule).judged.outcome


CONSTRAINTS = [
    ("farmland-protection", Theme.FARMLAND, "", Effect.PROHIBITS),
    ("redline-core", Theme.REDLINE, "core", Effect.PROHIBITS),
    ("redline-other", Theme.REDLINE, "", Effect.PROHIBITS),
    ("redline-other", Theme.REDLINE, "other", Effect.PROHIBITS),
    ("polluted-plots", Theme.POLLUTED, "", Effect.RESTRICTS),
    ("flood", Theme.FLOOD, "", Effect.RESTRICTS),
    ("heritage", Theme.HERITAGE, "", Effect.RESTRICTS),
    ("nature-reserves", Theme.RESERVES, "", Effect.RESTRICTS),
    ("mining", Theme.MINING, "", Effect.RESTRICTS),
]


@pytest.mark.parametrize(("rule", "theme", "zone_class", "effect"), CONSTRAINTS)
def test_a_constraint(rule: str, theme: Theme, zone_class: str, effect: Effect) -> None:
    def judged(*overlaps: Overlap) -> Outcome:
        return finding(judge(replace(PLOT, releases=release(theme, *overlaps))), rule).outcome

    assert finding(judge(PLOT), rule).outcome.result is Result.MISSING
    assert (judged().result, judged().effect) == (Result.CLEAR, Effect.COMPLIES)
    occupied = judged(overlap(zone_class=zone_class))
    assert (occupied.result, occupied.effect) == (Result.OCCUPIED, effect)
    assert occupied.needed
    assert judged(overlap(0.49, zone_class)).result is Result.TOUCHING
    assert judged(overlap(0.0, zone_class)).result is Result.TOUCHING
    assert judged(overlap(0.5, zone_class)).result is Result.OCCUPIED


def test_the_core_of_the_red_line_is_a_matter_of_its_own() -> None:
    core = replace(PLOT, releases=release(Theme.REDLINE, overlap(zone_class="core")))
    assert (outcome(core, "redline-core"), outcome(core, "redline-other")) == ("occupied", "clear")
    other = replace(PLOT, releases=release(Theme.REDLINE, overlap(zone_class="general")))
    assert (outcome(other, "redline-core"), outcome(other, "redline-other")) == ("clear", "occupied")


@pytest.mark.parametrize(("counties", "expected"), [((), "clear"), (("140122",), "clear"), (("140108",), "partly")])
def test_what_a_release_does_not_cover_is_not_clear(counties: tuple[str, ...], expected: str) -> None:
    facts = replace(PLOT, releases=release(Theme.FARMLAND, counties=counties))
    assert outcome(facts, "farmland-protection") == expected


def test_what_is_occupied_is_said_even_where_the_release_covers_only_a_part() -> None:
    facts = replace(PLOT, releases=release(Theme.FARMLAND, overlap(), counties=("140108",)))
    assert outcome(facts, "farmland-protection") == "occupied"


def test_outside_of_the_counties_no_release_covers() -> None:
    half = replace(PLOT, counties=(replace(YANGQU, area_m2=13_000.0),), releases=release(Theme.FARMLAND))
    assert outcome(half, "farmland-protection") == "partly"


@pytest.mark.parametrize(
    ("activity", "expected", "effect"),
    [
        (Activity.UNSTATED, "outside_limited", Effect.RESTRICTS),
        (Activity.INDUSTRY, "outside", Effect.PROHIBITS),
        (Activity.URBAN, "outside", Effect.PROHIBITS),
        (Activity.CHARACTERISTIC_TOWN, "outside_limited", Effect.RESTRICTS),
        (Activity.INFRASTRUCTURE, "outside_limited", Effect.RESTRICTS),
        (Activity.FARMING, "outside_farming", Effect.COMPLIES),
    ],
)
def test_outside_of_the_urban_boundary(activity: Activity, expected: str, effect: Effect) -> None:
    found = finding(judge(replace(PLOT, activity=activity, releases=release(Theme.URBAN))), "boundary-outside")
    assert (found.judged.outcome, found.outcome.effect) == (expected, effect)


@pytest.mark.parametrize(
    ("area_m2", "expected"),
    [(26_680.0, "inside"), (26_679.6, "inside"), (26_679.4, "straddling"), (0.5, "straddling"), (0.3, "touching")],
)
def test_how_the_urban_boundary_lies(area_m2: float, expected: str) -> None:
    assert outcome(replace(PLOT, releases=release(Theme.URBAN, overlap(area_m2))), "boundary-outside") == expected


@pytest.mark.parametrize(
    ("area_m2", "expected"),
    [(999_999.0, "too_small"), (1_000_000.0, "within"), (5_000_000.0, "within"), (5_000_001.0, "too_large")],
)
def test_the_size_of_a_characteristic_town(area_m2: float, expected: str) -> None:
    wanted = replace(PLOT, activity=Activity.CHARACTERISTIC_TOWN, area_m2=area_m2)
    assert outcome(wanted, "characteristic-town-size") == expected
    assert all(one.rule.code != "characteristic-town-size" for one in judge(PLOT).findings)


@pytest.mark.parametrize(
    ("counties", "expected"),
    [((YANGQU,), "urbanisation"), ((YANGQU, YUANPING), "agriculture"), ((YUANPING, WUTAI), "ecology"), ((), "missing")],
)
def test_the_strictest_class_of_main_function_counts(counties: tuple[CountyFacts, ...], expected: str) -> None:
    assert outcome(replace(PLOT, counties=counties), "functional-class") == expected


@pytest.mark.parametrize(
    ("county", "towns", "expected"),
    [
        (YANGQU, (), "not_asked"),
        (YUANPING, (town(4000.0),), "perhaps"),
        (YUANPING, (town(None),), "perhaps"),
        (YUANPING, (town(10_001.0),), "outside"),
    ],
)
def test_towns_by_their_approximate_place(county: CountyFacts, towns: tuple[NamedFacts, ...], expected: str) -> None:
    found = finding(judge(replace(PLOT, counties=(county,), named=towns)), "development-towns")
    assert found.judged.outcome == expected
    assert found.judged.is_approximate


def test_surveyed_bounds_of_a_town_go_before_its_place() -> None:
    facts = replace(PLOT, counties=(YUANPING,), named=(town(4000.0),), releases=release(Theme.TOWNS))
    found = finding(judge(facts), "development-towns")
    assert found.judged.outcome == "outside"
    assert not found.judged.is_approximate


@pytest.mark.parametrize(
    ("activity", "parks", "bounds", "expected"),
    [
        (Activity.INDUSTRY, (), None, "industry_outside"),
        (Activity.INDUSTRY, (park(500.0),), None, "perhaps"),
        (Activity.INDUSTRY, (park(500.0),), [], "industry_outside"),
        (Activity.INDUSTRY, (), [overlap()], "industry_inside"),
        (Activity.UNSTATED, (), [overlap()], "inside"),
        (Activity.UNSTATED, (), None, "outside"),
    ],
)
def test_new_industry_goes_into_parks(
    activity: Activity, parks: tuple[NamedFacts, ...], bounds: list[Overlap] | None, expected: str
) -> None:
    releases = {} if bounds is None else release(Theme.PARKS, *bounds)
    assert outcome(replace(PLOT, activity=activity, named=parks, releases=releases), "industry-in-parks") == expected


@pytest.mark.parametrize(
    ("parks", "expected"),
    [
        ((park(500.0, "steel", "new-materials"),), "leading"),
        ((park(500.0, "steel"), park(None, "new-materials")), "leading"),
        ((park(500.0, "steel"),), "other"),
        ((park(500.0),), "unknown"),
        ((park(20_000.0, "new-materials"),), "unknown"),
    ],
)
def test_the_leading_industries_of_parks(parks: tuple[NamedFacts, ...], expected: str) -> None:
    assert outcome(replace(PLOT, industry="new-materials", named=parks), "park-industry") == expected
    assert all(one.rule.code != "park-industry" for one in judge(PLOT).findings)


@pytest.mark.parametrize(
    ("industry", "overlaps", "expected"),
    [
        ("steel", [overlap(industries="coal, steel")], "listed"),
        ("steel", [overlap(industries="coal")], "not_listed"),
        ("", [overlap(industries="coal")], "unstated"),
        ("", [], "not_listed"),
        ("steel", [overlap(0.1, industries="steel")], "not_listed"),
    ],
)
def test_the_negative_list(industry: str, overlaps: list[Overlap], expected: str) -> None:
    facts = replace(PLOT, industry=industry, releases=release(Theme.NEGATIVE_LIST, *overlaps))
    assert outcome(facts, "negative-list") == expected


def test_without_annex_2_the_negative_list_is_no_data_and_never_clear() -> None:
    found = finding(judge(replace(PLOT, industry="steel")), "negative-list")
    assert (found.outcome.result, found.outcome.effect) == (Result.MISSING, Effect.UNKNOWN)


def test_lines_and_points() -> None:
    line = replace(PLOT, dimension=1, area_m2=0.0, length_m=500.0)
    assert (
        outcome(replace(line, releases=release(Theme.FARMLAND, overlap(0.0, length_m=20.0))), "farmland-protection") == "occupied"
    )
    assert (
        outcome(replace(line, releases=release(Theme.FARMLAND, overlap(0.0, length_m=0.2))), "farmland-protection") == "touching"
    )
    point = replace(PLOT, dimension=0, area_m2=0.0)
    assert outcome(replace(point, releases=release(Theme.FARMLAND, overlap(0.0))), "farmland-protection") == "occupied"
    assert outcome(replace(point, releases=release(Theme.URBAN, overlap(0.0))), "boundary-outside") == "inside"


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ({Effect.PROHIBITS, Effect.UNKNOWN, Effect.COMPLIES}, Verdict.CONFLICT),
        ({Effect.RESTRICTS, Effect.UNKNOWN}, Verdict.CONDITIONAL),
        ({Effect.UNKNOWN, Effect.COMPLIES, Effect.INFORMS}, Verdict.INCOMPLETE),
        ({Effect.COMPLIES, Effect.INFORMS}, Verdict.CLEAR),
        ({Effect.INFORMS}, Verdict.CLEAR),
        (set(), Verdict.INCOMPLETE),
    ],
)
def test_the_cascade(effects: set[Effect], expected: Verdict) -> None:
    assert verdict_of(effects) is expected


def test_one_theme_without_data_keeps_a_site_from_being_clear() -> None:
    themes = {theme: release(theme)[theme] for theme in Theme.values if theme != Theme.URBAN}
    inside = themes | release(Theme.URBAN, overlap(PLOT.area_m2))
    assert judge(replace(PLOT, releases=inside)).verdict is Verdict.CLEAR
    for theme in (Theme.FARMLAND, Theme.NEGATIVE_LIST, Theme.FLOOD):
        without = {name: one for name, one in inside.items() if name != theme}
        assert judge(replace(PLOT, releases=without)).verdict is Verdict.INCOMPLETE


def test_rules_are_asked_on_the_days_on_which_they_hold() -> None:
    class Former(Farmland):
        valid_from, valid_until = date(2020, 1, 1), date(2022, 1, 1)

    def asked(day: date) -> int:
        return len(judge(replace(PLOT, as_of=day), [Former()]).findings)

    assert [asked(date(2019, 12, 31)), asked(date(2020, 1, 1)), asked(date(2021, 12, 31)), asked(date(2022, 1, 1))] == [
        0,
        1,
        1,
        0,
    ]


def test_demonstration_data_mark_the_check() -> None:
    assert judge(replace(PLOT, releases=release(Theme.FARMLAND, is_demo=True))).is_demo
    assert not judge(replace(PLOT, releases=release(Theme.FARMLAND))).is_demo


def test_the_table_is_complete() -> None:
    check_complete(RULES, Theme.values)
    assert {rule.theme for rule in RULES} == set(Theme)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"title": ""}, "lacks title"),
        ({"outcomes": {}}, "lacks outcomes"),
        ({"locator": ""}, "source without a clause"),
        ({"outcomes": {"clear": Farmland.outcomes["clear"]}}, "no outcome for missing data"),
        (
            {"outcomes": Farmland.outcomes | {"bad": Outcome(Result.MISSING, Effect.COMPLIES, "")}},
            "reads missing data",
        ),
        (
            {"outcomes": Farmland.outcomes | {"bad": Outcome(Result.OCCUPIED, Effect.PROHIBITS, "")}},
            "would be needed",
        ),
    ],
)
def test_an_incomplete_rule_is_refused(change: dict[str, Any], complaint: str) -> None:
    broken: Rule = type("Broken", (Farmland,), change)()
    with pytest.raises(IncompleteRules, match=complaint):
        check_complete([broken], [])


def test_a_theme_without_a_rule_is_refused() -> None:
    with pytest.raises(IncompleteRules, match="mining"):
        check_complete([rule for rule in RULES if rule.theme != Theme.MINING], Theme.values)
    with pytest.raises(IncompleteRules, match="repeats"):
        check_complete([Farmland(), Farmland()], [])


@pytest.mark.django_db
def test_clauses_are_those_that_the_rules_of_the_plan_cite() -> None:
    cited = {
        rule.code: {(citation.source.code, citation.locator) for citation in rule.citations.all()}
        for rule in PlanRule.objects.prefetch_related("citations__source")
    }
    shared = [rule for rule in RULES if rule.code in cited]
    assert len(shared) >= 8
    for rule in shared:
        assert (rule.source, rule.locator) in cited[rule.code], rule.code
