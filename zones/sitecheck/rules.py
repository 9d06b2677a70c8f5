"""The rules of the plan, one small class each. A rule reads facts and names one of its outcomes; it asks nobody else.

Its words, clause and outcomes are declared; what is missing from them is found when the module is imported. Clauses are those
of 晋政发〔2022〕10号 (source S3) and of S4; where no document at hand speaks of a theme, the rule says so.
"""

from collections.abc import Iterable
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zones.models import Theme

from .facts import Facts, Overlap, ReleaseFacts
from .rule import Activity, Effect, Judged, Outcome, Result, Rule, check_complete

MISSING_SAYS = _("No release of this theme is in force, so nothing can be said.")
MISSING_NEEDED = _("The official lines of this theme, from the authority that keeps them.")
PARTLY_SAYS = _("The release that is in force does not cover all of the site.")
TOUCHING_SAYS = _("The site touches the line, or overlaps it by less than the tolerance of 0.5 m².")
TOUCHING_NEEDED = _("A survey of the common edge.")


class Constraint(Rule):
    """An area that building is to keep out of; ``takes`` tells which classes of its areas the rule is about."""

    def takes(self, zone_class: str) -> bool:
        return True

    def judge(self, facts: Facts) -> Judged:
        release = facts.releases.get(self.theme)
        if release is None:
            return Judged("missing")
        overlaps = tuple(one for one in release.overlaps if self.takes(one.zone_class))
        if any(_is_occupied(facts, one) for one in overlaps):
            return Judged("occupied", overlaps)
        if not facts.covers(release):
            return Judged("partly", overlaps)
        return Judged("touching" if overlaps else "clear", overlaps)


def _is_occupied(facts: Facts, overlap: Overlap) -> bool:
    return facts.dimension == 0 or facts.size(overlap) >= facts.tolerance


def constraint_outcomes(
    occupied: Promise, needed: Promise, clear: Promise, effect: Effect = Effect.PROHIBITS
) -> dict[str, Outcome]:
    return {
        "occupied": Outcome(Result.OCCUPIED, effect, occupied, needed),
        "clear": Outcome(Result.CLEAR, Effect.COMPLIES, clear),
        "touching": Outcome(Result.TOUCHING, Effect.RESTRICTS, TOUCHING_SAYS, TOUCHING_NEEDED),
        "partly": Outcome(Result.MISSING, Effect.UNKNOWN, PARTLY_SAYS, MISSING_NEEDED),
        "missing": Outcome(Result.MISSING, Effect.UNKNOWN, MISSING_SAYS, MISSING_NEEDED),
    }


class Farmland(Constraint):
    code = "farmland-protection"
    theme = Theme.FARMLAND
    title = _("Special protection of basic farmland")
    says = _("Permanent basic farmland is specially protected; its total is to stay stable.")
    locator, locator_en = "四（三）1", "IV(3) 1"
    outcomes = constraint_outcomes(
        _("The site takes permanent basic farmland."),
        _("Move the site. What was wrongly designated is put right by the authority, not by a project."),
        _("The site takes no permanent basic farmland."),
    )


class RedlineCore(Constraint):
    code = "redline-core"
    theme = Theme.REDLINE
    title = _("No human activity in the core of nature reserves")
    says = _("In the core of a nature reserve inside the red line human activity is in principle prohibited.")
    locator, locator_en = "四（三）2", "IV(3) 2"
    outcomes = constraint_outcomes(
        _("The site lies in a core area inside the red line."),
        _("Move the site."),
        _("The site meets no core area of the red line."),
    )

    def takes(self, zone_class: str) -> bool:
        return zone_class == "core"


class RedlineOther(Constraint):
    code = "redline-other"
    theme = Theme.REDLINE
    title = _("No development elsewhere inside the red line")
    says = _(
        "Elsewhere inside the red line building for development or production is prohibited; major national projects and limited "
        "activity that does no harm to ecology are excepted within the law."
    )
    locator, locator_en = "四（三）2", "IV(3) 2"
    outcomes = constraint_outcomes(
        _("The site lies inside the red line."),
        _("Move the site, or show that it is a major national project or limited activity that the law allows."),
        _("The site lies outside of the red line."),
    )

    def takes(self, zone_class: str) -> bool:
        return zone_class != "core"


