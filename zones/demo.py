"""Demonstration releases (演示): made-up areas about a few towns, to try every verdict with before official lines come.

Nothing of them is true, and everything about them says so. They are never in force beside a real release.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.crs import STORAGE_SRID

from .models import Activation, ControlLine, County, Release, Theme
from .releases import Refused, activate, locked

CODE = "demo-"
DATA_DATE = date(2026, 1, 1)

Point = tuple[float, float]
Ring = Sequence[Point]


@dataclass(frozen=True)
class Spot:
    """Where the areas are laid out: all are drawn in hundredths of a degree from here."""

    name: str
    name_en: str
    county: str
    origin: Point
    is_development_town: bool


@dataclass(frozen=True)
class Area:
    name: str
    name_en: str
    rings: Sequence[Ring]
    zone_class: str = ""
    industries: str = ""


@dataclass(frozen=True)
class Example:
    """A site to try, and the verdict that it gets."""

    verdict: str
    at: str
    box: tuple[float, float, float, float]
    industry: str = ""


SPOTS = (
    Spot("大盂", "Dayu", "140122", (112.77, 38.18), False),
    Spot("阳曲镇", "Yangqu town", "140108", (112.6, 38.01), False),
    Spot("晋昌", "Jinchang", "140921", (112.92, 38.5), True),
    Spot("砂河", "Shahe", "140924", (113.55, 39.27), True),
)


def _box(west: float, south: float, east: float, north: float) -> Ring:
    return (west, south), (east, south), (east, north), (west, north)


_PARK = _box(0.5, 0, 2.5, 1.5)
_CORE: Ring = ((-2, 4), (1, 4.2), (1.4, 6), (-1.6, 6.2))

# The land west of the urban boundary ends at it: a site inside, on that edge, touches it.
AREAS: dict[str, Sequence[Area]] = {
    Theme.FARMLAND: (
        Area("西片", "west", [((-5, -1), (-2, -1), (-2, 1), (-4.4, 1.3), (-5.2, 0.4))]),
        Area("南片", "south", [((-1, -4), (2, -4), (2.4, -2.9), (0.5, -2.5), (-1, -2.6))]),
        Area("东片", "east", [((3.4, -2), (6, -2), (6, 0.8), (3.6, 0.6)), _box(4.2, -1.2, 4.9, -0.5)]),
    ),
    Theme.REDLINE: (
        Area("核心区", "core", [_CORE], zone_class="core"),
        Area("一般控制区", "other area", [((-3, 3), (2.4, 3.2), (2.8, 7), (-3.2, 7)), _CORE], zone_class="other"),
    ),
    Theme.URBAN: (
        Area("集中建设区", "concentrated building", [((-2, -1), (-1, -2), (2, -2), (3, -1), (3, 1), (2, 2), (-1, 2), (-2, 1))]),
    ),
    Theme.PARKS: (Area("园区", "park", [_PARK]),),
    Theme.START_UP: (Area("启动区", "start-up area", [_box(1, 0.25, 2, 1.25)]),),
    Theme.CLUSTERS: (Area("集群", "cluster", [_box(0.25, -0.25, 2.75, 1.75)]),),
    Theme.POLLUTED: (Area("污染地块", "contaminated plot", [_box(2.1, -1.6, 2.5, -1.2)]),),
    Theme.FLOOD: (
        Area(
            "河道管理范围",
            "river",
            [((-1.5, -6), (-1.2, -6), (-0.7, -1), (-0.9, 3), (-1.2, 7), (-1.5, 7), (-1.2, 3), (-1, -1))],
        ),
    ),
    Theme.HERITAGE: (
        Area(
            "保护范围",
            "protected site",
            [((-0.4, 0.9), (-0.3, 0.8), (-0.1, 0.8), (0, 0.9), (0, 1.1), (-0.1, 1.2), (-0.3, 1.2), (-0.4, 1.1))],
        ),
    ),
    Theme.RESERVES: (Area("自然公园", "nature park", [((-2.4, 3.6), (1.8, 3.8), (2, 6.5), (-2.4, 6.6))]),),
    Theme.MINING: (Area("矿区", "mining area", [((4, 2), (6.5, 2.2), (6.2, 4.5), (4.4, 4.2))]),),
    Theme.NEGATIVE_LIST: (Area("园区清单", "list of the park", [_PARK], industries="coal-power"),),
    Theme.TOWNS: (Area("镇域", "town", [_box(-6, -6, 7, 7)]),),
}
# Where a release does not reach, the answer is that data are missing: in 尖草坪 for mining.
_COVERED = {
    Theme.MINING: ("140122", "140921", "140924"),
    Theme.TOWNS: ("140921", "140924"),
}


def _at(spot: Spot, west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
    (low_x, low_y), (high_x, high_y) = _placed(spot, (west, south)), _placed(spot, (east, north))
    return low_x, low_y, high_x, high_y


def _placed(spot: Spot, point: Point) -> Point:
    return round(spot.origin[0] + point[0] / 100, 6), round(spot.origin[1] + point[1] / 100, 6)


EXAMPLES = (
    Example("conflict", SPOTS[0].name, _at(SPOTS[0], -4, -0.5, -3.5, 0)),
    Example("conditional", SPOTS[0].name, _at(SPOTS[0], 2, -1.5, 2.3, -1.3)),
    Example("conditional", SPOTS[0].name, _at(SPOTS[0], -2, -0.4, -1.6, 0)),  # touches farmland
    Example("incomplete", SPOTS[1].name, _at(SPOTS[1], 0.3, -1.6, 1, -1)),
    Example("clear", SPOTS[0].name, _at(SPOTS[0], 0.3, -1.6, 1, -1)),
)


def make(by: str) -> list[Release]:
    """The releases that are in force from today when it is done; made where they are not there yet.

    Errors: releases.Refused beside a real release, with nothing made.
    """
    made = []
    with locked():
        for theme in AREAS:
            release = Release.objects.filter(code=f"{CODE}{theme}").first() or _make(theme, by)
            if not release.is_demo:
                raise Refused(_("%(code)s is the code of a real release.") % {"code": release.code})
            today = timezone.localdate()
            if not Activation.objects.on(today).filter(theme=theme, release__is_demo=True).exists():
                activate(release, today, by)
            made.append(release)
    return made


def remove() -> int:
    """Deletes every demonstration release with its areas and activations, and nothing else; gives their number."""
    with locked():
        Activation.objects.filter(release__is_demo=True).delete()
        ControlLine.objects.filter(release__is_demo=True).delete()
        number, _by_model = Release.objects.filter(is_demo=True).delete()
    return number


def _make(theme: str, by: str) -> Release:
    spots = [spot for spot in SPOTS if spot.is_development_town or theme != Theme.TOWNS]
    count = len(AREAS[theme]) * len(spots)
    release = Release.objects.create(
        code=f"{CODE}{theme}",
        theme=theme,
        title=f"演示：{_TITLES[Theme(theme)]}（虚构，不可用于任何决定）",
        issued_by="演示数据，非官方发布",
        data_date=DATA_DATE,
        counties=list(_COVERED.get(Theme(theme), ())),
        is_demo=True,
        crs=f"EPSG:{STORAGE_SRID}",
        expected_count=count,
        imported_count=count,
        loaded_by=by,
    )
    counties = dict(County.objects.values_list("code", "pk"))
    ControlLine.objects.bulk_create(
        ControlLine(
            code=f"{release.code}-{number}",
            name=f"演示{spot.name}{area.name}",
            name_en=f"Demonstration: {spot.name_en}, {area.name_en}",
            geom=MultiPolygon(Polygon(*(_ring(spot, ring) for ring in area.rings)), srid=STORAGE_SRID),
            release=release,
            theme=theme,
            county_id=counties.get(spot.county),
            zone_class=area.zone_class,
            attributes={"说明": "演示"} | ({"industries": area.industries} if area.industries else {}),
        )
        for number, (spot, area) in enumerate(((spot, area) for spot in spots for area in AREAS[theme]), start=1)
    )
    return release


def _ring(spot: Spot, ring: Ring) -> list[Point]:
    placed = [_placed(spot, point) for point in ring]
    return [*placed, placed[0]]


_TITLES = {
    Theme.FARMLAND: "永久基本农田",
    Theme.REDLINE: "生态保护红线",
    Theme.URBAN: "城镇开发边界",
    Theme.PARKS: "园区边界",
    Theme.START_UP: "启动区边界",
    Theme.CLUSTERS: "产业集群边界",
    Theme.POLLUTED: "污染地块",
    Theme.FLOOD: "洪涝控制线",
    Theme.HERITAGE: "历史文化保护线",
    Theme.RESERVES: "自然保护地",
    Theme.MINING: "矿产资源控制线",
    Theme.NEGATIVE_LIST: "产业负面清单",
    Theme.TOWNS: "城镇开发乡镇",
}
