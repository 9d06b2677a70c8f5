"""The OpenAPI document of the read API: what drf-spectacular can't know of lib.rest."""

import inspect
from collections.abc import Iterable
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from .geojson import MEDIA_TYPE
from .http import PROBLEM_JSON
from .paging import LINKS_SCHEMA

Schema = dict[str, Any]

PROBLEM: Schema = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence in the language of the request."},
        "request_id": {"type": "string", "description": "Also in the X-Request-ID header; the server's log has it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["parameter", "detail"],
                "properties": {"parameter": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
# Positions are checked for their shape only; what a kind may hold is said in its description.
GEOMETRY: Schema = {
    "type": ["object", "null"],
    "description": "An RFC 7946 geometry, longitude first; null when the location is not known.",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {
            "type": "string",
            "enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"],
        },
        "coordinates": {"type": "array"},
    },
    "additionalProperties": False,
}
ERRORS = {
    "400": "A parameter is unknown, repeated, empty or out of range; each is named in errors.",
    "404": "There is no record with this code.",
    "406": "None of the formats in the Accept header is offered here.",
    "503": "The database can't answer now. Retry-After says in how many seconds to ask again.",
}


def refusal(status: str) -> Schema:
    return {"description": ERRORS[status], "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def parameter(name: str, description: str, schema: Schema, *, required: bool = False) -> Schema:
    """A parameter of a query; a list is written with commas, a=1,2."""
    more: Schema = {"required": True} if required else {}
    if schema["type"] == "array":
        more |= {"style": "form", "explode": False}
    return {"in": "query", "name": name, "description": description, "schema": schema} | more


def whole(low: int, high: int, default: int | None = None) -> Schema:
    schema: Schema = {"type": "integer", "minimum": low, "maximum": high}
    return schema if default is None else schema | {"default": default}


def decimal(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def several(values: Iterable[str]) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": list(values)}}


def record_of(properties: Schema, description: str = "") -> Schema:
    """An object that always has all of its members."""
    schema: Schema = {"type": "object", "required": list(properties), "properties": properties}
    return schema | {"description": description} if description else schema


def one_path(
    operation_id: str, tag: str, summary: str, description: str, parameters: list[Schema], answers: Schema, *errors: str
) -> Schema:
    """The path item of a plain view that is only read. ``answers`` are schemas by media type, ``errors`` beside 400 and 503."""
    refused = {status: {"$ref": f"#/components/responses/{status}"} for status in sorted({"400", "503", *errors})}
    content = {media_type: {"schema": schema} for media_type, schema in answers.items()}
    return {
        "get": {
            "operationId": operation_id,
            "description": description,
            "summary": summary,
            "parameters": parameters,
            "tags": [tag],
            "security": [{}],
            "responses": {"200": {"content": content, "description": summary}} | refused,
        }
    }


def feature_schema(properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "const": "Feature"},
            "id": {"type": "string", "description": "The code of the record."},
            "geometry": {"$ref": "#/components/schemas/Geometry"},
            "properties": properties,
        },
    }


def collection_schema(properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["type", *LINKS_SCHEMA, "features"],
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection"},
            **LINKS_SCHEMA,
            "features": {"type": "array", "items": feature_schema(properties)},
        },
    }


class StrictSchema(AutoSchema):
    """Adds the refusals of lib.rest.StrictView."""

    errors = ("400", "406")

    def get_operation(self, *args: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*args)
        if operation is None:
            return None
        self.register("Problem", PROBLEM)
        for status in self.errors:
            self.register(status, refusal(status), ResolvedComponent.RESPONSE)
            operation["responses"][status] = {"$ref": f"#/components/responses/{status}"}
        return operation

    def register(self, name: str, schema: Schema, kind: str = ResolvedComponent.SCHEMA) -> None:
        component = ResolvedComponent(name=name, type=kind, schema=schema, object=name)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)


class ReadSchema(StrictSchema):
    """Adds ``f``, the filters, the GeoJSON alternative and the evidence of a single record."""

    @property
    def read_view(self) -> Any:
        """The view as the lib.rest.ReadViewSet that it is."""
        return self.view

    @property
    def is_list(self) -> bool:
        return bool(self.read_view.action == "list")

    @property
    def errors(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("400", "406") if self.is_list else ("400", "404", "406")

    def get_summary(self) -> str:
        names = self.read_view.queryset.model._meta
        return f"List of {names.verbose_name_plural}" if self.is_list else f"One {names.verbose_name}"

    def get_description(self) -> str:  # type: ignore[override]
        about = (inspect.getdoc(self.read_view.queryset.model) or "").replace("``", "`")
        if self.read_view.geometry_field and self.is_list:
            return f"{about}\n\nWith `f=geojson` a record without a location has the geometry null; `bbox` leaves it out."
        return about

    def get_override_parameters(self) -> list[Any]:
        formats = [str(renderer.format) for renderer in self.read_view.get_renderers()]
        description = "The format of the answer; it goes before the Accept header."
        return [OpenApiParameter("f", str, description=description, enum=formats, default="json")]

    def _get_filter_parameters(self) -> list[Schema]:
        filters = self.read_view.filterset_class.base_filters if self.is_list else {}
        return [
            {"in": "query", "name": name, "description": item.description, "schema": item.openapi}
            # A list is written with commas, a=1,2, not as a=1&a=2.
            | ({"style": "form", "explode": False} if item.openapi["type"] == "array" else {})
            for name, item in filters.items()
        ]

    def get_operation(self, *args: Any) -> Schema | None:
        operation = super().get_operation(*args)
        if operation is None:
            return None
        success = operation["responses"]["200"]
        success["description"] = "A page of the list." if self.is_list else "The record with its evidence."
        content = {"application/json": success["content"]["application/json"]}
        item = self.resolve_serializer(self.read_view.get_serializer_class(), "response").ref
        if self.read_view.evidence_serializer_class and not self.is_list:
            item = {"allOf": [item, self.resolve_serializer(self.read_view.evidence_serializer_class, "response").ref]}
            content["application/json"] = {"schema": item}
        if self.read_view.geometry_field:
            self.register("Geometry", GEOMETRY)
            content[MEDIA_TYPE] = {"schema": collection_schema(item) if self.is_list else feature_schema(item)}
        success["content"] = content
        return operation


def without_noise(result: Any, **kwargs: Any) -> Any:
    """drf-spectacular's hook: drops its own marks, and readOnly where nothing can be written."""
    if isinstance(result, dict):
        return {key: without_noise(value) for key, value in result.items() if key not in {"x-spec-enum-id", "readOnly"}}
    return [without_noise(item) for item in result] if isinstance(result, list) else result
