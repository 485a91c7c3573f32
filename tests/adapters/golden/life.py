"""A short life of one installation that leaves a row of every kind behind: what a museum is made of."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from chalicelib.channels import registry
from chalicelib.core import clock
from chalicelib.core.clock import in_seconds
from chalicelib.core.identity import Role
from chalicelib.features.analytics.model import Kind
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from chalicelib.features.identity.model.second_factor import STEP_SECONDS
from infra.local import moto_patch
from infra.local.connector import Everywhere
from infra.local.oidc.desk import Somebody
from infra.local.push_service.service import PushService
from infra.local.saml.reply import Somebody as Employee
from tests.adapters.golden.museum import Museum
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation
from tests.fakes.nowhere import Nowhere
from tests.fakes.oidc import Browser, providers
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.journeys.shop import ORIGIN, Shop
from tests.world import PASSWORD, World, add_member, open_tenant

DRAFT = {
    "name": "Next",
    "message": {"title": "Hello", "body": "there", "url": "https://shop.example/"},
    "audience": {"all": True},
}
_NEWCOMER = {"email": "dora@example.com", "password": PASSWORD, "tenant_name": "Dora's"}


@contextmanager
def standing(aws: Installation) -> Iterator[Shop]:
    manual = ManualClock(clock.SystemClock().now().replace(microsecond=0))
    with PushService() as push_service:
        registry.use(Everywhere(port=push_service.port, ca_path=push_service.ca_path))
        clock.use(manual)
        moto_patch.follow(manual)
        aws.empty()
        world = World.with_people(aws, manual)
        try:
            yield Shop(world, push_service, world.ada).open()
        finally:
            registry.use(Nowhere())
            clock.use(clock.SystemClock())
            moto_patch.follow(None)


def lived(shop: Shop) -> Museum:
    """What it leaves, and what a visitor has to know of it."""
    facts: dict[str, Any] = {
        "tenant": shop.owner.tenant_id,
        "site": shop.site["id"],
        "key": shop.bearer,
        "operator": shop.operator,
        "email": shop.owner.email,
        "password": PASSWORD,
    }
    facts |= _people(shop)
    facts |= _audience(shop)
    facts |= _campaigns(shop)
    _trouble(shop, but=facts["subscription"])
    _privacy(shop)
    return Museum.of(shop.world.aws, facts, at=shop.world.clock.now())


def _people(shop: Shop) -> dict[str, Any]:
    """Ben has a second factor, Ada has forgotten her password, Cyd is about to move, Erin is invited, and Hal has left."""
    client, ben = shop.world.client, shop.world.ben
    client.post("/v1/auth/register", json=_NEWCOMER)
    client.post("/v1/auth/login", json={"email": shop.owner.email, "password": "wrong password"})
    client.post("/v1/api-keys", as_=shop.owner, json={"name": "twice", "scopes": ["sites:read"]})
    client.post("/v1/auth/password/forgot", json={"email": shop.owner.email})
    client.post("/v1/me/email", as_=shop.world.cyd, json={"email": "cyd@new.example.com", "password": PASSWORD})
    client.post("/v1/invitations", as_=shop.owner, json={"email": "erin@example.com", "role": "editor"})
    secret = client.post("/v1/auth/totp", as_=ben).json()["secret"]
    code = AuthenticatorApp().code(base64.b32decode(secret), in_seconds(shop.world.clock.now()) // STEP_SECONDS)
    codes = client.post("/v1/auth/totp/confirm", as_=ben, json={"otp": code}).json()["recovery_codes"]
    client.post("/v1/auth/login", json={"email": ben.email, "password": PASSWORD, "otp": code})  # a replay, and refused
    client.post("/v1/audit-log/export", as_=shop.owner)
    for country in ("DE", "BR"):  # faster than anybody flies
        there = {"CloudFront-Viewer-Country": country}
        client.post("/v1/auth/login", json={"email": shop.world.cyd.email, "password": PASSWORD}, headers=there)
    hal = add_member("Hal", shop.owner, Role.EDITOR, shop.world.clock)
    assert client.delete(f"/v1/members/{hal.user_id}", as_=hal).status == 204
    _sign_in_elsewhere(shop)
    (letter,) = shop.world.mail_to("erin@example.com")
    _, _, invitation = letter.text.partition("token=")
    return {
        "suspect_email": shop.world.cyd.email,
        "guarded_email": ben.email,
        "recovery_code": codes[0],
        "leaver": hal.user_id,
        "invitation": invitation.split()[0],
    }


def _sign_in_elsewhere(shop: Shop) -> None:
    """Flo works there, and is known by the tenant's identity provider alone; Gil has an account at Google."""
    client, idp = shop.world.client, desk()
    set_up(client, shop.owner, idp, role_attribute="groups", roles={"writers": "editor"})
    browser = SamlBrowser(client, idp, shop.owner.tenant_id)
    browser.sign_in(Employee("flo@example.com", name="Flo"))
    with providers() as there:
        oidc = Browser(client, there)
        oidc.exchange(oidc.code_for(Somebody("gil@example.com")))


