"""The office of a school of the demo district, signed in."""

import pytest
from django.test import Client

from smartschool.contexts.identity.tests.account_pages import signed_in


@pytest.fixture
def office(fresh_database: str) -> Client:
    return signed_in("dt-hejing")
