"""Which release of a theme applies when: compared with the one in force, activated from a day on, rolled back.

Every change is made under one lock, and nothing is ever deleted: an activation ends, or is cancelled before a day has passed.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import Activation, Release, Theme
from .models.releases import ActivationQuerySet

# Two shapes are the same place, changed, where this part of each lies in the other.
SAME_PLACE = 0.5
# What two surveys, or two ways through a reference system, may differ by and still be the same shape.
SAME_SHAPE_M2 = 0.5
MOST_ON_MAP = 3000
_LOCK = 0x72656C73  # "rels"


class Refused(Exception):
    """What can't be done; the message is a sentence for who asked for it."""


# --- compare ---


@dataclass(frozen=True)
class Comparison:
    """A release against the one of its theme in force, whatever their codes are. Areas are in km² on the ellipsoid.

    ``added`` and ``removed`` count areas that only one has, ``changed`` those at mostly the same place with another shape.
    ``added_km2`` and ``removed_km2`` are what is gained and lost in all of them, so that the size of the release is that of
    the current one and their difference, but for areas that overlap.
    """

    release: Release
    current: Release | None
    added: int
    removed: int
    changed: int
    unchanged: int
    added_km2: float
    removed_km2: float
    _ids: tuple[tuple[str, int], ...] = ()

    @property
    def is_same(self) -> bool:
        return not (self.added or self.removed or self.changed)

    @cached_property
    def area_km2(self) -> float:
        """Of the release; read when it is asked for, as it looks at every vertex."""
        return _area_km2(self.release)

    def geojson(self) -> dict[str, Any]:
        """What differs, simplified to 10 m, in degrees: properties ``change`` (added, removed, changed), code, name.

        At most MOST_ON_MAP areas, spread over all; ``left_out`` counts the others.
        """
        step = -(-len(self._ids) // MOST_ON_MAP) or 1
        shown = dict((pk, change) for change, pk in self._ids[::step])
        with connection.cursor() as cursor:
            cursor.execute(_ON_MAP, [list(shown)])
            features = [
                {
                    "type": "Feature",
                    "geometry": json.loads(geometry),
                    "properties": {"change": shown[pk], "code": code, "name": name},
                }
                for pk, code, name, geometry in cursor.fetchall()
            ]
        return {"type": "FeatureCollection", "features": features, "left_out": len(self._ids) - len(shown)}


def compare(release: Release) -> Comparison:
    """The release against that of its theme in force today. What is alike is told by a hash; only the rest is laid over it."""
    current = Release.objects.filter(
        pk__in=Activation.objects.on(timezone.localdate()).filter(theme=release.theme).values("release_id")
    ).first()
    if current == release:
        return Comparison(release, current, 0, 0, 0, release.areas.count(), 0.0, 0.0)
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, [release.pk, release.pk, current.pk if current else None, SAME_PLACE, SAME_SHAPE_M2])
        unchanged, added_m2, removed_m2, ids = cursor.fetchone()
    found = tuple((change, pk) for change, pk in ids or ())
    counts = {kind: sum(change == kind for change, _pk in found) for kind in ("added", "removed", "changed")}
    return Comparison(
        release,
        current,
        **counts,
        unchanged=unchanged,
        added_km2=round(added_m2 / 1e6, 6),
        removed_km2=round(removed_m2 / 1e6, 6),
        _ids=found,
    )


