import json

import pytest

from infra.local.console.exchange import Request
from infra.local.console.routes import Console
from tests.adapters.console.fake_product import FakeProduct, an_empty_one

OURS = {"host": "127.0.0.1:8000"}
JSON = {"content-type": "application/json"}


@pytest.fixture
def product() -> FakeProduct:
    return an_empty_one()


@pytest.fixture
def console(product: FakeProduct) -> Console:
    return Console(product, port=8000)


def advance(console: Console, headers: dict[str, str]) -> int:
    body = json.dumps({"seconds": 60}).encode()
    return console.answer(Request(method="POST", path="/local/clock/advance", headers=headers, body=body)).status


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000"])
def test_a_shell_on_this_machine_is_answered(console: Console, host: str) -> None:
    assert console.answer(Request(method="GET", path="/local/state", headers={"host": host})).status == 200
    assert advance(console, {"host": host, **JSON}) == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "127.0.0.1",
        "127.0.0.1:9000",
        "127.0.0.1.evil.example:8000",
        "0.0.0.0:8000",
    ],
)
def test_another_name_for_this_machine_is_refused(console: Console, host: str) -> None:
    for path in ("/", "/local/state", "/local/worker.js"):
        answer = console.answer(Request(method="GET", path=path, headers={"host": host}))
        assert answer.status == 403
        assert b"ps_live_" not in answer.body


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8000"},  # the page was loaded from the other name
        {"origin": "https://127.0.0.1:8000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of this machine
    ],
)
def test_a_page_of_another_site_is_refused(console: Console, product: FakeProduct, headers: dict[str, str]) -> None:
    before = product.lead_seconds
    assert advance(console, {**OURS, **JSON, **headers}) == 403
    assert product.lead_seconds == before
    assert console.answer(Request(method="GET", path="/local/state", headers={**OURS, **headers})).status == 403


def test_a_link_from_elsewhere_may_lead_here(console: Console) -> None:
    headers = {**OURS, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert console.answer(Request(method="GET", path="/", headers=headers)).status == 200


def test_a_form_that_navigates_here_is_refused(console: Console) -> None:
    headers = {**OURS, **JSON, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert advance(console, headers) == 403


def test_our_own_page_is_answered(console: Console) -> None:
    assert advance(console, {**OURS, **JSON, "origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}) == 200


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", "json"]
)
def test_only_json_is_listened_to(console: Console, content_type: str) -> None:
    """Anything else a page can post to another site without being asked first."""
    assert advance(console, {**OURS, "content-type": content_type}) == 415


def test_json_may_name_its_charset(console: Console) -> None:
    assert advance(console, {**OURS, "content-type": "Application/JSON; charset=utf-8"}) == 200


def test_no_answer_grants_anything_to_another_origin(console: Console) -> None:
    answer = console.answer(Request(method="GET", path="/local/state", headers=OURS))
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_preflight_is_refused(console: Console) -> None:
    headers = {**OURS, "origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = console.answer(Request(method="OPTIONS", path="/local/clock/advance", headers=headers))
    assert answer.status == 403
