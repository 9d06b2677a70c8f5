"""Whether the data have changed since a check was kept."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zones.models import Activation, Release, SiteCheck, Theme

from .kept import in_language

NEWER = _("another release is in force")
ADDED = _("a release is in force now; there was none")
ENDED = _("the release is no longer in force, and none has taken its place")


@dataclass(frozen=True)
class Change:
    """``release`` is what is in force now, None where nothing is."""

    theme: Theme
    says: Promise
    release: Release | None


def changes_since(kept: SiteCheck, today: date) -> list[Change]:
    """What a check of the same site would be judged by today and this one was not, in the order of the themes. One query.

    A check of a day to come is compared with what is known to be in force on that day.
    """
    used: dict[str, Any] = {release["theme"]: release["code"] for release in in_language(kept)["releases"]}
    now = Activation.objects.on(max(today, kept.as_of)).select_related("release")
    in_force = {activation.theme: activation.release for activation in now}
    changes = []
    for theme in Theme:
        before, release = used.get(theme), in_force.get(theme)
        if release is not None and before != release.code:
            changes.append(Change(theme, NEWER if before else ADDED, release))
        elif release is None and before is not None:
            changes.append(Change(theme, ENDED, None))
    return changes