# A hash of the bytes tells most of what is alike, one of the normalised shape the rest: where a ring starts, in which order.
# Rows that are alike pair off one by one, so that a shape that is there twice counts twice.
_COMPARE = """
WITH area AS MATERIALIZED (
    SELECT id, geom, release_id = %s AS is_new, md5(ST_AsBinary(ST_SnapToGrid(geom, 1e-9))) AS hash
    FROM zones_controlline WHERE release_id IN (%s, %s)
), numbered AS MATERIALIZED (
    SELECT id, geom, is_new, hash, row_number() OVER (PARTITION BY is_new, hash ORDER BY id) AS number FROM area
), other AS MATERIALIZED (
    SELECT id, geom, is_new, md5(ST_AsBinary(ST_Normalize(ST_SnapToGrid(geom, 1e-9)))) AS hash FROM numbered AS n
    WHERE NOT EXISTS (SELECT FROM numbered AS o WHERE o.hash = n.hash AND o.number = n.number AND o.is_new <> n.is_new)
), again AS MATERIALIZED (
    SELECT id, geom, is_new, hash, row_number() OVER (PARTITION BY is_new, hash ORDER BY id) AS number FROM other
), differing AS MATERIALIZED (
    SELECT id, geom, is_new, ST_Area(geom) AS planar, ST_Area(geom::geography) AS area_m2 FROM again AS n
    WHERE NOT EXISTS (SELECT FROM again AS o WHERE o.hash = n.hash AND o.number = n.number AND o.is_new <> n.is_new)
), meeting AS MATERIALIZED (
    SELECT n.id AS new_id, o.id AS old_id, n.area_m2 AS new_m2, o.area_m2 AS old_m2, ST_Intersection(n.geom, o.geom) AS shared,
        n.planar AS new_planar, o.planar AS old_planar
    FROM differing AS n JOIN differing AS o ON n.is_new AND NOT o.is_new AND n.geom && o.geom AND ST_Intersects(n.geom, o.geom)
), shared AS MATERIALIZED (
    SELECT *, ST_Area(ST_CollectionExtract(shared, 3)::geography) AS m2,
        ST_Area(shared) / greatest(new_planar, old_planar) AS part
    FROM meeting
), pair AS MATERIALIZED (
    -- The best for the new one, and the best for the old one.
    SELECT DISTINCT ON (old_id) * FROM (
        SELECT DISTINCT ON (new_id) * FROM shared WHERE part >= %s ORDER BY new_id, part DESC, old_id
    ) AS best
    ORDER BY old_id, part DESC, new_id
), alike AS MATERIALIZED (
    SELECT * FROM pair WHERE new_m2 + old_m2 - 2 * m2 < %s
), change AS (
    SELECT CASE WHEN p.new_id IS NOT NULL THEN 'changed' WHEN d.is_new THEN 'added' ELSE 'removed' END AS kind, d.id, d.is_new
    FROM differing AS d
        LEFT JOIN pair AS p ON p.new_id = d.id
        LEFT JOIN pair AS q ON q.old_id = d.id
    WHERE q.old_id IS NULL AND NOT EXISTS (SELECT FROM alike AS a WHERE a.new_id = d.id)
)
SELECT
    (SELECT count(*) FROM area WHERE is_new) - (SELECT count(*) FROM differing WHERE is_new) + (SELECT count(*) FROM alike),
    (SELECT coalesce(sum(area_m2), 0) FROM differing WHERE is_new) - (SELECT coalesce(sum(m2), 0) FROM shared)
        - (SELECT coalesce(sum(new_m2 - m2), 0) FROM alike),
    (SELECT coalesce(sum(area_m2), 0) FROM differing WHERE NOT is_new) - (SELECT coalesce(sum(m2), 0) FROM shared)
        - (SELECT coalesce(sum(old_m2 - m2), 0) FROM alike),
    (SELECT json_agg(json_build_array(kind, id) ORDER BY kind, id) FROM change)
"""

_ON_MAP = """
SELECT id, code, name, ST_AsGeoJSON(ST_Transform(coarse_3857, 4490), 6, 0) FROM zones_controlline
WHERE id = ANY(%s) ORDER BY id
"""


def _area_km2(release: Release) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(ST_Area(geom::geography)), 0) FROM zones_controlline WHERE release_id = %s", [release.pk]
        )
        (area_m2,) = cursor.fetchone()
    return round(float(area_m2) / 1e6, 6)


# --- in force ---


def releases_in_force(on: date) -> list[Activation]:
    """The activations that cover a day, with their releases, in the order of the themes."""
    return list(Activation.objects.on(on).select_related("release").order_by("theme"))


def activate(release: Release, on: date, by: str, reason: str = "") -> Activation:
    """The release applies from the day ``on`` (today or later) until the one that is scheduled after it.

    What ran until then ends on that day; the first real release ends every demonstration. Errors: Refused.
    """
    reason = _reason(reason)
    _not_past(on)
    if not release.imported_count and not reason:
        raise Refused(_("The release holds no area. Say why it is to apply all the same."))
    with locked():
        _may_join(release, on)
        if not release.is_demo:
            _end_demonstrations(on)
        running = _covering(release.theme, on)
        if running is not None and running.release_id == release.pk:
            raise Refused(_("%(title)s applies on %(day)s already.") % {"title": release.title, "day": on})
        if running is not None and running.begins == on:
            sentence = _("From %(day)s on %(title)s is to apply already. Roll it back first.")
            raise Refused(sentence % {"title": running.release.title, "day": on})
        ends = running.ends if running is not None else _next_begin(release.theme, on)
        if running is not None:
            _end(running, on)
        return Activation.objects.create(release=release, theme=release.theme, begins=on, ends=ends, made_by=by, reason=reason)


