"""Everything that goes for good: sites, subscribers, people, accounts, and what is kept too long."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.core.clock import from_milliseconds
from chalicelib.core.identity import Role
from tests.fakes.gateway import HttpAnswer
from tests.journeys.shop import MESSAGE, Shop
from tests.world import PASSWORD, add_member


def everything_of_a_site_goes(shop: Shop) -> None:
    shop.gather(3)
    sent, scheduled, paused = shop.draft(), shop.draft(), shop.draft(throttle_per_minute=1)
    shop.send(sent)
    shop.settle()
    shop.react()
    ahead = (shop.world.clock.now() + timedelta(days=1)).isoformat()
    shop.ask("POST", f"{scheduled}/schedule", json={"schedule": {"send_at": ahead}})
    shop.send(paused)
    shop.settle()
    bound = {"name": "bound", "scopes": ["sites:read"], "site_id": shop.site["id"]}
    _fine(shop.world.client.post("/v1/api-keys", as_=shop.owner, json=bound))
    job = shop.ask("DELETE", f"/v1/sites/{shop.site['id']}", expect=202)["job_id"]
    shop.settle()
    assert shop.ask("GET", f"/v1/jobs/{job}")["status"] == "done"
    shop.world.lambdas.deliver("privacy", '{"v": 99, "tenant": "ten_x"}')


def everything_of_a_subscriber_goes(shop: Shop) -> None:
    made = shop.subscribe()["subscription_id"]
    moves = shop.subscribe()
    other = moves["subscription_id"]
    shop.ask("PATCH", f"{shop.audience}/{made}", json={"external_id": "canary"})
    invited = {"email": "canary@example.com", "role": "editor"}
    _fine(shop.world.client.post("/v1/invitations", as_=shop.owner, json=invited))
    noted = {"to": {"subscription_ids": [other]}, "message": MESSAGE}
    shop.ask("POST", shop.notifications, json=noted, headers={"Idempotency-Key": "canary"}, expect=202)
    unreached = {"to": {"external_ids": ["canary", "nobody"]}, "message": MESSAGE}
    shop.ask("POST", shop.notifications, json=unreached, headers={"Idempotency-Key": "nobody"}, expect=202)
    shop.subscribe(previous_endpoint=moves["endpoint"])
    for about in (
        {"external_id": "canary"},
        {"external_id": "nobody"},
        {"subscription_id": other},
        {"email": "canary@example.com"},
    ):
        job = shop.ask("POST", "/v1/privacy/export", json=about, expect=202)["id"]
        shop.ask("GET", f"/v1/privacy/jobs/{job}")
        shop.ask("POST", "/v1/privacy/erase", json=about, expect=202)
        for _ in range(3):
            shop.settle()
            shop.world.clock.advance(seconds=10)
    assert shop.ask("GET", shop.audience)["data"] == []


def everything_kept_too_long_goes(shop: Shop) -> None:
    left = shop.subscribe()["subscription_id"]
    shop.ask("DELETE", f"{shop.audience}/{left}", expect=204)
    shop.send(shop.draft())
    shop.settle()
    shop.world.clock.advance(minutes=31 * 24 * 60)
    client, owner = shop.world.client, _signed_in(shop)
    _fine(client.get("/v1/tenant/retention", as_=owner))
    terms = {"ended_subscriptions_days": 1, "campaign_runs_days": 30}
    _fine(client.put("/v1/tenant/retention", as_=owner, json=terms))
    _at_night(shop)
    assert shop.world.aws.rows("subs") == []


def whom_a_site_gives_up_ends(shop: Shop) -> None:
    shop.gather(1)
    shop.world.clock.advance(minutes=31 * 24 * 60)
    owner, site = _signed_in(shop), f"/v1/sites/{shop.site['id']}"
    _fine(shop.world.client.patch(site, as_=owner, json={"sunset_after_days": 30}))
    assert shop.ask("GET", f"{site}/health")["sunset_due"] == 1
    _at_night(shop)
    assert shop.ask("GET", f"{site}/health")["subscribers"] == 0


def everybody_goes_and_everything(shop: Shop) -> None:
    shop.gather(2)
    shop.send(shop.draft())
    shop.settle()
    shop.react()
    client = shop.world.client
    dora = add_member("Dora", shop.owner, Role.EDITOR, shop.world.clock)
    _fine(client.get("/v1/me/export", as_=dora))
    _fine(client.delete("/v1/me", as_=dora))
    shop.ask("POST", "/v1/audit-log/export", expect=202)
    shop.settle()
    _fine(client.delete("/v1/tenant", as_=shop.owner))
    shop.settle()
    _fine(client.post("/v1/tenant/reopen", as_=_signed_in(shop)))
    _fine(client.delete("/v1/tenant", as_=_signed_in(shop)))
    shop.settle()
    shop.world.clock.advance(minutes=30 * 24 * 60 - 60)
    once = {"Idempotency-Key": "last"}
    _fine(client.post("/v1/audit-log/export", as_=_signed_in(shop), headers=once))
    shop.settle()
    shop.world.clock.advance(minutes=60 + 18)
    shop.pass_time(minutes=4)
    assert shop.owner.tenant_id not in str(shop.world.aws.rows())


def _signed_in(shop: Shop) -> str:
    given = {"email": shop.owner.email, "password": PASSWORD}
    return str(_fine(shop.world.client.post("/v1/auth/login", json=given)).json()["access_token"])


def _fine(answer: HttpAnswer) -> HttpAnswer:
    assert answer.status < 300, answer.text
    return answer


def _at_night(shop: Shop) -> None:
    (at,) = [
        from_milliseconds(int(row["sk"].rsplit("#", 1)[1]))
        for row in shop.world.aws.rows("due")
        if row["sk"].startswith("retention#")
    ]
    shop.world.clock.advance(seconds=(at - shop.world.clock.now()).total_seconds())
    shop.world.lambdas.fire("tick")
    shop.settle()
