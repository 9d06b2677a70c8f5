"""One FilterSet a kind, for page, map, API and export."""

from django.utils.translation import gettext_lazy as _

from lib.filtering import BBox, CodeFilter, OneOf, Ordering
from zones.filters import LocatedFilter, PrefectureFilter, RecordFilter
from zones.models import Cluster, County, Industry, Organisation, Park

from .models import Parcel, Project, Stage


class ProjectFilter(LocatedFilter):
    stage = OneOf(Stage, _("stage"))
    kind = OneOf(Project.Kind, _("kind"))
    county = CodeFilter(County)
    prefecture = PrefectureFilter("county")
    park = CodeFilter(Park)
    cluster = CodeFilter(Cluster)
    industry = CodeFilter(Industry)
    organisation = CodeFilter(Organisation, "organisations")
    ordering = Ordering("code", "name", "stage", "stage_as_of")


class ReportedTotalFilter(RecordFilter):
    county = CodeFilter(County)


class ParcelFilter(RecordFilter):
    state = OneOf(Parcel.State, _("state"))
    county = CodeFilter(County)
    prefecture = PrefectureFilter("county")
    park = CodeFilter(Park)
    bbox = BBox("geom")
