from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Portal")


class StaticFiles(StaticFilesConfig):
    """Static files without what npm packages bring beside the script that pages load.

    htmx's extensions import a bare ``htmx``, which no browser finds here and collectstatic takes for a missing file.
    """

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "ext", "htmx.amd.js", "htmx.cjs.js", "htmx.esm.*"]
