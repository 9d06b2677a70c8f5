"""Every HTML address of the portal on one page; the REST API's are in portal/api.py."""

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter
from django.views.i18n import JavaScriptCatalog, set_language

from projects import views as project_views

from . import export, health, ogc, pages, tiles, views


class CodeConverter(StringConverter):
    """What the code of a record may be (zones.models.records.CODE); anything else never reaches the database."""

    regex = "[A-Za-z0-9][A-Za-z0-9.-]{0,63}"


class Sha256Converter(StringConverter):
    regex = "[0-9a-f]{64}"


register_converter(CodeConverter, "code")
register_converter(Sha256Converter, "sha256")

OGC: list[URLPattern] = [
    path("", ogc.landing, name="ogc-landing"),
    path("conformance", ogc.conformance, name="ogc-conformance"),
    path("api", ogc.api, name="ogc-api"),
    path("collections", ogc.collections, name="ogc-collections"),
    path("collections/<slug:layer_id>", ogc.collection, name="ogc-collection"),
    path("collections/<slug:layer_id>/queryables", ogc.queryables, name="ogc-queryables"),
    path("collections/<slug:layer_id>/schema", ogc.schema, name="ogc-schema"),
    path("collections/<slug:layer_id>/items", ogc.items, name="ogc-items"),
    path("collections/<slug:layer_id>/items/<code:code>", ogc.item, name="ogc-item"),
    path("collections/<slug:layer_id>/tiles", ogc.tilesets, name="ogc-tilesets"),
    path("collections/<slug:layer_id>/tiles/WebMercatorQuad", ogc.tileset, name="ogc-tileset"),
    path("collections/<slug:layer_id>/tiles/WebMercatorQuad/<str:zoom>/<str:row>/<str:column>", ogc.tile, name="ogc-tile"),
    path("tileMatrixSets", ogc.tile_matrix_sets, name="ogc-tile-matrix-sets"),
    path("tileMatrixSets/WebMercatorQuad", ogc.tile_matrix_set, name="ogc-tile-matrix-set"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.map_page, name="map"),
    # Near the top, because each address before them is tried first and no others are asked for so often.
    path("tiles/<str:ids>/<str:z>/<str:x>/<str:y>.mvt", tiles.tile, name="tile"),
    path("ogc/", include(OGC)),
    path("ogc", ogc.landing),
    path("map/rivers.geojson", views.rivers, name="map-rivers"),
    path("language/", set_language, name="set_language"),
    path("jsi18n/", JavaScriptCatalog.as_view(domain="djangojs", packages=None), name="javascript-catalog"),
    path("counties/", pages.counties, name="counties"),
    path("counties/<code:code>/", pages.county, name="county"),
    path("parks/", pages.parks, name="parks"),
    path("parks/<code:code>/", pages.park, name="park"),
    path("clusters/", pages.clusters, name="clusters"),
    path("clusters/<code:code>/", pages.cluster, name="cluster"),
    path("structure/", pages.structure, name="structure"),
    path("indicators/", pages.indicators, name="indicators"),
    path("plan/", pages.plan, name="plan"),
    path("plan/<str:kind>/", pages.plan_kind, name="plan-kind"),
    path("sources/", pages.sources, name="sources"),
    path("sources/<code:code>/", pages.source, name="source"),
    path("data-quality/", pages.data_quality, name="data-quality"),
    path("projects/", project_views.projects, name="projects"),
    path("projects/<code:code>/", project_views.project, name="project"),
    path("check/", pages.check, name="check"),
    path("site-checks/<sha256:key>/", pages.site_check, name="site-check"),
    path("site-checks/<sha256:key>.pdf", pages.site_check_pdf, name="site-check-pdf"),
    path("site-checks/<sha256:key>/verify/", pages.site_check_verify, name="site-check-verify"),
    path("land/", pages.land, name="land"),
    path("panel/<str:kind>/<code:code>/", pages.panel, name="panel"),
    path("releases/", pages.releases, name="releases"),
    path("releases/new/", pages.new_release, name="release-new"),
    path("releases/<code:code>/", pages.release, name="release"),
    path("releases/<code:code>/areas.geojson", pages.release_areas, name="release-areas"),
    path("releases/<code:code>/impact/", pages.release_impact, name="release-impact"),
    path("releases/<code:code>/activation/", pages.release_activation, name="release-activation"),
    path("releases/<code:code>/roll-back/", pages.release_roll_back, name="release-roll-back"),
    path("account/login/", pages.SignIn.as_view(), name="login"),
    path("account/logout/", pages.SignOut.as_view(), name="logout"),
    path("api/v1/exports/<str:layer_id>/", export.download, name="export"),
    path("api/v1/", include("portal.api")),
    path("tiles/<str:ids>.json", tiles.tile_json, name="tile-json"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "portal.views.bad_request"
handler403 = "portal.views.permission_denied"
handler404 = "portal.views.not_found"
handler500 = "portal.views.server_error"
