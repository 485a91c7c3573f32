"""A site that does not wait for ever: whom it would end is told beforehand, the nights end them, a visit brings them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.gateway import HttpAnswer
from tests.http.privacy.deaths import dies
from tests.http.privacy.test_retention import _rounds
from tests.journeys.shop import ORIGIN, Shop


def _say(shop: Shop, days: int | None) -> HttpAnswer:
    return shop.world.client.patch(f"/v1/sites/{shop.site['id']}", as_=shop.bearer, json={"sunset_after_days": days})


def _health(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.ask("GET", f"/v1/sites/{shop.site['id']}/health")
    return found


def _pass_days(shop: Shop, days: int) -> None:
    """On which nothing was due."""
    shop.go_to(shop.world.clock.now() + timedelta(days=days))


def _night(shop: Shop) -> None:
    """To the minute of the round, wherever it stands."""
    (at,) = _rounds(shop)
    shop.go_to(at)
    shop.world.lambdas.fire("tick")
    shop.settle()


def _states(shop: Shop) -> dict[str, tuple[str, str | None]]:
    rows = shop.ask("GET", shop.audience)["data"]
    return {row["id"]: (row["status"], row["reason"]) for row in rows}


def test_it_is_said_shown_called_off_and_written_down(shop: Shop) -> None:
    site = f"/v1/sites/{shop.site['id']}"
    assert shop.ask("GET", site)["sunset_after_days"] is None
    assert _say(shop, 90).json()["sunset_after_days"] == 90
    shop.ask("PATCH", site, json={"name": "Shop"})
    assert shop.ask("GET", site)["sunset_after_days"] == 90
    assert _say(shop, None).json()["sunset_after_days"] is None
    entries = shop.ask("GET", "/v1/audit-log")["data"]
    facts = [entry["facts"] for entry in entries if entry["action"] == "site.changed"]
    assert {"sunset_after_days": 90} in facts


@pytest.mark.parametrize("days", [0, 29, 401, "90", 90.5, True])
def test_what_is_out_of_bounds_is_invalid(shop: Shop, days: Any) -> None:
    answer = _say(shop, days)
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (422, "/sunset_after_days")


def test_nobody_but_who_may_change_the_site_says_it(shop: Shop) -> None:
    path = f"/v1/sites/{shop.site['id']}"
    for who, status in ((shop.world.ben, 403), (shop.world.cyd, 404), (None, 401)):
        answer = shop.world.client.patch(path, as_=who, json={"sunset_after_days": 90})
        assert answer.status == status


def test_whom_it_would_end_is_told_and_then_they_end(shop: Shop) -> None:
    shop.gather(3)
    _pass_days(shop, 100)
    fresh = shop.subscribe()
    assert _health(shop)["sunset_due"] == 0
    _say(shop, 90)
    told = _health(shop)
    assert (told["sunset_after_days"], told["sunset_due"], told["subscribers"]) == (90, 3, 4)
    _night(shop)
    states = _states(shop)
    assert sorted(states.values()) == [("active", None)] + [("ended", "sunset")] * 3
    assert states[fresh["subscription_id"]] == ("active", None)
    told = _health(shop)
    assert (told["sunset_due"], told["subscribers"], told["reachable"]) == (0, 1, 1)
    shop.settle()
    (entry,) = [each for each in shop.ask("GET", "/v1/audit-log")["data"] if each["action"] == "subscriptions.sunset"]
    assert (entry["subject"], entry["facts"]) == (shop.site["id"], {"ended": 3, "after_days": 90})


def test_a_visit_brings_them_back_with_all_they_had(shop: Shop) -> None:
    made = shop.subscribe(tags=["sale"])
    subscription = {"endpoint": made["endpoint"], "keys": made["keys"]}
    before = shop.ask("GET", f"{shop.audience}/{made['subscription_id']}")
    _pass_days(shop, 100)
    _say(shop, 90)
    _night(shop)
    sdk = f"/v1/sdk/{shop.site['site_key']}/subscriptions"
    headers = {"Origin": ORIGIN, "X-Subscription-Token": made["token"]}
    refused = shop.ask("PATCH", f"{sdk}/{made['subscription_id']}", json={}, headers=headers, as_=None, expect=409)
    assert (refused["code"], refused["ended_reason"]) == ("subscription_ended", "sunset")
    shop.ask("POST", sdk, json={"subscription": subscription}, headers=headers, as_=None, expect=200)
    after = shop.ask("GET", f"{shop.audience}/{made['subscription_id']}")
    assert (after["status"], after["tags"], after["created_at"]) == ("active", ["sale"], before["created_at"])
    assert after["active_since"] > before["active_since"]


def test_the_nights_go_on_while_a_site_says_so(shop: Shop) -> None:
    _say(shop, 30)
    shop.gather(2)
    for _ in range(2):
        _night(shop)
    assert len(_rounds(shop)) == 1
    _say(shop, None)
    _night(shop)
    assert _rounds(shop) == []
    assert {state for state, _ in _states(shop).values()} == {"active"}


def test_a_round_that_is_beginning_is_not_taken_for_the_one_that_was_promised(shop: Shop) -> None:
    """It may have seen already that nobody needs it."""
    _say(shop, 30)
    (night,) = _rounds(shop)
    _say(shop, None)
    shop.go_to(night - timedelta(minutes=10))
    _say(shop, 30)
    assert _rounds(shop) == [night, night + timedelta(days=1)]


def test_a_round_may_die_at_every_call_and_ends_each_once(shop: Shop) -> None:
    shop.gather(2)
    _pass_days(shop, 100)
    _say(shop, 90)
    (at,) = _rounds(shop)
    shop.go_to(at)
    shop.world.lambdas.fire("tick")
    (body,) = shop.world.lambdas.bodies("privacy")
    for after in range(200):
        if not dies(shop, body, after=after, done=bool(after % 2)):
            break
    else:
        pytest.fail("it never comes to its end")
    shop.pass_time(minutes=2)
    assert set(_states(shop).values()) == {("ended", "sunset")}
    ended = [row["rev"] for row in shop.world.aws.rows("subs")]
    assert ended == [2, 2]
    assert len(_rounds(shop)) == 1
