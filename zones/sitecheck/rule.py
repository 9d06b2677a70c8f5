"""What a rule is: results, effects, outcomes, and the check that a table of rules leaves no site without an answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zones.models import Theme

from .facts import Facts, NamedFacts, Overlap


class Result(StrEnum):
    """How a site and a theme lie to each other (核查结果)."""

    OCCUPIED = "occupied"  # 占用
    CLEAR = "clear"  # 不占用
    TOUCHING = "touching"  # 贴边
    MISSING = "missing"  # 资料缺失


class Effect(StrEnum):
    """What follows for building there (影响)."""

    PROHIBITS = "prohibits"
    RESTRICTS = "restricts"
    UNKNOWN = "unknown"
    COMPLIES = "complies"
    INFORMS = "informs"


class Activity(StrEnum):
    """What the site is wanted for (用途); empty when the asker does not say."""

    UNSTATED = ""
    INDUSTRY = "industry"
    URBAN = "urban"
    CHARACTERISTIC_TOWN = "characteristic-town"
    INFRASTRUCTURE = "infrastructure"
    FARMING = "farming"


RESULTS = {
    Result.OCCUPIED: _("occupied"),
    Result.CLEAR: _("not occupied"),
    Result.TOUCHING: _("touching"),
    Result.MISSING: _("no data"),
}
EFFECTS = {
    Effect.PROHIBITS: _("prohibits"),
    Effect.RESTRICTS: _("sets conditions"),
    Effect.UNKNOWN: _("can't be told"),
    Effect.COMPLIES: _("nothing against it"),
    Effect.INFORMS: _("for information"),
}
ACTIVITIES = {
    Activity.UNSTATED: _("not stated"),
    Activity.INDUSTRY: _("a new industrial project"),
    Activity.URBAN: _("urban building or a development zone"),
    Activity.CHARACTERISTIC_TOWN: _("a characteristic town"),
    Activity.INFRASTRUCTURE: _("public urban infrastructure"),
    Activity.FARMING: _("farming"),
}


@dataclass(frozen=True)
class Outcome:
    """One answer of a rule: what it says of the site, and what would be needed to go ahead."""

    result: Result
    effect: Effect
    says: Promise
    needed: Promise | str = ""


@dataclass(frozen=True)
class Judged:
    """The outcome that a rule chose, by name, with the pieces of the site that it is about."""

    outcome: str
    overlaps: tuple[Overlap, ...] = ()
    named: tuple[NamedFacts, ...] = ()
    is_approximate: bool = False


class Rule:
    """``valid_from`` and ``valid_until`` (the day after the last) bound the days on which it is asked."""

    code: ClassVar[str]
    theme: ClassVar[Theme]
    title: ClassVar[Promise]
    says: ClassVar[Promise]
    source: ClassVar[str] = "S3"
    locator: ClassVar[str] = ""
    locator_en: ClassVar[str] = ""
    valid_from: ClassVar[date] = date(2022, 1, 1)
    valid_until: ClassVar[date | None] = None
    # Whether it has to have an outcome for missing data: not where the site itself tells all.
    needs_data: ClassVar[bool] = True
    outcomes: ClassVar[Mapping[str, Outcome]]

    def applies(self, facts: Facts) -> bool:
        return True

    def judge(self, facts: Facts) -> Judged:
        raise NotImplementedError


class IncompleteRules(Exception):
    """A rule table that would leave a site without an answer."""


def check_complete(rules: Iterable[Rule], themes: Iterable[str]) -> None:
    """Errors: IncompleteRules that names what is missing."""
    codes: set[str] = set()
    for rule in rules:
        name = type(rule).__name__
        lacking = [word for word in ("code", "theme", "title", "says", "outcomes") if not getattr(rule, word, None)]
        if lacking:
            raise IncompleteRules(f"{name} lacks {', '.join(lacking)}")
        if bool(rule.source) != bool(rule.locator and rule.locator_en):
            raise IncompleteRules(f"{name} has a source without a clause, or a clause without a source")
        if rule.code in codes:
            raise IncompleteRules(f"{name} repeats the code {rule.code}")
        codes.add(rule.code)
        if rule.needs_data and all(outcome.effect is not Effect.UNKNOWN for outcome in rule.outcomes.values()):
            raise IncompleteRules(f"{name} has no outcome for missing data")
        for key, outcome in rule.outcomes.items():
            if (outcome.result is Result.MISSING) != (outcome.effect is Effect.UNKNOWN):
                raise IncompleteRules(f"{name}: {key} reads missing data as an answer, or an answer as missing data")
            if outcome.effect in {Effect.PROHIBITS, Effect.RESTRICTS} and not outcome.needed:
                raise IncompleteRules(f"{name}: {key} does not say what would be needed")
    if forgotten := sorted(set(themes) - {rule.theme for rule in rules}):
        raise IncompleteRules(f"No rule for {', '.join(forgotten)}")
