from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from tests.dom import Element, parse

Page = Callable[..., Element]


@pytest.fixture
def page(client: Client) -> Page:
    """Opens an address that must answer 200, in Chinese unless told."""

    def opened(address: str, language: str = "zh-hans") -> Element:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        response = client.get(address)
        assert response.status_code == 200, address
        return parse(response.content.decode())

    return opened
