"""Every HTML address of the portal on one page; the REST API's are in portal/api.py."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
