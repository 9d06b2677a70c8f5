from .areas import Cluster, County, FunctionalClass, Industry, Park, Place, StartUpArea, Town, Zone
from .economy import ChainLink, CulturalSite, IndustryChain, Organisation, Platform, SpecialisedTown
from .facts import (
    Citation,
    DataQualityNote,
    DataQualityNoteSubject,
    FixtureLoad,
    Indicator,
    Measure,
    Source,
    Statement,
)
from .governance import Mechanism, Milestone, Policy
from .plan import ControlLineType, LandLedger, PlanRule, StructureElement, StructureScheme
from .records import DatePrecision, InLanguage, Located, LocationPrecision, Record
from .works import EnvironmentMeasure, InfrastructureWork, TransportWork

__all__ = [
    "ChainLink",
    "Citation",
    "Cluster",
    "ControlLineType",
    "County",
    "CulturalSite",
    "DataQualityNote",
    "DataQualityNoteSubject",
    "DatePrecision",
    "EnvironmentMeasure",
    "FixtureLoad",
    "FunctionalClass",
    "Indicator",
    "Industry",
    "InLanguage",
    "IndustryChain",
    "InfrastructureWork",
    "LandLedger",
    "Located",
    "LocationPrecision",
    "Measure",
    "Mechanism",
    "Milestone",
    "Organisation",
    "Park",
    "Place",
    "PlanRule",
    "Platform",
    "Policy",
    "Record",
    "Source",
    "SpecialisedTown",
    "StartUpArea",
    "Statement",
    "StructureElement",
    "StructureScheme",
    "Town",
    "TransportWork",
    "Zone",
]
