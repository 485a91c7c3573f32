import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.console.exchange import Answer, Request
from infra.local.console.routes import Console
from tests.adapters.console.fake_product import FakeProduct, an_empty_one, in_full_swing
from tests.adapters.console.sick_sites import BLOG, SHOP, with_sites

HEADERS = {"host": "127.0.0.1:8000", "content-type": "application/json"}


@pytest.fixture
def product() -> FakeProduct:
    return in_full_swing()


@pytest.fixture
def console(product: FakeProduct) -> Console:
    return Console(product, port=8000)


def get(console: Console, path: str, **query: str) -> Answer:
    return console.answer(Request(method="GET", path=path, query=query, headers=HEADERS))


def post(console: Console, path: str, body: object) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return console.answer(Request(method="POST", path=path, headers=HEADERS, body=raw))


def read(answer: Answer) -> Any:
    return json.loads(answer.body)


def problem(answer: Answer) -> Mapping[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = read(answer)
    assert found["status"] == answer.status
    assert found["instance"].startswith("req_")
    return found


# --- What is whose ---


@pytest.mark.parametrize("path", ["/", "/local", "/local/state", "/local/anything/at/all"])
def test_the_console_knows_its_own_paths(path: str) -> None:
    assert Console.concerns(path)


@pytest.mark.parametrize("path", ["/v1/health", "/docs", "/locals", "/localhost", "//", "", "/index.html"])
def test_all_others_are_the_apps(path: str) -> None:
    assert not Console.concerns(path)


@pytest.mark.parametrize("path", ["/local", "/local/", "/local/nothing", "/local/state/"])
def test_an_unknown_path_is_a_problem(console: Console, path: str) -> None:
    assert problem(get(console, path))["code"] == "not_found"


def test_a_method_that_means_nothing_names_those_that_do(console: Console) -> None:
    answer = get(console, "/local/clock/advance")
    assert problem(answer)["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "POST"


def test_the_page_takes_no_posts(console: Console) -> None:
    assert post(console, "/", {}).status == 405


# --- Outbox ---


def test_the_outbox_shows_every_mail_oldest_first(console: Console) -> None:
    assert [mail["to"] for mail in read(get(console, "/local/outbox"))["data"]] == [
        "ada@example.com",
        "grace@example.com",
    ]


def test_the_outbox_shows_one_persons_mail(console: Console) -> None:
    (mail,) = read(get(console, "/local/outbox", to="grace@example.com"))["data"]
    assert mail["subject"] == "Confirm your e-mail address"
    assert mail["links"] == ["http://127.0.0.1:8000/verify?token=vt_3Jf8Qm2Zt7Lr0XcVbNwEa"]
    assert {"to", "subject", "text", "links"} <= mail.keys()


def test_nobodys_outbox_is_empty(console: Console) -> None:
    assert read(get(console, "/local/outbox", to="nobody@example.com")) == {"data": []}


@pytest.mark.parametrize("query", [{"to": ""}, {"to": "a" * 321}, {"from": "x"}])
def test_the_outbox_refuses_what_it_does_not_know(console: Console, query: dict[str, str]) -> None:
    assert problem(get(console, "/local/outbox", **query))["code"] == "invalid"


# --- Received ---


def test_what_one_run_brought_is_shown_decrypted(console: Console, product: FakeProduct) -> None:
    run = product.launched[0]
    data = read(get(console, "/local/received", run=run.id))["data"]
    assert len(data) == 951
    assert {one["payload"]["notification"]["tag"] for one in data} == {run.id}
    assert len({one["subscription_id"] for one in data}) == 951
    assert {"subscription_id", "payload", "at"} <= data[0].keys()


def test_a_run_nobody_knows_has_brought_nothing(console: Console) -> None:
    assert read(get(console, "/local/received", run="run_" + "0" * 26)) == {"data": []}


@pytest.mark.parametrize("run", ["", "x", "run_", "run_" + "U" * 26, "cmp_" + "0" * 26, "run_" + "0" * 26 + "\n"])
def test_what_is_no_run_is_refused(console: Console, run: str) -> None:
    assert problem(get(console, "/local/received", run=run))["code"] == "invalid"


# --- The clock ---


def test_the_clock_moves(console: Console, product: FakeProduct) -> None:
    assert post(console, "/local/clock/advance", {"seconds": 86_400}).status == 200
    assert product.lead_seconds == 86_400


def test_the_furthest_step_is_31_days(console: Console, product: FakeProduct) -> None:
    assert post(console, "/local/clock/advance", {"seconds": 31 * 86_400}).status == 200
    assert post(console, "/local/clock/advance", {"seconds": 31 * 86_400 + 1}).status == 422
    assert product.lead_seconds == 31 * 86_400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seconds": 0},
        {"seconds": -60},
        {"seconds": "60"},
        {"seconds": 1.5},
        {"seconds": True},
        {"seconds": None},
        {"seconds": [60]},
        {"seconds": 60, "minutes": 1},
    ],
)
def test_the_clock_refuses_what_is_no_step(console: Console, product: FakeProduct, body: object) -> None:
    found = problem(post(console, "/local/clock/advance", body))
    assert found["code"] == "invalid"
    assert found["errors"]
    assert product.lead_seconds == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"60",
        b"[]",
        b"{",
        b"null",
        b"\xff\xfe",
        b'{"seconds":NaN}',
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
    ],
)
def test_what_cannot_be_read_is_400(console: Console, body: bytes) -> None:
    assert problem(post(console, "/local/clock/advance", body))["code"] == "unreadable_body"


