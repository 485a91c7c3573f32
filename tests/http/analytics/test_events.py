"""What browsers report: believed by receipt, each event for itself, counted once, shown in the stats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.core.receipts import GOOD_FOR
from tests.adapters.aws.faults import Faults
from tests.fakes.installation import Installation
from tests.http.analytics.counter import Counter, displayed
from tests.journeys.shop import ORIGIN, Shop


def test_a_report_is_taken_and_shows_in_the_stats(counter: Counter) -> None:
    told = counter.sent(3)
    answer = counter.report(*map(displayed, told))
    assert (answer.status, answer.json()) == (202, {"taken": 3, "refused": []})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    stats = counter.stats()
    assert (stats["displayed"], stats["clicked"], stats["dismissed"]) == (3, 0, 0)
    assert stats["by_browser"] == {"firefox": {"displayed": 3}}
    assert sum(hour["displayed"] for hour in stats["by_hour"].values()) == 3
    assert stats["by_variant"] == {}


def test_what_is_told_again_counts_once(counter: Counter) -> None:
    (told,) = counter.sent()
    for _ in range(3):
        assert counter.report(displayed(told), displayed(told)).json()["taken"] == 2
        assert counter.stats()["displayed"] == 1


def test_each_event_is_judged_for_itself(counter: Counter) -> None:
    told, other = counter.sent(2)
    forged = told["receipt"][:-1] + ("A" if told["receipt"][-1] != "A" else "B")
    answer = counter.report(
        displayed(told),
        displayed(told, receipt=forged),
        displayed(told, receipt=told["receipt"][:48]),
        displayed(told, type="opened"),
        displayed(told, type="converted", value="much"),
        displayed(told, at="soon"),
        {},
        {"type": "clicked", "receipt": other["receipt"], "novel": {"what": "ever"}},
    )
    assert answer.status == 202
    assert answer.json() == {
        "taken": 2,
        "refused": [
            {"place": 1, "code": "bad_receipt"},
            {"place": 2, "code": "bad_receipt"},
            {"place": 3, "code": "unknown_type"},
            {"place": 4, "code": "bad_value"},
            {"place": 5, "code": "bad_instant"},
            {"place": 6, "code": "unknown_type"},
        ],
    }
    stats = counter.stats()
    assert (stats["displayed"], stats["clicked"], stats["converted"]) == (1, 1, 0)


@pytest.mark.parametrize("said", [None, 5, "displayed", [], [[]], True, {}])
def test_what_is_no_event_takes_no_other_with_it(counter: Counter, said: Any) -> None:
    (told,) = counter.sent()
    answer = counter.report(said, displayed(told))
    assert answer.json() == {"taken": 1, "refused": [{"place": 0, "code": "unknown_type"}]}


def test_a_hundred_events_with_all_that_an_event_has_are_taken(counter: Counter) -> None:
    told = counter.sent(20)
    kinds = ("displayed", "clicked", "dismissed", "unsubscribed", "converted")
    answer = counter.report(*(displayed(one, type=kind, value=39.9) for one in told for kind in kinds))
    assert answer.json() == {"taken": 100, "refused": []}
    assert counter.stats()["converted"] == 20


def test_a_receipt_that_is_too_old_is_refused(counter: Counter) -> None:
    (told,) = counter.sent()
    counter.shop.world.clock.advance(seconds=GOOD_FOR.total_seconds())
    assert counter.report(displayed(told)).json() == {"taken": 0, "refused": [{"place": 0, "code": "receipt_expired"}]}


def test_another_tenants_receipt_is_none(counter: Counter) -> None:
    (told,) = counter.sent()
    cyd = Shop(counter.shop.world, counter.shop.push_service, counter.shop.world.cyd).open()
    answer = counter.report(displayed(told), site_key=cyd.site["site_key"])
    assert answer.json() == {"taken": 0, "refused": [{"place": 0, "code": "bad_receipt"}]}
    assert counter.stats()["displayed"] == 0


def test_conversions_are_worth_something(counter: Counter) -> None:
    told = counter.sent(2)
    counter.report(*(displayed(one, type="converted", value=39.9) for one in told))
    stats = counter.stats()
    assert (stats["converted"], stats["converted_value"]) == (2, 79.8)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"events": []}, 422),
        ({"events": [{}] * 101}, 422),
        ({"events": None}, 422),
        ({"events": "displayed"}, 422),
        ({}, 422),
        ([], 400),
        ({"events": [], "more": 1}, 422),
    ],
)
def test_what_is_no_report_is_refused_whole(counter: Counter, body: Any, status: int) -> None:
    path = f"/v1/sdk/{counter.shop.site['site_key']}/events"
    answer = counter.shop.world.client.post(path, json=body, headers={"Origin": ORIGIN})
    assert answer.status == status, answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_half_a_report_is_refused_whole(counter: Counter) -> None:
    path = f"/v1/sdk/{counter.shop.site['site_key']}/events"
    body = json.dumps({"events": [displayed({"receipt": "x"})]})[:-20]
    headers = {"Origin": ORIGIN, "Content-Type": "application/json"}
    assert counter.shop.world.client.request("POST", path, body=body, headers=headers).status == 400


def test_a_hundred_events_are_taken(counter: Counter) -> None:
    (told,) = counter.sent()
    assert counter.report(*[displayed(told)] * 100).json()["taken"] == 100
    assert counter.stats()["displayed"] == 1


@pytest.mark.parametrize(
    ("headers", "site_key", "status"),
    [
        ({"Origin": "https://evil.example"}, "", 403),
        ({"Accept": "*/*"}, "", 403),
        ({"Origin": ORIGIN}, "pk_" + "0" * 32, 404),
    ],
    ids=["a strange origin", "no origin", "a strange key"],
)
def test_strangers_report_nothing(counter: Counter, headers: dict[str, str], site_key: str, status: int) -> None:
    (told,) = counter.sent()
    assert counter.report(displayed(told), headers=headers, site_key=site_key).status == status
    assert counter.stats()["displayed"] == 0


def test_a_report_that_is_refused_is_told_to_who_looks_the_site_over_and_no_other(counter: Counter) -> None:
    """That one arrives is no sign of the SDK on a page: the worker that tells it stays when the tag has gone."""
    (told,) = counter.sent()

    def noted() -> list[Any]:
        return [row for row in counter.shop.world.aws.rows("core") if row["sk"].startswith("SEEN#")]

    counter.report(displayed(told))
    assert noted() == []
    counter.report(displayed(told), headers={"Origin": "https://evil.example"})
    (row,) = noted()
    assert row["seen"] == {}
    assert [(each["what"], each["code"]) for each in row["refusals"]] == [("events", "origin_not_allowed")]


def test_a_preflight_is_answered(counter: Counter) -> None:
    path = f"/v1/sdk/{counter.shop.site['site_key']}/events"
    answer = counter.shop.world.client.request("OPTIONS", path, headers={"Origin": ORIGIN})
    assert answer.status == 204
    assert answer.headers["access-control-allow-methods"] == "OPTIONS, POST"
    assert "Content-Type" in answer.headers["access-control-allow-headers"]


def test_a_queue_that_is_down_is_told_so_that_it_is_told_again(counter: Counter) -> None:
    (told,) = counter.sent()
    with Faults() as faults:
        faults.reject("sqs.SendMessageBatch", times=4)
        assert counter.report(displayed(told)).status == 503
    assert counter.report(displayed(told)).status == 202
    assert counter.stats()["displayed"] == 1


def test_a_report_asks_the_store_for_its_site_alone(counter: Counter) -> None:
    told = counter.sent(3)
    counter.report(displayed(told[0]))
    with Faults() as faults:
        counter.report(*map(displayed, told))
    assert [call for call in faults.calls if call.startswith("dynamodb.")] == ["dynamodb.GetItem"]
    assert faults.calls.count("sqs.SendMessageBatch") == 1


def test_neither_logs_nor_rows_have_the_receipt_or_the_subscription(
    counter: Counter, aws: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    (told,) = counter.sent()
    (subscription,) = counter.shop.ask("GET", counter.shop.audience)["data"]
    counter.report(displayed(told))
    counter.click(told["receipt"])
    counter.stats()
    logs = capsys.readouterr().out
    kept = json.dumps(aws.rows("events"), default=lambda raw: raw.hex())
    for secret in (told["receipt"], subscription["id"].removeprefix("sub_")):
        assert secret not in logs
        assert secret not in kept


def test_a_sign_of_life_is_noted_of_who_was_not_seen_for_a_week(counter: Counter) -> None:
    counter.shop.gather(1)
    clock = counter.shop.world.clock
    clock.advance(days=9)
    (told,) = counter.sent(0)
    clock.advance(hours=1)
    counter.report(displayed(told, at=clock.now().isoformat()))
    counter.stats()
    (subscription,) = counter.shop.ask("GET", counter.shop.audience)["data"]
    assert subscription["last_seen_at"] == clock.now().isoformat().replace("+00:00", "Z")
