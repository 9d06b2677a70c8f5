"""Read-only REST views: strict parameters, pages, JSON and GeoJSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from .geojson import AsGeoJSON, GeoJSONRenderer, feature, feature_collection
from .openapi import ReadSchema, StrictSchema
from .paging import Pages
from .parameters import read

AnyModel = TypeVar("AnyModel", bound=Model)


class FormatNegotiation(DefaultContentNegotiation):
    """``f=json`` or ``f=geojson`` decides before the Accept header does, as in the OGC API."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderers = list(renderers)
        wanted = request.query_params.get("f")
        if wanted is None:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
            return chosen
        for renderer in renderers:
            if renderer.format == wanted:
                return renderer, str(renderer.media_type)
        formats = ", ".join(str(renderer.format) for renderer in renderers)
        raise ValidationError({"f": [_("The format here is one of: %(formats)s.") % {"formats": formats}]})


class StrictView(APIView):
    """A view that refuses a parameter that it does not know, is given twice or is empty: none is ignored in silence."""

    schema = StrictSchema()

    def known_parameters(self) -> set[str]:
        return set()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        read(request.query_params, self.known_parameters())
        super().initial(request, *args, **kwargs)


class ReadViewSet(StrictView, ReadOnlyModelViewSet[AnyModel]):
    """A list and a record by its code. ``geometry_field`` is set where the kind can be drawn."""

    schema = ReadSchema()
    content_negotiation_class = FormatNegotiation
    lookup_field = "code"
    lookup_value_regex = r"[A-Za-z0-9][A-Za-z0-9.-]*"
    filter_backends = [DjangoFilterBackend]
    filterset_class: ClassVar[Any]
    pagination_class = Pages
    geometry_field: ClassVar[str | None] = None
    evidence_serializer_class: ClassVar[type[BaseSerializer[Any]] | None] = None  # more members of a single record

    def known_parameters(self) -> set[str]:
        return {"f", "limit", "offset", *self.filterset_class.base_filters} if self.action == "list" else {"f"}

    def get_renderers(self) -> list[BaseRenderer]:
        return [JSONRenderer(), GeoJSONRenderer()] if self.geometry_field else [JSONRenderer()]

    @property
    def default_response_headers(self) -> dict[str, str]:
        headers: dict[str, str] = super().default_response_headers
        return headers | {"Vary": "Accept"} if self.geometry_field else headers

    def get_queryset(self) -> QuerySet[AnyModel]:
        queryset: Any = super().get_queryset()
        if self.geometry_field:
            queryset = queryset.defer(self.geometry_field)
            if self.is_geojson:
                queryset = queryset.annotate(geometry_json=AsGeoJSON(self.geometry_field))
        found: QuerySet[AnyModel] = queryset
        return found

    @property
    def is_geojson(self) -> bool:
        return isinstance(getattr(self.request, "accepted_renderer", None), GeoJSONRenderer)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        pages = Pages()
        records = pages.paginate_queryset(self.filter_queryset(self.get_queryset()), request, self) or []
        rows = self.get_serializer(records, many=True).data
        if not self.is_geojson:
            return Response({**pages.links(), "results": rows})
        return Response(feature_collection(self._features(records, rows), pages.links()))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        row = dict(self.get_serializer(record).data)
        if self.evidence_serializer_class:
            row |= self.evidence_serializer_class(record, context=self.get_serializer_context()).data
        return Response(next(self._features([record], [row])) if self.is_geojson else row)

    def _features(self, records: Sequence[Any], rows: Sequence[Any]) -> Iterator[str]:
        return (feature(record.code, record.geometry_json, row) for record, row in zip(records, rows, strict=True))
