"""What a load balancer asks: is the process alive, and can it serve."""

from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib.http import problem_json
from zones.models import FixtureLoad


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 until the database answers, every migration is applied and the zone is loaded."""
    checks: list[tuple[Callable[[], bool], str]] = [
        (_is_migrated, _("The database is not migrated.")),
        (FixtureLoad.objects.exists, _("The zone is not loaded.")),
    ]
    try:
        for passes, refusal in checks:
            if not passes():
                return problem_json(request, 503, refusal)
    except Error:
        return problem_json(request, 503, _("The database can't be reached."))
    return JsonResponse({"status": "ready"})


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
