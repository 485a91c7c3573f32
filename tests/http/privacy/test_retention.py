"""How long things are kept: by default as long as the tables do, else as the account says, and every night."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from chalicelib.core.clock import from_milliseconds
from chalicelib.core.errors import Unavailable
from chalicelib.features.privacy.store import sites
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.journeys.shop import Shop
from tests.world import PASSWORD

_PATH = "/v1/tenant/retention"
_DEFAULTS = {"ended_subscriptions_days": 30, "unseen_subscriptions_days": None, "campaign_runs_days": 400}


def _say(shop: Shop, **terms: Any) -> HttpAnswer:
    given = {"email": shop.owner.email, "password": PASSWORD}
    token = shop.world.client.post("/v1/auth/login", json=given).json()["access_token"]
    return shop.world.client.put(_PATH, as_=token, json=terms)


def _night(shop: Shop) -> None:
    """To the minute of the round, wherever it stands."""
    (at,) = _rounds(shop)
    shop.go_to(at)
    shop.world.lambdas.fire("tick")
    shop.settle()


def _rounds(shop: Shop) -> list[datetime]:
    planned = [row["sk"] for row in shop.world.aws.rows("due") if row["sk"].startswith("retention#")]
    return [from_milliseconds(int(sk.rsplit("#", 1)[1])) for sk in planned]


def test_it_is_shown_said_and_written_down(shop: Shop) -> None:
    assert shop.world.client.get(_PATH, as_=shop.owner).json() == _DEFAULTS
    said = {"ended_subscriptions_days": 7, "unseen_subscriptions_days": 365, "campaign_runs_days": 90}
    assert _say(shop, **said).json() == said
    assert shop.world.client.get(_PATH, as_=shop.owner).json() == said
    assert _say(shop).json() == _DEFAULTS
    entries = shop.ask("GET", "/v1/audit-log")["data"]
    facts = [entry["facts"] for entry in entries if entry["action"] == "tenant.retention_changed"]
    assert facts[-1] == said


@pytest.mark.parametrize(
    "terms",
    [
        {"ended_subscriptions_days": 0},
        {"ended_subscriptions_days": 31},
        {"unseen_subscriptions_days": 29},
        {"unseen_subscriptions_days": 3651},
        {"campaign_runs_days": 29},
        {"campaign_runs_days": 401},
        {"campaign_runs_days": "many"},
        {"audit_log_days": 30},
    ],
)
def test_what_is_out_of_bounds_is_invalid(shop: Shop, terms: dict[str, Any]) -> None:
    assert _say(shop, **terms).status == 422


def test_only_who_may_erase_says_it(shop: Shop) -> None:
    for method in ("GET", "PUT"):
        assert shop.world.client.request(method, _PATH, as_=shop.world.ben, json=None).status == 403
        assert shop.world.client.request(method, _PATH, as_=shop.bearer).status == 403


def test_who_has_left_long_ago_goes_and_the_others_stay(shop: Shop) -> None:
    left, stays = shop.subscribe(), shop.subscribe()
    shop.ask("DELETE", f"{shop.audience}/{left['subscription_id']}", expect=204)
    assert _say(shop, ended_subscriptions_days=2).status == 200
    _night(shop)
    assert len(shop.world.aws.rows("subs")) == 2
    for _ in range(2):
        _night(shop)
    assert [f"sub_{row['sk']}" for row in shop.world.aws.rows("subs")] == [stays["subscription_id"]]


def test_whom_no_page_has_seen_for_long_goes(shop: Shop) -> None:
    shop.gather(3)
    shop.world.clock.advance(minutes=29 * 24 * 60)
    fresh = shop.subscribe()
    assert _say(shop, unseen_subscriptions_days=30).status == 200
    for _ in range(3):
        _night(shop)
    assert [f"sub_{row['sk']}" for row in shop.world.aws.rows("subs")] == [fresh["subscription_id"]]


@pytest.mark.parametrize("events_a_portion", [5_000, 2])
def test_records_of_old_campaigns_go_and_the_campaign_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, events_a_portion: int
) -> None:
    monkeypatch.setattr(sites, "EVENTS_A_PORTION", events_a_portion)
    shop.gather(9)
    campaign = shop.draft()
    run = shop.send(campaign)
    shop.settle()
    shop.react()
    assert len(shop.world.aws.rows("events")) > 9
    shop.world.clock.advance(minutes=31 * 24 * 60)
    _say(shop, campaign_runs_days=30)
    _night(shop)
    assert [row for row in shop.world.aws.rows() if run in row["pk"] + row["sk"]] == []
    assert shop.ask("GET", campaign)["status"] == "sent"


def test_a_round_that_dies_is_gone_on_with_and_the_next_is_planned(shop: Shop) -> None:
    left = shop.subscribe()
    shop.ask("DELETE", f"{shop.audience}/{left['subscription_id']}", expect=204)
    shop.world.clock.advance(minutes=3 * 24 * 60)
    _say(shop, ended_subscriptions_days=2)
    (at,) = _rounds(shop)
    shop.go_to(at)
    shop.world.lambdas.fire("tick")
    (body,) = shop.world.lambdas.bodies("privacy")
    with Faults() as faults:
        faults.reject("dynamodb.DeleteItem", times=9)
        with pytest.raises(Unavailable):
            shop.world.lambdas.deliver("privacy", body)
    shop.world.aws.purge("privacy")  # and with it the wake-up of the round's job
    assert len(_rounds(shop)) == 2  # today's, which comes again, and tomorrow's
    shop.pass_time(minutes=1)
    assert shop.world.aws.rows("subs") == []
    assert len(_rounds(shop)) == 1


def test_the_defaults_need_no_round(shop: Shop) -> None:
    _say(shop, ended_subscriptions_days=3)
    _say(shop)
    _night(shop)
    assert _rounds(shop) == []


def test_a_session_that_was_left_open_changes_nothing(shop: Shop) -> None:
    """Thirty days for unseen browsers can be most of an audience."""
    shop.world.clock.advance(minutes=11)
    again = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": shop.owner.refresh_token}).json()
    asked = {"unseen_subscriptions_days": 30}
    answer = shop.world.client.put("/v1/tenant/retention", as_=again["access_token"], json=asked)
    assert answer.json()["code"] == "step_up_required"
