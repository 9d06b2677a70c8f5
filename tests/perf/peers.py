"""What the peers publish: the very rows and columns that the portal does, as views, and MapServer's map file of them."""

from pathlib import Path
from typing import Any

from django.contrib.auth.models import AnonymousUser

from lib.crs import STORAGE_SRID
from portal import layers
from portal.relation import Relation, quoted, relation

from .place import BENCH, libpq

LAYERS = ("projects", "parcels", "control-lines")


def view_of(layer: str) -> str:
    return layer.replace("-", "_")


def published(layer: str) -> Relation:
    found = layers.find(layer)
    if found is None:
        raise LookupError(layer)
    return relation(found, AnonymousUser())


def publish(cursor: Any) -> None:
    """Makes the views anew: in the schema bench for tipg, with a number as key in bench_pk for MapServer, which needs one."""
    for schema, key in (("bench", ""), ("bench_pk", "pk, ")):
        cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA {schema}")
        for layer in LAYERS:
            found = published(layer)
            columns = ", ".join(quoted(field.name) for field in found.fields)
            cursor.execute(f"CREATE VIEW {schema}.{view_of(layer)} AS SELECT {key}{columns}, geom FROM {found.sql}", found.params)


LAYER = """
  LAYER
    NAME "{name}"
    TYPE {type}
    STATUS OFF
    CONNECTIONTYPE POSTGIS
    CONNECTION "{connection}"
    DATA "geom FROM (SELECT * FROM bench_pk.{view}) AS rows USING UNIQUE pk USING SRID={srid}"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    TEMPLATE "none"
    TOLERANCE {tolerance}
    PROJECTION
      "init=epsg:{srid}"
    END
    METADATA
      "ows_title" "{name}"
      "gml_include_items" "{items}"
    END
    CLASS
      STYLE
        COLOR 0 0 0
      END
    END
  END
"""

MAP = """
MAP
  NAME "bench"
  SIZE 256 256
  EXTENT 111.7 37.6 114 39.5
  UNITS DD
  PROJECTION
    "init=epsg:{srid}"
  END
  OUTPUTFORMAT
    NAME "mvt"
    DRIVER "MVT"
    FORMATOPTION "EXTENT=4096"
    FORMATOPTION "EDGE_BUFFER=4"
  END
  WEB
    METADATA
      "ows_title" "bench"
      "ows_enable_request" "*"
      "ows_srs" "EPSG:4326 EPSG:3857"
    END
  END
{layers}
END
"""


def write_mapfile(database: str) -> Path:
    environment = libpq(database)
    names = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    connection = " ".join(f"{name}={environment[variable]}" for name, variable in names.items() if environment[variable])
    text = "".join(
        LAYER.format(
            name=name,
            type="POINT" if layer == "projects" else "POLYGON",
            # Pixels: the portal's 50 m about a point where the bench asks. An area must cover the place.
            tolerance=50 if layer == "projects" else 0,
            connection=connection,
            view=view_of(layer),
            srid=STORAGE_SRID,
            items=items,
        )
        for layer in LAYERS
        for name, items in (
            (layer, "all"),
            (f"{layer}-in-tiles", ",".join(("code", "name", *published(layer).layer.tile_fields))),
        )
    )
    path = BENCH / "bench.map"
    path.touch(mode=0o600)  # it holds the password
    path.write_text(MAP.format(layers=text, srid=STORAGE_SRID))
    return path
