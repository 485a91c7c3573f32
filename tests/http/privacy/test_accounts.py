"""Closing an account: quiet at once, back within a month, and after that nothing of it is anywhere."""

from __future__ import annotations

import json
from datetime import timedelta

from chalicelib.core.identity import Role
from tests.fakes.gateway import HttpAnswer
from tests.http.privacy.canary import Canary
from tests.journeys.shop import MESSAGE, Shop
from tests.world import PASSWORD, Person, add_member


def _close(shop: Shop) -> dict[str, str]:
    answer = shop.world.client.delete("/v1/tenant", as_=shop.owner)
    assert answer.status == 202, answer.text
    closing: dict[str, str] = answer.json()
    shop.settle()
    return closing


def _sign_in(shop: Shop, person: Person) -> HttpAnswer:
    return shop.world.client.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD})


def _days_pass(shop: Shop, days: int, *, but_minutes: int = 0) -> None:
    """And the quarter of an hour for which tokens of the last minute are believed. The tick misses half an hour."""
    shop.go_to(shop.world.clock.now() + timedelta(days=days, minutes=-30))
    shop.world.clock.advance(minutes=48 - but_minutes)
    shop.pass_time(minutes=4)


def _found(shop: Shop) -> list[str]:
    text = [json.dumps(row, default=lambda raw: raw.decode("latin-1")) for row in shop.world.aws.rows()]
    files = [key for key in shop.world.aws.blobs() if not key.startswith("audit/anchors/")]
    return [each for each in [*text, *files] if shop.owner.tenant_id in each]


def test_nothing_is_sent_and_keys_and_sessions_end(shop: Shop) -> None:
    shop.gather(3)
    campaign = shop.draft()
    closing = _close(shop)
    assert (closing["id"], closing["status"]) == (shop.owner.tenant_id, "closing")
    shop.world.clock.advance(minutes=1)  # for as long, a process may know a key by heart
    assert shop.world.client.get("/v1/sites", as_=shop.bearer).status == 401
    refreshed = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": shop.owner.refresh_token})
    assert refreshed.status == 401
    owner = _sign_in(shop, shop.owner).json()["access_token"]
    shown = shop.world.client.get("/v1/tenant", as_=owner).json()
    assert (shown["state"], shown["closes_at"]) == ("closing", closing["closes_at"])
    sent = shop.world.client.post(f"{campaign}/send", as_=owner)
    assert sent.status == 202
    shop.pass_time(minutes=5)
    assert list(shop.received()) == []


def test_it_can_be_reopened_and_then_stays(shop: Shop) -> None:
    shop.gather(2)
    _close(shop)
    owner = _sign_in(shop, shop.owner).json()["access_token"]
    answer = shop.world.client.post("/v1/tenant/reopen", as_=owner)
    assert (answer.status, answer.json()["status"], answer.json()["closes_at"]) == (200, "active", None)
    shop.bearer = ""
    _days_pass(shop, 30)
    owner = _sign_in(shop, shop.owner).json()["access_token"]
    assert len(shop.world.client.get(f"{shop.audience}", as_=owner).json()["data"]) == 2
    sent = {"to": {"subscription_ids": [f"sub_{row['sk']}" for row in shop.world.aws.rows("subs")]}, "message": MESSAGE}
    assert shop.world.client.post(shop.notifications, as_=owner, json=sent).status == 202
    shop.settle()
    assert len(list(shop.received())) == 2
    assert [row for row in shop.world.aws.rows() if row["pk"].startswith("JOBS#")] == []


def test_an_operator_sees_it_and_starts_nothing_for_it(shop: Shop) -> None:
    whose = {"tenant_id": shop.owner.tenant_id}
    _close(shop)
    for _ in range(2):
        (stop,) = shop.operate("GET", "/sending")["data"]
        assert (stop["tenant_id"], stop["closing"]) == (shop.owner.tenant_id, True)
        shop.operate("POST", "/sending/start", json=whose)


def test_what_an_operator_has_stopped_stays_stopped(shop: Shop) -> None:
    shop.operate("POST", "/sending/stop", json={"tenant_id": shop.owner.tenant_id})
    _close(shop)
    owner = _sign_in(shop, shop.owner).json()["access_token"]
    assert shop.world.client.post("/v1/tenant/reopen", as_=owner).status == 200
    assert [row["sk"] for row in shop.world.aws.rows("core") if row["pk"] == "STOP"] == [shop.owner.tenant_id]


