"""Exports: the rows of a layer, filtered as in its lists, as a file to take away."""

from .document import PATHS
from .view import download

__all__ = ["PATHS", "download"]
