"""Without a domain of our own, API Gateway puts the stage before every path: the pages' links must follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.config import settings
from tests.fakes.gateway import Client
from tests.fakes.installation import Installation
from tests.unit.web.test_html import Reader

HOST = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com"
PAGES = ["/docs", "/problems", "/problems/not_found", "/problems/conflict", "/problems/none_such", "/verify"]


@pytest.fixture
def client(aws: Installation) -> Client:
    return Client()


@pytest.fixture(params=["", "/prod"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What stands before every path, as the settings have it."""
    monkeypatch.setenv("PUBLIC_URL", f"{HOST}{request.param}")
    settings.cache_clear()
    yield str(request.param)
    settings.cache_clear()


def addresses(page: str) -> set[str]:
    """All that a page leads to or asks for, save places within it."""
    named = {
        str(value)
        for _, attributes in Reader(page).tags
        for name, value in attributes.items()
        if name in {"href", "src", "action"}
    }
    return {address for address in named if not address.startswith(("#", "data:"))}


@pytest.mark.parametrize("page", PAGES)
def test_every_address_in_a_page_is_one_of_ours(client: Client, path: str, page: str) -> None:
    found = addresses(client.get(page, headers={"Accept": "text/html"}).text)
    assert found
    for address in found:
        assert address.startswith(f"{path}/"), address
        within = address.removeprefix(path)
        answer = client.post(within, json={}) if within.startswith("/v1/") else client.get(within)
        assert answer.status in {200, 422}, address


def test_the_contract_and_its_examples_name_the_whole_address(client: Client, path: str) -> None:
    assert client.get("/openapi.json").json()["servers"] == [{"url": f"{HOST}{path}"}]
    assert f"{HOST}{path}/v1/health" in Reader(client.get("/docs").text).text


def test_a_problem_names_its_page(client: Client, path: str) -> None:
    assert client.get("/v1/me").json()["type"] == f"{path}/problems/unauthenticated"
    assert f'"{path}/problems/not_found"' in Reader(client.get("/problems/not_found").text).text


def test_what_a_page_says_is_left_alone(client: Client, path: str) -> None:
    """Only attributes are addresses; what looks like one in the text is text."""
    shown = Reader(client.get("/problems/href=%22%2Fx%22").text).text
    assert 'There is no problem called href="/x".' in shown
