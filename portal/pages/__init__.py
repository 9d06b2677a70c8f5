"""The pages of records, by subject. Here, because they show records of every floor."""

from .account import SignIn, SignOut
from .areas import cluster, clusters, counties, county, park, parks
from .evidence import data_quality, source, sources
from .impact import impact as release_impact
from .land import land
from .panel import panel
from .plan import indicators, plan, plan_kind, structure
from .releases import activation as release_activation
from .releases import areas as release_areas
from .releases import new_release, release, releases
from .releases import roll_back as release_roll_back
from .site_check_sheets import site_check_pdf, site_check_verify
from .site_checks import check
from .site_sheet import site_check

__all__ = [
    "SignIn",
    "SignOut",
    "check",
    "cluster",
    "clusters",
    "counties",
    "county",
    "data_quality",
    "indicators",
    "new_release",
    "land",
    "panel",
    "park",
    "parks",
    "plan",
    "plan_kind",
    "site_check",
    "site_check_pdf",
    "site_check_verify",
    "release",
    "release_activation",
    "release_areas",
    "release_impact",
    "release_roll_back",
    "releases",
    "source",
    "sources",
    "structure",
]
