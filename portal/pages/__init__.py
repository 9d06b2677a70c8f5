"""The pages of records, by subject. Here, because they show records of every floor."""

from .areas import cluster, clusters, counties, county, park, parks
from .evidence import data_quality, source, sources
from .panel import panel
from .plan import indicators, plan, plan_kind, structure

__all__ = [
    "cluster",
    "clusters",
    "counties",
    "county",
    "data_quality",
    "indicators",
    "panel",
    "park",
    "parks",
    "plan",
    "plan_kind",
    "source",
    "sources",
    "structure",
]
