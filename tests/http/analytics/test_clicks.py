"""A click leads to the page that the message names, by way of a count; nothing else leads anywhere."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.core.receipts import GOOD_FOR, LENGTH
from tests.adapters.aws.faults import Faults
from tests.http.analytics.counter import Counter
from tests.journeys.shop import ORIGIN, Shop

BUTTONS = [{"action": name, "title": name, "url": f"{ORIGIN}/{name}"} for name in ("buy", "later")]


def followed(url: str) -> str:
    return url.rpartition("/c/")[2]


def test_a_click_leads_to_the_page_and_is_counted(counter: Counter) -> None:
    (told,) = counter.sent()
    answer = counter.click(followed(told["notification"]["navigate"]))
    assert (answer.status, answer.text) == (302, "")
    assert answer.headers["location"] == f"{ORIGIN}/sale" == told["page"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert counter.stats()["clicked"] == 1


def test_an_address_in_any_script_is_one_that_a_header_can_hold(counter: Counter) -> None:
    (told,) = counter.sent(url=f"{ORIGIN}/grüße/日本?a=%20b&c=d,e#f")
    location = counter.click(told["receipt"]).headers["location"]
    assert location == f"{ORIGIN}/gr%C3%BC%C3%9Fe/%E6%97%A5%E6%9C%AC?a=%20b&c=d,e#f"


def test_each_button_leads_to_its_own_page(counter: Counter) -> None:
    (told,) = counter.sent(actions=BUTTONS)
    pages = [
        counter.click(followed(action["navigate"])).headers["location"] for action in told["notification"]["actions"]
    ]
    assert pages == [f"{ORIGIN}/buy", f"{ORIGIN}/later"]
    assert counter.stats()["clicked"] == 1, "one recipient, one click"


def test_a_click_that_the_worker_reports_as_well_counts_once(counter: Counter) -> None:
    (told,) = counter.sent()
    counter.click(told["receipt"])
    assert counter.stats()["clicked"] == 1
    counter.report({"type": "clicked", "receipt": told["receipt"], "at": "2026-03-01T09:00:00Z"})
    assert counter.stats()["clicked"] == 1


_TARGETS = (
    *("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "data:text/html,x"),
    *("https:evil.example", "https://shop.example@evil.example", "\r\nLocation: https://evil.example", "..//evil"),
)
_VECTORS = (
    *_TARGETS,
    *(f"R?to={target}" for target in _TARGETS),
    *("R/https://evil.example", "R#https://evil.example", "R@evil.example", "RR", "R3", "R0", "R12", "R ", "R=", "R\0"),
    *("r", "H", "F", " ", "\u202eR", "é", "A" * 96, "." * 96),
)


@pytest.mark.parametrize("vector", _VECTORS)
def test_what_nobody_made_leads_to_a_page_for_people(counter: Counter, vector: str) -> None:
    """`R` is a good receipt, `r` the same in small letters, `H` half of it, `F` one with a letter changed."""
    assert len(_VECTORS) >= 30
    (told,) = counter.sent()
    good = told["receipt"]
    forged = good[:40] + ("A" if good[40] != "A" else "B") + good[41:]
    spoiled = {"r": good.lower(), "H": good[:48], "F": forged}.get(vector, vector.replace("R", good))
    wrong = quote(spoiled, safe="")
    answer = counter.click(wrong)
    assert answer.status == 404
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert "leads nowhere any more" in answer.text
    assert "evil" not in answer.text
    assert counter.stats()["clicked"] == 0


def test_no_query_changes_where_it_leads(counter: Counter) -> None:
    (told,) = counter.sent()
    answer = counter.shop.world.client.get(f"/c/{told['receipt']}", query={"to": "https://evil.example", "url": "x"})
    assert answer.headers["location"] == f"{ORIGIN}/sale"


def test_an_old_click_is_led_on_and_not_counted(counter: Counter) -> None:
    (told,) = counter.sent()
    counter.stats()
    counter.shop.world.clock.advance(seconds=GOOD_FOR.total_seconds())
    assert counter.click(told["receipt"]).headers["location"] == f"{ORIGIN}/sale"
    assert counter.shop.world.lambdas.waiting("events") == 0


def test_a_run_that_is_gone_leads_nowhere(counter: Counter) -> None:
    (told,) = counter.sent()
    run = told["notification"]["tag"]
    Table("sends").delete(f"C#{counter.shop.owner.tenant_id}#{run}", "RUN")
    assert counter.click(told["receipt"]).status == 404
    assert counter.shop.world.lambdas.waiting("events") == 0


def test_a_queue_that_is_down_stops_nobody(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    (told,) = counter.sent()
    with Faults() as faults:
        faults.reject("sqs.SendMessageBatch", times=4)
        assert counter.click(told["receipt"]).headers["location"] == f"{ORIGIN}/sale"
    assert "click_uncounted" in [record.msg for record in caplog.records]


def test_a_forged_click_asks_no_table(counter: Counter) -> None:
    with Faults() as faults:
        assert counter.click("A" * LENGTH).status == 404
    assert faults.calls == []


def test_a_click_asks_for_its_run_alone(counter: Counter) -> None:
    (told,) = counter.sent()
    counter.click(told["receipt"])
    with Faults() as faults:
        counter.click(told["receipt"])
    assert faults.calls == ["dynamodb.GetItem", "sqs.SendMessageBatch"]


def test_a_notification_tells_what_became_of_it_as_well(counter: Counter) -> None:
    browser = counter.shop.subscribe()
    counter.shop.world.clock.advance(seconds=1)
    sent = counter.shop.notify(subscription_ids=[browser["subscription_id"]])
    counter.shop.settle()
    (told,) = counter.shop.received()
    counter.click(told["receipt"])
    counter.shop.settle()
    shown = counter.shop.ask("GET", f"{counter.shop.notifications}/{sent['id']}")
    assert (shown["accepted"], shown["clicked"], shown["by_browser"]) == (1, 1, {"firefox": {"clicked": 1}})


def test_a_run_goes_by_either_of_its_names(counter: Counter) -> None:
    (told,) = counter.sent()
    counter.click(told["receipt"])
    run = counter.stats()["run"]
    for name in (run, run.replace("run_", "ntf_")):
        assert counter.shop.ask("GET", f"{counter.campaign}/stats?run={name}")["clicked"] == 1


def test_a_strangers_stats_stay_their_own(counter: Counter) -> None:
    (told,) = counter.sent()
    counter.click(told["receipt"])
    cyd = Shop(counter.shop.world, counter.shop.push_service, counter.shop.world.cyd).open()
    for path in (f"{counter.campaign}/stats", f"{cyd.campaigns}/{counter.campaign.rpartition('/')[2]}/stats"):
        assert counter.shop.world.client.get(path, as_=cyd.bearer).status == 404
    assert counter.shop.world.client.get(f"{counter.campaign}/stats").status == 401