class UrbanBoundary(Rule):
    """The other way round: what lies outside is bound."""

    code = "boundary-outside"
    theme = Theme.URBAN
    title = _("No concentrated building outside the boundary")
    says = _(
        "Outside the urban growth boundary there is no concentrated urban building and no development zone, and public money for "
        "urban infrastructure is strictly limited."
    )
    locator, locator_en = "五（七）2", "V(7) 2"
    outcomes = {
        "inside": Outcome(Result.OCCUPIED, Effect.COMPLIES, _("The site lies inside the urban growth boundary.")),
        "outside": Outcome(
            Result.CLEAR,
            Effect.PROHIBITS,
            _("The site lies outside of the urban growth boundary, where what is planned may not be built."),
            _("A site inside the boundary, or a change of the boundary by the planning authority."),
        ),
        "outside_limited": Outcome(
            Result.CLEAR,
            Effect.RESTRICTS,
            _("The site lies outside of the urban growth boundary, where such use is strictly limited."),
            _("Leave to build outside of the boundary."),
        ),
        "outside_farming": Outcome(
            Result.CLEAR, Effect.COMPLIES, _("The site lies outside of the urban growth boundary, which does not bind farming.")
        ),
        "straddling": Outcome(
            Result.OCCUPIED,
            Effect.RESTRICTS,
            _("The site lies partly outside of the urban growth boundary."),
            _("Cut the site back to the boundary, or limit what is built on the part outside of it."),
        ),
        "partly": Outcome(Result.MISSING, Effect.UNKNOWN, PARTLY_SAYS, MISSING_NEEDED),
        "touching": Outcome(Result.TOUCHING, Effect.RESTRICTS, TOUCHING_SAYS, TOUCHING_NEEDED),
        "missing": Outcome(Result.MISSING, Effect.UNKNOWN, MISSING_SAYS, MISSING_NEEDED),
    }

    def judge(self, facts: Facts) -> Judged:
        release = facts.releases.get(self.theme)
        if release is None:
            return Judged("missing")
        overlaps = release.overlaps
        if overlaps and _is_within(facts, overlaps):
            return Judged("inside", overlaps)
        if any(_is_occupied(facts, one) for one in overlaps):
            return Judged("straddling", overlaps)
        if not facts.covers(release):
            return Judged("partly", overlaps)
        if overlaps:
            return Judged("touching", overlaps)
        return Judged(_OUTSIDE[Activity(facts.activity)])


_OUTSIDE = {
    Activity.UNSTATED: "outside_limited",
    Activity.INDUSTRY: "outside",
    Activity.URBAN: "outside",
    Activity.CHARACTERISTIC_TOWN: "outside_limited",
    Activity.INFRASTRUCTURE: "outside_limited",
    Activity.FARMING: "outside_farming",
}


def _is_within(facts: Facts, overlaps: Iterable[Overlap]) -> bool:
    if facts.dimension == 0:
        return True
    return facts.whole() - sum(facts.size(one) for one in overlaps) < facts.tolerance


class CharacteristicTown(Rule):
    code = "characteristic-town-size"
    needs_data = False
    theme = Theme.URBAN
    title = _("Size of characteristic towns")
    says = _(
        "A characteristic town is planned at 1 to 5 km² in principle; for tourism, sport and farming the upper limit may be "
        "raised somewhat."
    )
    locator, locator_en = "四（一）1", "IV(1) 1"
    outcomes = {
        "within": Outcome(Result.OCCUPIED, Effect.COMPLIES, _("The site measures between 1 and 5 km².")),
        "too_small": Outcome(
            Result.OCCUPIED, Effect.RESTRICTS, _("The site measures less than 1 km²."), _("Reasons for a smaller town.")
        ),
        "too_large": Outcome(
            Result.OCCUPIED,
            Effect.RESTRICTS,
            _("The site measures more than 5 km²."),
            _("A smaller site; for tourism, sport or farming leave for a larger one."),
        ),
    }

    def applies(self, facts: Facts) -> bool:
        return facts.activity == Activity.CHARACTERISTIC_TOWN and facts.dimension == 2

    def judge(self, facts: Facts) -> Judged:
        if facts.area_m2 < 1_000_000:
            return Judged("too_small")
        return Judged("too_large" if facts.area_m2 > 5_000_000 else "within")