def _audience(shop: Shop) -> dict[str, Any]:
    known = shop.subscribe(
        tags=["sale"],
        attributes={"size": 42, "vip": True, "city": "Köln"},
        timezone="Europe/Berlin",
        language="de",
        consent={"text": "Tell me", "version": "1"},
    )
    path = f"{shop.audience}/{known['subscription_id']}"
    shop.ask("PATCH", path, json={"external_id": "user-1"})
    left = shop.subscribe()
    shop.ask("DELETE", f"{shop.audience}/{left['subscription_id']}", expect=204)
    shop.gather(24)
    return {"subscription": known["subscription_id"], "left": left["subscription_id"]}


def _campaigns(shop: Shop) -> dict[str, Any]:
    sent, paused, scheduled = shop.draft(), shop.draft(throttle_per_minute=1), shop.draft()
    at = shop.world.clock.now() + timedelta(days=2)
    shop.ask("POST", f"{scheduled}/schedule", json={"schedule": {"send_at": at.isoformat()}})
    run = shop.send(sent)
    shop.settle()
    shop.send(paused)
    shop.settle()
    shop.ask("POST", f"{paused}/pause")
    known = next(row["sk"] for row in shop.world.aws.rows("subs") if row["status"] == "active")
    notification = shop.notify(subscription_ids=[f"sub_{known}"])
    shop.settle()
    shop.pass_time(minutes=1)
    _tell(shop, *shop.received())
    once = shop.ask("POST", shop.campaigns, json=DRAFT, headers={"Idempotency-Key": "once"}, expect=201)
    return {
        "drafted_once": once["id"],
        "sent": sent,
        "paused": paused,
        "scheduled": scheduled,
        "run": run,
        "notification": notification["id"],
        "stats": shop.stats(sent),
    }


def _tell(shop: Shop, *told: dict[str, Any]) -> None:
    """All of it was displayed, at once; of the first, everything that can become of a push."""
    at = "2000-01-01T00:00:00Z"  # no earlier than the run
    path = f"/v1/sdk/{shop.site['site_key']}/events"
    events = [{"type": "displayed", "receipt": one["receipt"], "at": at} for one in told]
    events += [{"type": kind, "receipt": told[0]["receipt"], "at": at, "value": 79.8} for kind in Kind]
    for some in (events[:50], events[50:]):
        if some:
            assert shop.world.client.post(path, json={"events": some}, headers={"Origin": ORIGIN}).status == 202
    shop.settle()


def _trouble(shop: Shop, *, but: str) -> None:
    """Some wait and some are gone, a host refuses the key, and two stops stand."""
    active = [f"sub_{row['sk']}" for row in shop.world.aws.rows("subs") if row["status"] == "active"]
    others = sorted(set(active) - {but})
    for status, whom in ((503, others[:3]), (410, others[3:5]), (403, [])):
        shop.push_service.set_rules([{"answer": {"status": status}}])
        if whom:
            shop.notify(subscription_ids=whom)
        else:
            shop.send(shop.draft())
        shop.settle()
    shop.pass_time(minutes=2)
    whose: list[dict[str, str]] = [{}, {"tenant_id": shop.owner.tenant_id}]
    for each in whose:
        shop.operate("POST", "/sending/stop", json=each)


def _privacy(shop: Shop) -> None:
    """Jobs that wait, one that is done, things to be kept for less long, and an account that is closing."""
    client = shop.world.client
    shop.ask("GET", shop.audience)
    for kind in ("export", "erase"):
        shop.ask("POST", f"/v1/privacy/{kind}", json={"external_id": "nobody"}, expect=202)
    given = {"email": shop.owner.email, "password": PASSWORD}
    token = client.post("/v1/auth/login", json=given).json()["access_token"]
    assert client.put("/v1/tenant/retention", as_=token, json={"unseen_subscriptions_days": 365}).status == 200
    assert client.delete("/v1/tenant", as_=open_tenant("Fay", shop.world.clock)).status == 202
