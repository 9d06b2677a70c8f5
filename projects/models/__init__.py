from .project import Project, ProjectStage, ReportedTotal, Stage

__all__ = ["Project", "ProjectStage", "ReportedTotal", "Stage"]