class FunctionalClass(Rule):
    """By county, whose boundary is generalised: a site near to it may belong to the neighbour."""

    code = "functional-class"
    theme = Theme.FUNCTION
    title = _("Class of main function of the county")
    says = _("Seven counties are urbanisation areas, three are main agricultural areas, two are key ecological function areas.")
    locator, locator_en = "四（二）专栏1", "IV(2) box 1"
    outcomes = {
        "urbanisation": Outcome(Result.OCCUPIED, Effect.COMPLIES, _("The site lies in a national urbanisation area.")),
        "agriculture": Outcome(
            Result.OCCUPIED,
            Effect.RESTRICTS,
            _("The site lies, at least in part, in a main agricultural area."),
            _("A place in one of the towns for urban development, or a use that serves farming."),
        ),
        "ecology": Outcome(
            Result.OCCUPIED,
            Effect.RESTRICTS,
            _("The site lies, at least in part, in a key ecological function area."),
            _("A place in one of the towns for urban development, or a use that does no harm to ecology."),
        ),
        "missing": Outcome(Result.MISSING, Effect.UNKNOWN, _("The site lies in none of the twelve counties.")),
    }

    def judge(self, facts: Facts) -> Judged:
        classes = {county.functional_class for county in facts.counties}
        strictest = next((one for one in ("ecology", "agriculture", "urbanisation") if one in classes), "missing")
        return Judged(strictest, is_approximate=True)


class DevelopmentTown(Rule):
    """Bounds of towns come by release; without one the plan's list of names and approximate places is all there is."""

    code = "development-towns"
    theme = Theme.TOWNS
    title = _("Towns for urban development")
    says = _("In main agricultural and key ecological areas, sixteen towns are named for urban development.")
    locator, locator_en = "四（二）专栏1", "IV(2) box 1"
    outcomes = {
        "inside": Outcome(Result.OCCUPIED, Effect.COMPLIES, _("The site lies in a town for urban development.")),
        "outside": Outcome(
            Result.CLEAR,
            Effect.RESTRICTS,
            _("The site lies in none of the towns for urban development."),
            _("A place in one of the towns, or a use that fits the class of the county."),
        ),
        "perhaps": Outcome(
            Result.MISSING,
            Effect.UNKNOWN,
            _("Such a town is near, by its approximate place; its bounds are not published."),
            MISSING_NEEDED,
        ),
        "not_asked": Outcome(
            Result.CLEAR, Effect.INFORMS, _("The county is an urbanisation area, for which no towns are named.")
        ),
        "touching": Outcome(Result.TOUCHING, Effect.RESTRICTS, TOUCHING_SAYS, TOUCHING_NEEDED),
        "missing": Outcome(Result.MISSING, Effect.UNKNOWN, _("The site lies in none of the twelve counties.")),
    }

    def judge(self, facts: Facts) -> Judged:
        if not facts.counties:
            return Judged("missing")
        if all(county.functional_class == "urbanisation" for county in facts.counties):
            return Judged("not_asked", is_approximate=True)
        release = facts.releases.get(self.theme)
        if release is not None and facts.covers(release):
            return _in_or_out(facts, release)
        near = tuple(town for town in facts.named_of("town") if town.may_reach)
        if near:
            return Judged("perhaps", named=near, is_approximate=True)
        return Judged("outside", named=facts.named_of("town"), is_approximate=True)


def _in_or_out(facts: Facts, release: ReleaseFacts) -> Judged:
    overlaps = release.overlaps
    if any(_is_occupied(facts, one) for one in overlaps):
        return Judged("inside", overlaps)
    return Judged("touching" if overlaps else "outside", overlaps)


class BoundsRule(Rule):
    """Areas of which the documents give names, and only a release gives bounds: parks, start-up areas, clusters."""

    kind: ClassVar[str]

    def judge(self, facts: Facts) -> Judged:
        if not facts.counties:
            return Judged("missing")
        release = facts.releases.get(self.theme)
        if release is not None and facts.covers(release):
            return _in_or_out(facts, release)
        near = tuple(one for one in facts.named_of(self.kind) if one.may_reach)
        return Judged("perhaps" if near else "outside", named=near, is_approximate=True)


