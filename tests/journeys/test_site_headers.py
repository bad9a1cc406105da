"""What the real server sends with a page and with a static file."""

from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.journey


def get(address: str, path: str) -> tuple[HTTPResponse, bytes]:
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=20)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
    response = connection.getresponse()
    return response, response.read()


def test_a_page_is_packed_never_stored_and_closed_to_foreign_code(site: str) -> None:
    response, body = get(site, "/login/")
    assert response.status == 200
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert len(body) < 12_000


def test_a_missing_page_is_the_same_for_everybody(site: str) -> None:
    response, body = get(site, "/nowhere/")
    assert response.status == 404
    assert response.headers["Cache-Control"] == "no-store"
    assert body