def test_a_giant_body_is_413(console: Console) -> None:
    assert (
        problem(post(console, "/local/clock/advance", b'{"seconds":' + b" " * 300_000 + b"1}"))["code"] == "too_large"
    )


# --- The push service's mood ---


def test_rules_reach_the_push_service(console: Console, product: FakeProduct) -> None:
    answer = post(console, "/local/push-service/rules", {"rules": [{"answer": {"status": 503}}], "label": "down"})
    assert read(answer) == {"label": "down", "until": None}
    assert len(product.rules) == 1
    post(console, "/local/push-service/rules", {"rules": []})
    assert len(product.rules) == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rules": {}},
        {"rules": "x"},
        {"rules": [1]},
        {"rules": [{}]},
        {"rules": [{"answer": {"status": 99}}]},
        {"rules": [{"match": {"host": "evil.example"}, "answer": {"status": 503}}]},
        {"rules": [], "for_seconds": 0},
        {"rules": [], "label": "x" * 81},
        {"rules": [], "more": 1},
    ],
)
def test_wrong_rules_change_nothing(console: Console, product: FakeProduct, body: object) -> None:
    post(console, "/local/push-service/rules", {"rules": [{"answer": {"status": 503}}]})
    found = problem(post(console, "/local/push-service/rules", body))
    assert found["code"] == "invalid"
    assert len(product.rules) == 1


def test_a_wrong_rule_is_named(console: Console) -> None:
    rules = [{"answer": {"status": 503}}, {"answer": {"status": 99}}]
    found = problem(post(console, "/local/push-service/rules", {"rules": rules}))
    assert found["detail"].startswith("rule 1:")
    assert found["errors"][0]["pointer"] == "/rules"


# --- A campaign ---


def test_a_campaign_is_sent(console: Console, product: FakeProduct) -> None:
    answer = post(console, "/local/campaigns", {"title": "  Hello  ", "body": "World"})
    assert answer.status == 202
    assert read(answer) == {"run": product.launched[-1].id}
    assert product.launched[-1].title == "Hello"


@pytest.mark.parametrize(
    "body",
    [{}, {"title": ""}, {"title": "   "}, {"title": "x" * 201}, {"title": 1}, {"title": "a", "body": "x" * 2_001}],
)
def test_a_campaign_without_a_fitting_title_is_refused(console: Console, product: FakeProduct, body: object) -> None:
    count = len(product.launched)
    assert problem(post(console, "/local/campaigns", body))["code"] == "invalid"
    assert len(product.launched) == count


