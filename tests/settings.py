"""The portal's settings, made stricter: an undefined template variable fails, static files need no manifest."""

from portal.settings import *  # noqa: F403
from portal.settings import STORAGES, TEMPLATES
from tests.guards import Undefined

TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = Undefined("%s")
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MIDDLEWARE = ["tests.guards.RefuseWritesOnGet", *MIDDLEWARE]  # noqa: F405
