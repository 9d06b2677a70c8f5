"""What officials set beside the findings of a kept check (人工认定). The machine's result and verdict stay as they are."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lib.parameters import Refusal
from zones.models import Overruling, SiteCheck

from .engine import Verdict, verdict_of
from .kept import in_language
from .rule import EFFECTS, Effect
from .sheet import record_sheets

LONGEST_REASON = 1000


def refusal_to(user: Any) -> str | None:
    """Why this user may not overrule findings; None where they may."""
    if user.has_perm("zones.overrule_finding"):
        return None
    return _("Only officials with the right to overrule findings may do this.")


def overrule(kept: SiteCheck, rule: str, effect: str, reason: str, made_by: str) -> Overruling:
    """Sets an effect beside the finding of a rule; the last one that is there already where it says the same.

    Errors: Refusal by field: rule, effect, reason.
    """
    errors = {}
    reason = reason.replace("\r\n", "\n").strip()
    if rule not in {finding["rule"] for finding in in_language(kept)["findings"]}:
        errors["rule"] = _("The check has no finding of this rule.")
    if effect not in list(Effect):
        errors["effect"] = _("Choose one of: %(known)s.") % {"known": ", ".join(str(label) for label in EFFECTS.values())}
    if not reason:
        errors["reason"] = _("Give a reason: it is shown with the overruling.")
    elif len(reason) > LONGEST_REASON or "\0" in reason:
        errors["reason"] = _("A reason has at most %(most)s characters.") % {"most": LONGEST_REASON}
    if errors:
        raise Refusal(errors)
    with transaction.atomic():
        # Of two that press the button at once the second waits, and sees what the first has written.
        SiteCheck.objects.select_for_update().only("id").get(pk=kept.pk)
        last = Overruling.objects.filter(site_check=kept, rule=rule).last()
        if last is not None and (last.effect, last.reason, last.made_by) == (effect, reason, made_by):
            return last
        made = Overruling.objects.create(site_check=kept, rule=rule, effect=effect, reason=reason, made_by=made_by)
        record_sheets(made)
    return made


def verdict_with(findings: Iterable[Mapping[str, Any]], overrulings: Iterable[Overruling]) -> Verdict:
    """The verdict when the last overruling of each rule stands in for the effect of its finding; nothing is changed."""
    said = {overruling.rule: overruling.effect for overruling in overrulings}
    return verdict_of(Effect(said.get(finding["rule"], finding["effect"])) for finding in findings)
