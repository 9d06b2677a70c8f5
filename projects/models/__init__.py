from .cells import ProjectCell
from .land import Parcel
from .project import Project, ProjectStage, ReportedTotal, Stage

__all__ = ["Parcel", "Project", "ProjectCell", "ProjectStage", "ReportedTotal", "Stage"]