def bounds_outcomes(inside: Promise, outside: Promise, perhaps: Promise) -> dict[str, Outcome]:
    return {
        "inside": Outcome(Result.OCCUPIED, Effect.INFORMS, inside),
        "outside": Outcome(Result.CLEAR, Effect.INFORMS, outside),
        "perhaps": Outcome(Result.MISSING, Effect.UNKNOWN, perhaps, MISSING_NEEDED),
        "touching": Outcome(Result.TOUCHING, Effect.INFORMS, TOUCHING_SAYS, TOUCHING_NEEDED),
        "missing": Outcome(Result.MISSING, Effect.UNKNOWN, _("The site lies in none of the twelve counties.")),
    }


class IndustryInParks(BoundsRule):
    code = "industry-in-parks"
    theme = Theme.PARKS
    kind = "park"
    title = _("New industry must go into parks")
    says = _("New industrial projects must go into a park.")
    locator, locator_en = "五（七）2", "V(7) 2"
    outcomes = bounds_outcomes(
        _("The site lies in a park."),
        _("The site lies in no park."),
        _("Parks of the county may reach here; their bounds are not published."),
    ) | {
        "industry_inside": Outcome(Result.OCCUPIED, Effect.COMPLIES, _("The new industrial project goes into a park.")),
        "industry_outside": Outcome(
            Result.CLEAR,
            Effect.PROHIBITS,
            _("The site lies in no park, and new industrial projects must go into one."),
            _("A site in a park."),
        ),
    }

    def judge(self, facts: Facts) -> Judged:
        judged = super().judge(facts)
        if facts.activity == Activity.INDUSTRY and judged.outcome in {"inside", "outside"}:
            return Judged(f"industry_{judged.outcome}", judged.overlaps, judged.named, judged.is_approximate)
        return judged


class ParkIndustry(Rule):
    """Of the parks that the site may lie in, by the leading industries that the documents name."""

    code = "park-industry"
    theme = Theme.PARKS
    title = _("Leading industries of the park")
    says = _("Each development zone has leading industries of its own.")
    locator, locator_en = "五（三）专栏2", "V(3) box 2"
    outcomes = {
        "leading": Outcome(Result.OCCUPIED, Effect.COMPLIES, _("The industry is a leading one of a park here.")),
        "other": Outcome(
            Result.OCCUPIED,
            Effect.RESTRICTS,
            _("The industry is none of the leading ones of the parks here."),
            _("A park whose leading industries it belongs to, or the consent of this one."),
        ),
        "unknown": Outcome(Result.MISSING, Effect.UNKNOWN, _("No park here has leading industries on record."), MISSING_NEEDED),
    }

    def applies(self, facts: Facts) -> bool:
        return bool(facts.industry)

    def judge(self, facts: Facts) -> Judged:
        parks = tuple(park for park in facts.named_of("park") if park.may_reach and park.industries)
        if not parks:
            return Judged("unknown", is_approximate=True)
        leading = tuple(park for park in parks if facts.industry in park.industries)
        return Judged("leading" if leading else "other", named=leading or parks, is_approximate=True)


class StartUpAreas(BoundsRule):
    code = "start-up-areas"
    theme = Theme.START_UP
    kind = "startuparea"
    title = _("Start-up areas")
    says = _("Development begins in eleven start-up areas.")
    locator, locator_en = "七（二）", "VII(2)"
    outcomes = bounds_outcomes(
        _("The site lies in a start-up area."),
        _("The site lies in no start-up area."),
        _("Start-up areas of the county may reach here; their bounds are not published."),
    )


class Clusters(BoundsRule):
    code = "clusters"
    theme = Theme.CLUSTERS
    kind = "cluster"
    title = _("Industrial clusters")
    says = _("The documents name clusters by county; none has published bounds.")
    locator, locator_en = "五（三）", "V(3)"
    outcomes = bounds_outcomes(
        _("The site lies in a cluster."),
        _("The county has no cluster."),
        _("Clusters of the county may reach here; their bounds are not published."),
    )


class PollutedPlots(Constraint):
    code = "polluted-plots"
    theme = Theme.POLLUTED
    title = _("Contaminated plots on the one map")
    says = _("Contaminated plots are laid over the single map of spatial planning, so that building land is used safely.")
    source = "S4"
    locator, locator_en = "生态环境共建治 第5段", "Shared care of the environment, para 5"
    outcomes = constraint_outcomes(
        _("The site takes a contaminated plot."),
        _("A survey of the soil, and its cleaning before anything is built."),
        _("The site takes no contaminated plot."),
        Effect.RESTRICTS,
    )