def test_after_a_month_nothing_of_it_is_anywhere(shop: Shop) -> None:
    """All tables, whichever there are; and Cyd, who has an account of her own, has lost nothing."""
    Canary.of(shop)
    shop.gather(20)
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    add_member("Erin", shop.owner, Role.EDITOR, shop.world.clock)
    shop.ask("POST", "/v1/audit-log/export", expect=202)
    shop.settle()
    neighbour = Shop(shop.world, shop.push_service, shop.world.cyd).open()
    neighbour.gather(2)
    theirs = [row for row in shop.world.aws.rows("core") if shop.world.cyd.tenant_id in json.dumps(row, default=repr)]
    assert any(key.startswith("exports/") for key in shop.world.aws.blobs())
    _close(shop)
    _days_pass(shop, 29)
    assert len(shop.world.aws.rows("subs")) > 2
    _days_pass(shop, 1)
    assert _found(shop) == []
    left = {(row["pk"], row["sk"]) for row in shop.world.aws.rows("core")}
    assert {(row["pk"], row["sk"]) for row in theirs} <= left
    assert len(shop.world.aws.rows("subs")) == 2
    for person in (shop.owner, shop.world.ben):
        assert person.email not in shop.world.aws.dump()
        assert _sign_in(shop, person).status == 401
    assert _sign_in(shop, shop.world.cyd).status == 200


def test_who_is_a_member_elsewhere_stays_somebody(shop: Shop) -> None:
    invited = shop.world.client.post(
        "/v1/invitations", as_=shop.world.cyd, json={"email": "ben@example.com", "role": "editor"}
    )
    assert invited.status == 201
    token = shop.world.mail_to("ben@example.com")[-1].text.partition("token=")[2].split()[0]
    given = {"token": token, "password": PASSWORD}
    assert shop.world.client.post("/v1/invitations/accept", json=given).status == 200
    _close(shop)
    _days_pass(shop, 30)
    assert _found(shop) == []
    me = shop.world.client.get("/v1/me", as_=_sign_in(shop, shop.world.ben).json()["access_token"]).json()
    assert me["tenant"]["id"] == shop.world.cyd.tenant_id


def test_after_its_day_nobody_reopens_it(shop: Shop) -> None:
    """Not at the last day's end, when it is about to be removed, and not on the day after."""
    _close(shop)
    _minutes_pass(shop, 30 * 24 * 60 - 1)
    owner = _sign_in(shop, shop.owner).json()["access_token"]
    _minutes_pass(shop, 1)
    assert shop.world.client.post("/v1/tenant/reopen", as_=owner).status == 404
    _minutes_pass(shop, 18)
    shop.pass_time(minutes=4)
    assert shop.world.client.post("/v1/tenant/reopen", as_=owner).status == 401
    _minutes_pass(shop, 24 * 60)
    assert _sign_in(shop, shop.owner).status == 401
    assert _found(shop) == []


def _minutes_pass(shop: Shop, minutes: int) -> None:
    shop.world.clock.advance(minutes=minutes)


def test_only_an_owner_who_has_just_proven_it_closes_or_reopens(shop: Shop) -> None:
    for method, path in (("DELETE", "/v1/tenant"), ("POST", "/v1/tenant/reopen")):
        assert shop.world.client.request(method, path, as_=shop.world.ben).status == 403
        assert shop.world.client.request(method, path, as_=shop.bearer).status == 403
    shop.world.clock.advance(minutes=11)
    renewed = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": shop.owner.refresh_token}).json()
    answer = shop.world.client.delete("/v1/tenant", as_=renewed["access_token"])
    assert answer.json()["code"] == "step_up_required"


def test_closing_twice_keeps_the_first_day(shop: Shop) -> None:
    first = _close(shop)["closes_at"]
    shop.world.clock.advance(minutes=60)
    owner = _sign_in(shop, shop.owner).json()["access_token"]
    again = shop.world.client.delete("/v1/tenant", as_=owner).json()["closes_at"]
    assert again == first
    _days_pass(shop, 30, but_minutes=60)
    assert _found(shop) == []
