"""Checks that are kept: what was asked and the whole answer in each language, under the hash of both."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry
from django.utils import translation

from lib.crs import STORAGE_SRID
from zones.models import SiteCheck

from .document import document
from .engine import Check
from .sheet import sheets_of


def keep(check: Check, question: Mapping[str, Any], made_by: str = "") -> SiteCheck:
    """The kept check; the one that is there already where the same was asked of the same releases.

    ``question`` is what makes it again: {"geometry", "crs", "activity", "industry"} and what the site is called.
    """
    answer = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            answer[language] = document(check, question["crs"])
    canonical = json.dumps([question, answer], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    shape = GEOSGeometry(check.facts.geometry)
    shape.srid = STORAGE_SRID  # of GeoJSON it believes WGS 84
    key = sha256(canonical.encode()).hexdigest()
    if there := SiteCheck.objects.filter(key=key).first():
        return there
    made = SiteCheck(
        key=key, made_by=made_by, as_of=check.facts.as_of, geom=shape, question=dict(question), answer=answer, sheets={}
    )
    values = {name: getattr(made, name) for name in ("made_by", "as_of", "geom", "question", "answer")}
    kept, _made = SiteCheck.objects.get_or_create(key=key, defaults=values | {"sheets": sheets_of(made, 0)})
    return kept


def in_language(kept: SiteCheck) -> dict[str, Any]:
    """The answer in the language of the reader."""
    answer: dict[str, Any] = kept.answer[translation.get_language() or settings.LANGUAGE_CODE]
    return answer
