"""What was done to the features of a delivery, as a release keeps it: bounded, with a count of the rest, and as sentences."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_ENTRIES = 200

LEFT_OUT, MADE_VALID, CLOSED, RING_LEFT_OUT, PART_LEFT_OUT, READ_AS = (
    "left out",
    "made valid",
    "closed",
    "ring left out",
    "part left out",
    "read as",
)
REPAIRS = {
    LEFT_OUT: gettext_lazy("left out"),
    MADE_VALID: gettext_lazy("repaired"),
    CLOSED: gettext_lazy("closed"),
    RING_LEFT_OUT: gettext_lazy("ring left out"),
    PART_LEFT_OUT: gettext_lazy("part left out"),
    READ_AS: gettext_lazy("read as what it is"),
}
# Our own words; others are those of GEOS.
PROBLEMS = {
    "empty": gettext_lazy("no shape"),
    "line": gettext_lazy("a line, not an area"),
    "point": gettext_lazy("a point, not an area"),
    "unknown kind": gettext_lazy("a shape of unknown kind"),
    "no number": gettext_lazy("a coordinate that is no number"),
    "outside": gettext_lazy("outside of what the reference system describes"),
    "no area": gettext_lazy("no area"),
    "ring not closed": gettext_lazy("a ring that is not closed"),
    "ring of fewer than three points": gettext_lazy("a ring of fewer than three points"),
    "line or point beside areas": gettext_lazy("a line or point beside areas"),
    "wrong encoding": gettext_lazy("an encoding that the file is not in"),
    "Self-intersection": gettext_lazy("self-intersection"),
    "Ring Self-intersection": gettext_lazy("self-intersection of a ring"),
    "Hole lies outside shell": gettext_lazy("a hole outside of its shell"),
    "Nested shells": gettext_lazy("nested shells"),
    "Holes are nested": gettext_lazy("nested holes"),
    "Interior is disconnected": gettext_lazy("an interior in pieces"),
    "Duplicate Rings": gettext_lazy("a ring given twice"),
    "Too few points in geometry component": gettext_lazy("too few points"),
}


class RepairLog:
    """Entries {"feature", "problem", "repair", "area_change_m2"} with "place" where there is one.

    ``feature`` is the number in the file, null for all of it. Of what exceeds MOST_ENTRIES there is one entry a problem, with
    "count".
    """

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._rest: Counter[tuple[str, str]] = Counter()
        self._change: defaultdict[tuple[str, str], float] = defaultdict(float)

    def add(self, feature: int | None, problem: str, repair: str, area_change_m2: float | None = None, place: str = "") -> None:
        if len(self._entries) >= MOST_ENTRIES:
            self._rest[problem, repair] += 1
            self._change[problem, repair] += area_change_m2 or 0.0
            return
        entry = {"feature": feature, "problem": problem, "repair": repair, "area_change_m2": _rounded(area_change_m2)}
        self._entries.append(entry | ({"place": place} if place else {}))

    def as_json(self) -> list[dict[str, Any]]:
        listed = sorted(self._entries, key=lambda entry: entry["feature"] or 0)
        rest = [
            {"feature": None, "problem": problem, "repair": repair, "area_change_m2": _rounded(self._change[problem, repair])}
            | {"count": count}
            for (problem, repair), count in self._rest.items()
        ]
        return listed + rest


def _rounded(change: float | None) -> float | None:
    return None if change is None else round(change, 2)


def in_words(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries in the language of the reader, for a table: feature is empty where an entry is of the file or of several."""
    return [
        dict(entry)
        | {
            "feature": "" if entry["feature"] is None else entry["feature"],
            "problem": _problem(entry),
            "repair": str(REPAIRS.get(entry["repair"], entry["repair"])),
        }
        for entry in entries
    ]


def _problem(entry: Mapping[str, Any]) -> str:
    said = str(PROBLEMS.get(entry["problem"], entry["problem"]))
    if place := entry.get("place"):
        said += f" ({place})"
    return _("%(count)s more: %(problem)s") % {"count": entry["count"], "problem": said} if "count" in entry else said


def sentence(entry: Mapping[str, Any]) -> str:
    """An entry in the language of the reader."""
    (said,) = in_words([entry])
    values = {"number": said["feature"], "problem": said["problem"], "repair": said["repair"]}
    if "count" in entry:
        text = f"{values['problem']}; {values['repair']}"
    elif entry["feature"] is None:
        text = _("The file: %(problem)s; %(repair)s") % values
    else:
        text = _("Feature %(number)s: %(problem)s; %(repair)s") % values
    if entry["area_change_m2"]:
        text += " (" + _("area changed by %(change)s m²") % {"change": f"{entry['area_change_m2']:+,.2f}"} + ")"
    return text