def roll_back(theme: str, on: date, by: str, reason: str) -> Activation | None:
    """The release before is in force again from the day ``on`` (today or later); None where none was.

    What began that day is cancelled, and what ran until then goes on. Else it ends that day, and the release that was before
    it gets a new activation; rolled back again on a later day, it is the one before that. Errors: Refused.
    """
    reason = _reason(reason)
    _not_past(on)
    if theme not in Theme.values:
        raise Refused(_("There is no theme %(theme)s.") % {"theme": theme})
    if not reason:
        raise Refused(_("Say why the release is rolled back."))
    with locked():
        current = _covering(theme, on)
        if current is None:
            raise Refused(_("No release of this theme applies on %(day)s.") % {"day": on})
        current.reason = "; ".join(filter(None, (current.reason, f"{by}: {reason}")))[:500]
        if current.begins == on:
            current.cancelled_at = timezone.now()
            current.save(update_fields=["cancelled_at", "reason"])
            before = _valid(theme).filter(ends=on).first()
        else:
            current.save(update_fields=["reason"])
            _end(current, on)
            before = _former(current)
        if before is None or (before.release.is_demo and _real_ones(on).exists()):
            return None
        if before.ends == on:
            _end(before, current.ends)
            return before
        return Activation.objects.create(
            release=before.release, theme=theme, begins=on, ends=_next_begin(theme, on), made_by=by, reason=reason
        )


def release_before(activation: Activation) -> Release | None:
    """What would apply again if it were rolled back; None where nothing would."""
    before = _former(activation)
    if before is None or (before.release.is_demo and _real_ones(activation.begins).exists()):
        return None
    return before.release


@contextmanager
def locked() -> Iterator[None]:
    """One change of what is in force at a time: a demonstration of one theme depends on the real releases of all.

    Behind the lock stands the constraint that of a theme one release applies at a time.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            yield
    except IntegrityError as error:
        if "activation_one_a_theme" not in str(error):
            raise
        raise Refused(_("Another release of this theme applies at that time; someone has activated it meanwhile.")) from error


def _reason(text: str) -> str:
    text = text.strip()
    if len(text) > 500:
        raise Refused(_("A reason may have at most %(most)s characters.") % {"most": 500})
    return text


def _not_past(on: date) -> None:
    if on < timezone.localdate():
        raise Refused(_("%(day)s is past: what applied then can't be changed.") % {"day": on})


def _valid(theme: str) -> ActivationQuerySet:
    return Activation.objects.filter(theme=theme, cancelled_at=None).select_related("release")


def _covering(theme: str, on: date) -> Activation | None:
    return _valid(theme).on(on).first()


def _end(activation: Activation, on: date | None) -> None:
    activation.ends = on
    activation.save(update_fields=["ends"])


def _next_begin(theme: str, on: date) -> date | None:
    following = _valid(theme).filter(begins__gt=on).order_by("begins").first()
    return following.begins if following else None


def _former(current: Activation) -> Activation | None:
    """The last activation of the release that was before, undoing what has been rolled back already.

    The activations of a theme are gone through like the pages of a visit: one that shows the last but one again has gone back.
    A time without any counts as one, so that nothing comes back that had been taken out of force.
    """
    trail: list[Activation | None] = []
    until: date | None = None
    for one in _valid(current.theme).filter(begins__lte=current.begins).order_by("begins"):
        if trail and until != one.begins:
            _step(trail, None)
        _step(trail, one)
        until = one.ends
    return trail[-2] if len(trail) > 1 else None


def _step(trail: list[Activation | None], one: Activation | None) -> None:
    if len(trail) > 1 and _release_of(trail[-2]) == _release_of(one):
        trail[-2:] = [one]
    else:
        trail.append(one)


def _release_of(one: Activation | None) -> int | None:
    return one.release_id if one else None


# --- demonstrations ---


def _real_ones(on: date) -> Any:
    """The activations of real releases that apply on that day or later."""
    running = Activation.objects.filter(cancelled_at=None, release__is_demo=False)
    return running.exclude(ends__lte=on)


def _may_join(release: Release, on: date) -> None:
    """Errors: Refused for a demonstration beside a real release, of whatever theme: one sheet would show both."""
    if release.is_demo and (real := _real_ones(on).select_related("release").first()) is not None:
        sentence = _(
            "%(title)s is a demonstration, and a real release (%(real)s) applies or is to apply: the two are never mixed."
        )
        raise Refused(sentence % {"title": release.title, "real": real.release.title})


def _end_demonstrations(on: date) -> None:
    """Ends those of every theme on that day, and cancels those that begin then or later."""
    running = Activation.objects.filter(cancelled_at=None, release__is_demo=True).exclude(ends__lte=on)
    running.filter(begins__gte=on).update(cancelled_at=timezone.now())
    running.filter(begins__lt=on).update(ends=on)
