from .land import Parcel
from .project import Project, ProjectStage, ReportedTotal, Stage

__all__ = ["Parcel", "Project", "ProjectStage", "ReportedTotal", "Stage"]
