"""Every HTML address of the portal on one page; the REST API's are in portal/api.py."""

from django.urls import URLPattern, URLResolver, path
from django.views.i18n import JavaScriptCatalog, set_language

from projects import views as project_views
from zones import views as zone_views

from . import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.map_page, name="map"),
    path("language/", set_language, name="set_language"),
    path("jsi18n/", JavaScriptCatalog.as_view(domain="djangojs", packages=None), name="javascript-catalog"),
    path("counties/", zone_views.counties, name="counties"),
    path("counties/<str:code>/", zone_views.county, name="county"),
    path("parks/", zone_views.parks, name="parks"),
    path("parks/<str:code>/", zone_views.park, name="park"),
    path("clusters/", zone_views.clusters, name="clusters"),
    path("clusters/<str:code>/", zone_views.cluster, name="cluster"),
    path("structure/", zone_views.structure, name="structure"),
    path("indicators/", zone_views.indicators, name="indicators"),
    path("plan/", zone_views.plan, name="plan"),
    path("plan/<str:kind>/", zone_views.plan_kind, name="plan-kind"),
    path("sources/", zone_views.sources, name="sources"),
    path("sources/<str:code>/", zone_views.source, name="source"),
    path("data-quality/", zone_views.data_quality, name="data-quality"),
    path("projects/", project_views.projects, name="projects"),
    path("projects/<str:code>/", project_views.project, name="project"),
    path("panel/<str:kind>/<str:code>/", views.panel, name="panel"),
]
