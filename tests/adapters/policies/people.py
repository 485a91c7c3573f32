"""Everything of accounts, sessions and teams, once: the journeys leave most of it out."""

from __future__ import annotations

import base64
import re

from chalicelib.core.identity import Scope
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from tests.adapters.policies.fine import fine
from tests.journeys.shop import Shop
from tests.world import PASSWORD

_NEWCOMER = {"email": "dora@example.com", "password": "a long enough password"}


def everything_of_an_account(shop: Shop) -> None:
    world, client = shop.world, shop.world.client
    fine(client.post("/v1/auth/register", json=_NEWCOMER | {"tenant_name": "Dora's"}))
    fine(client.post("/v1/auth/verify-email/resend", json={"email": _NEWCOMER["email"]}))
    token = re.search(r"token=([\w.-]+)", world.mail_to(_NEWCOMER["email"])[-1].text)
    assert token
    wrong = client.post("/v1/auth/verify-email", json={"token": token[1], "password": "not this password"})
    assert wrong.status == 401
    fine(client.post("/v1/auth/verify-email", json={"token": token[1], "password": _NEWCOMER["password"]}))
    fine(client.post("/v1/auth/register", json=_NEWCOMER | {"tenant_name": "again"}))  # a decoy is posted
    tokens = fine(client.post("/v1/auth/login", json={"email": world.ada.email, "password": PASSWORD})).json()
    for path in ("/v1/me", "/v1/members", "/v1/api-keys"):
        fine(client.get(path, as_=tokens["access_token"]))
    fine(client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
    fine(client.post("/v1/auth/switch", as_=tokens["access_token"], json={"tenant_id": world.ada.tenant_id}))
    fine(client.get("/v1/tenant", as_=tokens["access_token"]))
    fine(client.patch("/v1/tenant", as_=tokens["access_token"], json={"name": "Renamed"}))
    fine(client.post("/v1/auth/logout", as_=tokens["access_token"]))
    fine(client.post("/v1/auth/logout-all", as_=world.ada))


def everything_about_oneself(shop: Shop) -> None:
    world, client, new = shop.world, shop.world.client, "a brand new password"
    fine(client.patch("/v1/me", as_=world.ada, json={"name": "Ada"}))
    fine(client.get("/v1/me/sessions", as_=world.ada))
    given = {"password": PASSWORD}
    tokens = fine(client.post("/v1/auth/step-up", as_=world.ada, json=given)).json()["access_token"]
    fine(client.post("/v1/me/email", as_=tokens, json={"email": "ada@new.example.com", **given}))
    token = _linked(world.mail_to("ada@new.example.com")[-1].text)
    fine(client.post("/v1/auth/email/confirm", json={"token": token, **given}))
    fine(client.post("/v1/me/password", as_=tokens, json={"current_password": PASSWORD, "password": new}))
    fine(client.post("/v1/auth/password/forgot", json={"email": "ada@new.example.com"}))
    token = _linked(world.mail_to("ada@new.example.com")[-1].text)
    fine(client.post("/v1/auth/password/reset", json={"token": token, "password": PASSWORD}))
    wrong = client.post("/v1/auth/step-up", as_=world.cyd, json={"password": "not this one"})
    assert wrong.status == 401
    (session,) = fine(client.get("/v1/me/sessions", as_=world.cyd)).json()["data"]
    fine(client.delete(f"/v1/me/sessions/{session['id']}", as_=world.cyd))


def everything_of_the_audit_log(shop: Shop) -> None:
    """Read, proven, taken away; anchored when the day is over, and once more from that anchor; what newer code wrote."""
    world, client = shop.world, shop.world.client
    key = world.api_key(world.ada, Scope.AUDIT_READ)
    made = fine(client.post("/v1/audit-log/export", as_=key)).json()["id"]
    shop.settle()
    assert fine(client.get(f"/v1/exports/{made}", as_=key)).json()["status"] == "ready"
    at = next(int(row["sk"].rsplit("#", 1)[1]) for row in world.aws.rows("due") if world.ada.tenant_id in row["sk"])
    world.clock.advance(seconds=at / 1000 - world.clock.now().timestamp())
    world.lambdas.fire("tick")
    body = next(each for each in world.lambdas.bodies("audit") if world.ada.tenant_id in each)  # Cyd's may be due too
    world.lambdas.work("audit")
    world.lambdas.deliver("audit", body)
    assert fine(client.get("/v1/audit-log/verify", as_=key)).json()["anchor"]
    assert fine(client.get("/v1/audit-log", as_=key)).json()["data"]


def everything_of_a_second_factor(shop: Shop) -> None:
    world, client, ada = shop.world, shop.world.client, shop.world.ada
    secret = fine(client.post("/v1/auth/totp", as_=ada)).json()["secret"]
    code = AuthenticatorApp().code(base64.b32decode(secret), int(world.clock.now().timestamp()) // 30)
    given = {"email": ada.email, "password": PASSWORD}
    asked = {"otp": code}
    codes = fine(client.post("/v1/auth/totp/confirm", as_=ada, json=asked)).json()["recovery_codes"]
    fine(client.patch("/v1/tenant", as_=ada, json={"require_second_factor": True}))
    for otp, status in ((None, 401), ("000000", 401), (codes[0], 200)):
        answer = client.post("/v1/auth/login", json=given | ({"otp": otp} if otp else {}))
        assert answer.status == status, answer.text
    fine(client.post("/v1/auth/totp/recovery-codes", as_=ada))
    fine(client.delete("/v1/auth/totp", as_=ada))


def everything_of_a_team(shop: Shop) -> None:
    world, client, ada = shop.world, shop.world.client, shop.world.ada
    joined = []
    for email, password in (("erin@example.com", _NEWCOMER["password"]), (world.cyd.email, PASSWORD)):
        fine(client.post("/v1/invitations", as_=ada, json={"email": email, "role": "editor"}))
        token = _linked(world.mail_to(email)[-1].text)
        answer = fine(client.post("/v1/invitations/accept", json={"token": token, "password": password}))
        joined.append(answer.json()["user"]["id"])
        fine(client.patch(f"/v1/members/{joined[-1]}", as_=ada, json={"role": "admin"}))
    asked = fine(client.post("/v1/invitations", as_=ada, json={"email": "fay@example.com", "role": "agent"})).json()
    fine(client.get("/v1/invitations", as_=ada))
    fine(client.delete(f"/v1/invitations/{asked['id']}", as_=ada))
    fine(client.delete(f"/v1/members/{joined[0]}", as_=ada))
    fine(client.post("/v1/tenant/transfer-ownership", as_=ada, json={"user_id": joined[1]}))


def everything_suspicious(shop: Shop) -> None:
    """Ada is in two countries at once, has to prove who she is, and lifts that."""
    world, client = shop.world, shop.world.client
    login = {"email": world.ada.email, "password": PASSWORD}
    for country in ("DE", "BR"):
        there = {"CloudFront-Viewer-Country": country}
        token = fine(client.post("/v1/auth/login", json=login, headers=there)).json()["access_token"]
    assert client.get("/v1/sites", as_=token).code == "step_up_required"
    world.clock.advance(seconds=2)
    proven = fine(client.post("/v1/auth/login", json=login)).json()["access_token"]
    (block,) = fine(client.get("/v1/security/blocks", as_=proven)).json()["data"]
    fine(client.delete(f"/v1/security/blocks/{block['id']}", as_=proven))


def _linked(text: str) -> str:
    token = re.search(r"token=([\w.-]+)", text)
    assert token
    return token[1]
