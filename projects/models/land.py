"""Land that projects may be given."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from zones.models import County, Park, Shape


class Parcel(Shape):
    """A parcel of the land ledger (地块). ``area_m2`` is the registered area, null when none is registered."""

    class State(models.TextChoices):
        AVAILABLE = "available", _("available")
        RESERVED = "reserved", _("reserved for a project")
        SUPPLIED = "supplied", _("supplied")

    county = models.ForeignKey(County, models.PROTECT, verbose_name=_("county"), related_name="parcels")
    park = models.ForeignKey(Park, models.PROTECT, verbose_name=_("park"), null=True, blank=True, related_name="parcels")
    state = models.CharField(_("state"), max_length=16, choices=State, blank=True)
    area_m2 = models.DecimalField(_("registered area, m²"), max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta(Shape.Meta):
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        constraints = [
            *Shape.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(area_m2__isnull=True) | models.Q(area_m2__gt=0), name="parcel_area_positive"
            ),
        ]
