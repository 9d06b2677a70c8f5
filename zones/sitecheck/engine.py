"""From a site to a verdict: facts are gathered once, each rule judges them, the verdict follows from a stated cascade."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from .facts import Facts, ReleaseFacts, gather
from .rule import Effect, Judged, Outcome, Rule
from .rules import RULES
from .site import Site


class Verdict(StrEnum):
    """What the findings come to (核查结论)."""

    CONFLICT = "conflict"
    CONDITIONAL = "conditional"
    INCOMPLETE = "incomplete"
    CLEAR = "clear"


VERDICTS = {
    Verdict.CONFLICT: _("In conflict with the plan"),
    Verdict.CONDITIONAL: _("Possible under conditions"),
    Verdict.INCOMPLETE: _("Can't be told: data are missing"),
    Verdict.CLEAR: _("No conflict found"),
}

# The first effect that a finding has decides. Missing data come before clear: unknown never reads as clear.
CASCADE: tuple[tuple[Effect, Verdict], ...] = (
    (Effect.PROHIBITS, Verdict.CONFLICT),
    (Effect.RESTRICTS, Verdict.CONDITIONAL),
    (Effect.UNKNOWN, Verdict.INCOMPLETE),
    (Effect.COMPLIES, Verdict.CLEAR),
    (Effect.INFORMS, Verdict.CLEAR),
)
if {effect for effect, _verdict in CASCADE} != set(Effect) or {verdict for _effect, verdict in CASCADE} != set(Verdict):
    raise ValueError("The cascade of verdicts leaves out an effect or a verdict.")


@dataclass(frozen=True)
class Finding:
    """What one rule says of the site. ``release`` is that whose areas it was judged by, None where there is none."""

    rule: Rule
    judged: Judged
    release: ReleaseFacts | None

    @property
    def outcome(self) -> Outcome:
        return self.rule.outcomes[self.judged.outcome]


@dataclass(frozen=True)
class Check:
    facts: Facts
    findings: tuple[Finding, ...]
    verdict: Verdict

    @property
    def is_demo(self) -> bool:
        return any(release.is_demo for release in self.facts.releases.values())


def check(site: Site, as_of: date, *, draft: str = "", activity: str = "", industry: str = "") -> Check:
    """The check of a site as of a day; see facts.gather for the arguments and the errors."""
    return judge(gather(site, as_of, draft=draft, activity=activity, industry=industry))


def judge(facts: Facts, rules: Sequence[Rule] = RULES) -> Check:
    findings = tuple(
        Finding(rule, rule.judge(facts), facts.releases.get(rule.theme))
        for rule in rules
        if rule.valid_from <= facts.as_of and (rule.valid_until is None or facts.as_of < rule.valid_until) and rule.applies(facts)
    )
    return Check(facts, findings, verdict_of(finding.outcome.effect for finding in findings))


def verdict_of(effects: Iterable[Effect]) -> Verdict:
    """The verdict of these effects; without any nothing is known."""
    there = set(effects)
    return next((verdict for effect, verdict in CASCADE if effect in there), Verdict.INCOMPLETE)