NO_CLAUSE = _("No document at hand has a rule for this theme; its authority decides.")
ASK = _("The opinion of the authority that keeps these lines.")


class Flood(Constraint):
    code = "flood"
    theme = Theme.FLOOD
    title = _("Flood control")
    says = NO_CLAUSE
    source = ""
    outcomes = constraint_outcomes(
        _("The site lies within a line of flood control."),
        ASK,
        _("The site lies within no line of flood control."),
        Effect.RESTRICTS,
    )


class Heritage(Constraint):
    """The list of the plan's important sites is its annex 1, which is not published."""

    code = "heritage"
    theme = Theme.HERITAGE
    title = _("Heritage")
    says = _("Important heritage is listed in annex 1 of the plan, which is not published.")
    locator, locator_en = "附件1", "Annex 1"
    outcomes = constraint_outcomes(
        _("The site lies within a line of heritage protection."),
        ASK,
        _("The site lies within no line of heritage protection."),
        Effect.RESTRICTS,
    )


class NatureReserves(Constraint):
    code = "nature-reserves"
    theme = Theme.RESERVES
    title = _("Nature reserves")
    says = NO_CLAUSE
    source = ""
    outcomes = constraint_outcomes(
        _("The site lies in a nature reserve or park."), ASK, _("The site lies in no nature reserve or park."), Effect.RESTRICTS
    )


class Mining(Constraint):
    code = "mining"
    theme = Theme.MINING
    title = _("Mining")
    says = NO_CLAUSE
    source = ""
    outcomes = constraint_outcomes(
        _("The site lies over a mining area."), ASK, _("The site lies over no mining area."), Effect.RESTRICTS
    )


class NegativeList(Rule):
    """Annex 2 is not published. A release gives areas whose attribute ``industries`` lists codes, parted by commas."""

    code = "negative-list"
    theme = Theme.NEGATIVE_LIST
    title = _("Negative list of industries")
    says = _("A negative list for each plate guides and limits its industry; it is annex 2 of the plan, which is not published.")
    locator, locator_en = "五（七）1", "V(7) 1"
    outcomes = {
        "listed": Outcome(
            Result.OCCUPIED,
            Effect.PROHIBITS,
            _("The industry is on the negative list here."),
            _("Another industry or another place."),
        ),
        "not_listed": Outcome(Result.CLEAR, Effect.COMPLIES, _("The industry is not on the negative list here.")),
        "unstated": Outcome(
            Result.MISSING,
            Effect.UNKNOWN,
            _("A negative list applies here, and the industry is not stated."),
            _("The industry of the project."),
        ),
        "partly": Outcome(Result.MISSING, Effect.UNKNOWN, PARTLY_SAYS, MISSING_NEEDED),
        "missing": Outcome(
            Result.MISSING, Effect.UNKNOWN, _("The negative list (annex 2) is not published."), _("Annex 2 of the plan.")
        ),
    }

    def judge(self, facts: Facts) -> Judged:
        release = facts.releases.get(self.theme)
        if release is None:
            return Judged("missing")
        overlaps = tuple(one for one in release.overlaps if _is_occupied(facts, one))
        if facts.industry and any(facts.industry in _listed(one) for one in overlaps):
            return Judged("listed", overlaps)
        if not facts.covers(release):
            return Judged("partly", overlaps)
        if overlaps and not facts.industry:
            return Judged("unstated", overlaps)
        return Judged("not_listed", overlaps)


def _listed(overlap: Overlap) -> set[str]:
    texts = (str(attributes.get("industries", "")) for attributes in overlap.attributes)
    return {code.strip() for text in texts for code in text.split(",") if code.strip()}


# In the order of the sheet.
RULES: tuple[Rule, ...] = (
    Farmland(),
    RedlineCore(),
    RedlineOther(),
    UrbanBoundary(),
    CharacteristicTown(),
    FunctionalClass(),
    DevelopmentTown(),
    IndustryInParks(),
    ParkIndustry(),
    StartUpAreas(),
    Clusters(),
    PollutedPlots(),
    Flood(),
    Heritage(),
    NatureReserves(),
    Mining(),
    NegativeList(),
)

check_complete(RULES, Theme.values)
