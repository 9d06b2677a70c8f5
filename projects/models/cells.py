"""How many projects stand in each cell of the map, kept by the database: what tiles of low zooms are made of."""

from django.db import models
from django.db.models import F


class ProjectCell(models.Model):
    """A change of what a cell holds; a cell holds the sum over its rows. Written by triggers only (migration 0004).

    ``x`` and ``y`` are the cell's address at the tile's ``zoom`` + 5 (lib.mvt). ``investment_wan_count`` tells how many of
    the projects state an amount: no amount is not the amount zero.
    """

    zoom = models.SmallIntegerField()
    x = models.IntegerField()
    y = models.IntegerField()
    count = models.BigIntegerField()
    investment_wan = models.DecimalField(max_digits=24, decimal_places=4)
    investment_wan_count = models.BigIntegerField()

    class Meta:
        # A tile is one stretch of it.
        indexes = [models.Index(F("zoom"), F("x").bitrightshift(5), F("y").bitrightshift(5), name="projectcell_tile")]

    def __str__(self) -> str:
        return f"{self.zoom}/{self.x}/{self.y}: {self.count}"
