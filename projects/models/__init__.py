from .batch import BatchCheck, BatchPattern, BatchResult
from .cells import ProjectCell
from .land import Parcel
from .project import Project, ProjectStage, ReportedTotal, Stage

__all__ = [
    "BatchCheck",
    "BatchPattern",
    "BatchResult",
    "Parcel",
    "Project",
    "ProjectCell",
    "ProjectStage",
    "ReportedTotal",
    "Stage",
]
