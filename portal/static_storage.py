from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Static files under names that carry their hash, import paths inside ES modules included.

    Without the latter a browser that kept yesterday's module would mix it with today's.
    """

    support_js_module_import_aggregation = True