def test_what_the_product_refuses_is_told_as_it_says(console: Console, product: FakeProduct) -> None:
    product.is_down = True
    answer = post(console, "/local/campaigns", {"title": "Hello"})
    assert problem(answer)["code"] == "unavailable"


# --- State ---


def state(console: Console, since: str | None = None) -> Any:
    answer = get(console, "/local/state", **({"since": since} if since else {}))
    assert answer.status == 200, answer.body
    return read(answer)


def test_the_first_state_tells_everything(console: Console, product: FakeProduct) -> None:
    first = state(console)
    assert first["fresh"]
    assert first["welcome"]["api_key"] == product.welcome().api_key
    assert len(first["welcome"]["curl_lines"]) == 3
    assert first["real_push"] is False
    assert first["presets"]
    assert len(first["runs"]) == 4
    assert len(first["arrivals"]) == 40
    assert len(first["mails"]) == 2
    assert len(first["log"]) == 6
    for run in first["runs"]:
        parts = ("accepted", "gone", "failed", "skipped", "expired", "pending")
        assert sum(run[part] for part in parts) == run["audience"]


def test_the_next_state_tells_only_what_is_new(console: Console, product: FakeProduct) -> None:
    product.advance(seconds=3_600)  # so that no run is under way
    first = state(console)
    second = state(console, first["cursor"])
    assert not second["fresh"]
    assert "welcome" not in second
    assert (second["arrivals"], second["mails"], second["log"]) == ([], [], [])
    product.mail("new@example.com", "Hello", "Hello")
    product.log("INFO", "test", "something happened")
    product.run("Another", age=product.lead, audience=3)
    third = state(console, second["cursor"])
    assert [mail["to"] for mail in third["mails"]] == ["new@example.com"]
    assert [line["text"] for line in third["log"]] == ["something happened"]
    assert len(third["arrivals"]) == 3


def test_another_processs_cursor_starts_afresh(console: Console) -> None:
    before = state(Console(an_empty_one(), port=8000))["cursor"]
    assert state(console, before)["fresh"]


@pytest.mark.parametrize("since", ["x", "0-0-0-0", "0123456789ab-1-2", "0123456789ab-1-2-x", "0123456789ab" + "-9" * 4])
def test_a_cursor_nobody_gave_out_is_refused(console: Console, since: str) -> None:
    assert problem(get(console, "/local/state", since=since))["code"] == "invalid"


def test_a_product_nobody_has_used_has_a_state_too() -> None:
    first = state(Console(an_empty_one(), port=8000))
    assert (first["runs"], first["arrivals"], first["mails"], first["log"]) == ([], [], [], [])


# --- The doctor ---


def test_sites_are_named_and_looked_over() -> None:
    product = with_sites()
    console = Console(product, port=8000)
    names = read(get(console, "/local/sites"))["data"]
    assert [name["name"] for name in names[:2]] == ["Shop", "Blog"]
    found = read(get(console, "/local/check", tenant=names[0]["tenant_id"], site=SHOP))
    assert (found["ok"], len(found["findings"])) == (False, 12)
    assert {"id", "status", "detail", "fix", "seen_at"} == set(found["findings"][0])
    assert read(get(console, "/local/check", tenant=names[0]["tenant_id"], site=BLOG))["ok"]


def test_an_unknown_site_is_not_looked_at(console: Console, product: FakeProduct) -> None:
    wanted = {"tenant": "ten_" + "0" * 26, "site": "site_" + "0" * 26}
    assert get(console, "/local/check", **wanted).status == 404
    for query in ({}, {"tenant": "x", "site": "y"}, {"site": wanted["site"]}, wanted | {"more": "x"}):
        assert problem(get(console, "/local/check", **query))["status"] == 422
    assert post(console, "/local/check", wanted).status == 405
    assert product.looked == []
