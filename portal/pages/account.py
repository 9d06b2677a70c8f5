"""Signing in and out. There is no registration: an administrator makes the accounts."""

import hashlib
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

MOST_TRIES = 10
# Of all names together: who tries one password on many accounts. An office shares one address, so there is room for many people.
MOST_TRIES_OF_AN_ADDRESS = 200
TRIES_LAST_S = 15 * 60


class Tries:
    """How often someone at an address has tried to sign in under a name, and at all, within the last quarter of an hour.

    By both, so that nobody can lock another out from elsewhere. A try counts before it is judged: many at once get no further.
    """

    def __init__(self, username: str, address: str) -> None:
        self.cache = caches["sign_in"]
        self.limits = {
            hashlib.sha256(f"{address}\n{username}".encode()).hexdigest(): MOST_TRIES,
            hashlib.sha256(address.encode()).hexdigest(): MOST_TRIES_OF_AN_ADDRESS,
        }

    def are_used_up(self) -> bool:
        return any(self.cache.get(key, 0) >= limit for key, limit in self.limits.items())

    def count(self) -> None:
        for key in self.limits:
            # incr keeps the time at which the first try of the row is forgotten.
            if not self.cache.add(key, 1, TRIES_LAST_S):
                self.cache.incr(key)

    def forget(self) -> None:
        self.cache.delete(next(iter(self.limits)))


def address_of(request: HttpRequest) -> str:
    """Where a request comes from. Behind the proxy that HTTPS=true speaks of, the last address is the one that it saw itself."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("User name and password do not match. Both are case-sensitive."),
        "inactive": _("This account is not active."),
    }
    password = forms.CharField(
        label=_("Password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if not username or not self.cleaned_data.get("password") or self.request is None:
            return self.cleaned_data
        tries = Tries(username, address_of(self.request))
        if tries.are_used_up():
            raise ValidationError(
                _("Too many tries. Wait %(minutes)d minutes, or ask the administrator for a new password."),
                code="too-many",
                params={"minutes": TRIES_LAST_S // 60},
            )
        tries.count()
        cleaned: dict[str, Any] = super().clean()
        tries.forget()
        return cleaned


class SignIn(LoginView):
    template_name = "portal/sign_in.html"
    authentication_form = SignInForm

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if form.has_error("__all__", "too-many"):
            response.status_code = 429
            response.headers["Retry-After"] = str(TRIES_LAST_S)
        return response


class SignOut(LogoutView):
    """By POST only, so that no picture on another page can sign a reader out."""
