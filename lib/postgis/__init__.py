"""GeoDjango's PostGIS backend with a health check that asks no question (settings: DATABASES, ENGINE)."""
