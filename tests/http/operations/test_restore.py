"""Bringing back over HTTP whom a push service ended by mistake."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.features.subscriptions.model import read_browser
from chalicelib.features.subscriptions.wiring import audience, subscriptions
from infra.local.push_service.service import PushService
from tests.http.campaigns.desk import pointers
from tests.http.operations.house import House


@pytest.fixture
def path(house: House) -> str:
    return f"{house.site}/subscriptions/restore"


def ended(house: House, number: int, *, reason: str = "gone") -> str:
    tenant_id, site_id, now = house.desk.owner.tenant_id, house.desk.site_id, house.world.clock.now()
    made = PushService.simulated(1, number)
    browser = read_browser(endpoint=made["endpoint"], **made["keys"])
    row = subscriptions().subscribe(tenant_id=tenant_id, site_id=site_id, browser=browser, now=now).subscription
    assert audience().bury(tenant_id, site_id, key=row.key, active_since=row.active_since, reason=reason, at=now)
    return row.id


def this_hour(house: House, **words: Any) -> dict[str, Any]:
    return {"ended_from": house.desk.at(hours=-1), "ended_until": house.desk.at(minutes=1), **words}


def status(house: House, subscription_id: str) -> str:
    path = f"/v1/sites/{house.desk.site_id}/subscriptions/{subscription_id}"
    return str(house.world.client.get(path, as_=house.desk.owner).json()["status"])


def test_who_was_called_gone_is_brought_back_and_counted(house: House, path: str) -> None:
    gone = [ended(house, number) for number in range(3)]
    left = ended(house, 3, reason="unsubscribed")
    counted = house.ask("POST", path, json=this_hour(house, dry_run=True))
    assert counted == {"dry_run": True, "restored": 3, "examined": 4, "next_cursor": None, "has_more": False}
    assert {status(house, one) for one in gone} == {"ended"}
    done = house.ask("POST", path, json=this_hour(house))
    assert (done["dry_run"], done["restored"], done["examined"]) == (False, 3, 4)
    assert {status(house, one) for one in gone} == {"active"}
    assert status(house, left) == "ended"
    assert house.ask("POST", path, json=this_hour(house))["restored"] == 0


def test_only_those_of_a_push_host_if_one_is_named(house: House, path: str) -> None:
    ended(house, 1)
    for host, restored in (("web.push.apple.com", 0), ("stand-in.push.services.mozilla.com", 1)):
        assert house.ask("POST", path, json=this_hour(house, push_host=host))["restored"] == restored


def test_whoever_was_brought_back_is_reached_again(house: House, path: str) -> None:
    subscription_id = ended(house, 1)
    house.ask("POST", path, json=this_hour(house))
    house.world.clock.advance(seconds=1)
    to = {"to": {"subscription_ids": [subscription_id]}, "message": {"title": "Back", "url": "https://shop.example/"}}
    sent = house.world.client.post(f"/v1/sites/{house.desk.site_id}/notifications", as_=house.desk.owner, json=to)
    assert sent.json()["accepted"] == 1


@pytest.mark.parametrize(
    ("changes", "blamed"),
    [
        ({"ended_from": None}, "/ended_from"),
        ({"ended_from": "yesterday"}, "/ended_from"),
        ({"ended_until": "2026-01-01T00:00:00"}, "/ended_until"),
        ({"ended_until": "2020-01-01T00:00:00Z"}, "/ended_until"),
        ({"dry_run": "yes"}, "/dry_run"),
        ({"push_host": 7}, "/push_host"),
        ({"reason": "unsubscribed"}, "/reason"),
    ],
)
def test_what_makes_no_sense_restores_nobody(house: House, path: str, changes: dict[str, Any], blamed: str) -> None:
    one = ended(house, 1)
    assert pointers(house.try_("POST", path, json=this_hour(house, **changes))) == [blamed]
    assert status(house, one) == "ended"


def test_a_made_up_cursor_restores_nobody(house: House, path: str) -> None:
    one = ended(house, 1)
    answer = house.try_("POST", path, json=this_hour(house, cursor="AAAA"))
    assert (answer.status, answer.code) == (422, "bad_cursor")
    assert status(house, one) == "ended"


def test_a_site_belongs_to_one_tenant(house: House, path: str) -> None:
    one = ended(house, 1)
    elsewhere = path.replace(house.world.ada.tenant_id, house.world.cyd.tenant_id)
    unknown = path.replace(house.desk.site_id, "site_" + "0" * 26)
    assert [house.try_("POST", each, json=this_hour(house)).status for each in (elsewhere, unknown)] == [404, 404]
    assert status(house, one) == "ended"


def test_whom_a_site_gave_up_too_soon_is_brought_back_by_that_name(house: House, path: str) -> None:
    given_up, gone = ended(house, 1, reason="sunset"), ended(house, 2)
    assert house.ask("POST", path, json=this_hour(house, reason="sunset"))["restored"] == 1
    assert (status(house, given_up), status(house, gone)) == ("active", "ended")
    assert pointers(house.try_("POST", path, json=this_hour(house, reason="removed"))) == ["/reason"]
