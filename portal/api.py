"""Every address of the REST API on one page."""

from functools import cache
from typing import Any

from django.urls import path
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer, OpenApiYamlRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import SimpleRouter

from lib.rest import StrictView
from projects import api as projects
from zones.api import areas, economy, facts, governance, plan, works
from zones.models.records import kind_of

from .find_land import land
from .identify import identify
from .search import search
from .site_check import site_check, site_checks

app_name = "api"

router = SimpleRouter()
router.register("zones", areas.ZoneViewSet)
router.register("counties", areas.CountyViewSet)
router.register("towns", areas.TownViewSet)
router.register("places", areas.PlaceViewSet)
router.register("industries", areas.IndustryViewSet)
router.register("clusters", areas.ClusterViewSet)
router.register("parks", areas.ParkViewSet)
router.register("start-up-areas", areas.StartUpAreaViewSet)
router.register("structure-schemes", plan.StructureSchemeViewSet)
router.register("structure-elements", plan.StructureElementViewSet)
router.register("control-line-types", plan.ControlLineTypeViewSet)
router.register("plan-rules", plan.PlanRuleViewSet)
router.register("land-ledgers", plan.LandLedgerViewSet)
router.register("projects", projects.ProjectViewSet)
router.register("reported-totals", projects.ReportedTotalViewSet)
router.register("indicators", facts.IndicatorViewSet)
router.register("statements", facts.StatementViewSet)
router.register("measures", facts.MeasureViewSet)
router.register("sources", facts.SourceViewSet)
router.register("data-quality-notes", facts.DataQualityNoteViewSet)
router.register("transport-works", works.TransportWorkViewSet)
router.register("infrastructure-works", works.InfrastructureWorkViewSet)
router.register("environment-measures", works.EnvironmentMeasureViewSet)
router.register("industry-chains", economy.IndustryChainViewSet)
router.register("organisations", economy.OrganisationViewSet)
router.register("platforms", economy.PlatformViewSet)
router.register("specialised-towns", economy.SpecialisedTownViewSet)
router.register("cultural-sites", economy.CulturalSiteViewSet)
router.register("policies", governance.PolicyViewSet)
router.register("mechanisms", governance.MechanismViewSet)
router.register("milestones", governance.MilestoneViewSet)


class EndpointSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="The kind of record, as subject_kind names it.")
    url = serializers.URLField()
    formats = serializers.ListField(child=serializers.ChoiceField(choices=["json", "geojson"]))


class RootSerializer(serializers.Serializer[Any]):
    schema = serializers.URLField()
    docs = serializers.URLField()
    identify = serializers.URLField(help_text="What is at a place.")
    search = serializers.URLField(help_text="Records by name, pinyin or code.")
    land = serializers.URLField(help_text="Land for a project.")
    lists = EndpointSerializer(many=True)


class RootView(StrictView):
    """The lists of the API, one for each kind of record, and its documentation."""

    @extend_schema(summary="What there is", tags=["root"], responses=RootSerializer)
    def get(self, request: Request) -> Response:
        kinds: list[tuple[Any, str]] = [(view, basename) for _prefix, view, basename in router.registry]
        return Response(
            {
                "schema": reverse("api:schema", request=request),
                "docs": reverse("api:docs", request=request),
                "identify": reverse("api:identify", request=request),
                "search": reverse("api:search", request=request),
                "land": reverse("api:land", request=request),
                "lists": [
                    {
                        "kind": kind_of(view.queryset.model),
                        "url": reverse(f"api:{basename}-list", request=request),
                        "formats": ["json", "geojson"] if view.geometry_field else ["json"],
                    }
                    for view, basename in kinds
                ],
            }
        )


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, in English whoever asks: it is compared with docs/openapi.yaml."""
    with translation.override("en"):
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


class SchemaView(StrictView):
    """The OpenAPI document; JSON, or YAML by Accept."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiYamlRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(openapi_document())


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from this server, without a script or a style in the page."""

    url_name = "api:schema"
    template_name = "portal/api_docs.html"


urlpatterns = [
    path("identify", identify, name="identify"),
    path("search", search, name="search"),
    path("land", land, name="land"),
    path("site-checks/", site_checks, name="site-checks"),
    path("site-checks/<str:key>/", site_check, name="site-check"),
    path("", RootView.as_view(), name="root"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    *router.urls,
]
