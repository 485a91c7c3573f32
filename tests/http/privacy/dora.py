"""Ada's colleague, who has used everything that there is to use about an account, and whatever then speaks of her."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.aws.values import Row
from chalicelib.core.clock import in_seconds
from chalicelib.core.identity import Role
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from chalicelib.features.identity.model.second_factor import STEP_SECONDS
from infra.local.oidc.desk import Somebody
from infra.local.saml.reply import Somebody as Employee
from tests.fakes.oidc import Browser, providers
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.journeys.shop import QUEUES, Shop
from tests.world import PASSWORD, Person, add_member

EMAIL = "dora@example.com"
AGENT = "canary browser 5e1f"
NAME = "Dora of the canaries"
_ELSEWHERE = "dora@moved.example.com"
_BARE_IDS = frozenset({"asked_by", "body", "created_by", "invited_by", "lifted_by"})  # who did it, not whom it is about
_MAY = ("A#", "BUCKET#")


@dataclass(frozen=True)
class Dora:
    """`mailbox` is the keyed hash of her address; a recovery code stands in for her phone."""

    shop: Shop
    person: Person
    mailbox: str
    secret: str
    recovery_codes: list[str]

    @classmethod
    def of(cls, shop: Shop) -> Dora:
        dora = add_member("Dora", shop.owner, Role.EDITOR, shop.world.clock)
        _left_another_team(shop, dora)
        _opened_by_others(shop, dora)
        _meant_by_others(shop)
        _by_letter(shop, dora)
        _seen_in_two_countries(shop)
        secret, codes = _guarded(shop, dora)
        shop.settle()
        (user,) = [
            row for row in shop.world.aws.rows("core") if (row["pk"], row["sk"]) == (f"USER#{dora.user_id}", "-")
        ]
        return cls(shop, dora, user["mailbox"], secret, codes)

    def fresh(self) -> str:
        """A token of somebody who has just proven who they are."""
        given = {"password": PASSWORD, "otp": self.recovery_codes.pop()}
        answer = self.shop.world.client.post("/v1/auth/step-up", as_=self.person, json=given)
        assert answer.status == 200, answer.text
        return str(answer.json()["access_token"])

    def rows(self) -> list[Row]:
        return speaking_of(self.shop.world.aws.rows(), ids=[self.person.user_id], words=self._words)

    def found(self) -> list[str]:
        """Wherever anything is kept: tables, queues, files, and how these are called."""
        aws = self.shop.world.aws
        queued = [body for queue in QUEUES for body in self.shop.world.lambdas.bodies(queue)]
        files = [key + body.decode("latin-1") for key, body in aws.blobs().items()]
        elsewhere = [place for place in [*queued, *files] if any(word in place for word in self._words)]
        return [f"{row['pk']} {row['sk']}" for row in self.rows()] + elsewhere

    @property
    def _words(self) -> list[str]:
        return [EMAIL, _ELSEWHERE, NAME, AGENT, self.secret, self.mailbox]


def speaking_of(rows: Iterable[Row], *, ids: Sequence[str], words: Sequence[str]) -> list[Row]:
    """A bare id may stay in the audit log, in counters of minutes, and where it says who did something."""
    found = []
    for row in rows:
        named = {} if row["pk"].startswith(_MAY) else {name: row[name] for name in row.keys() - _BARE_IDS}
        if any(word in _text(row) for word in words) or any(each in _text(named) for each in ids):
            found.append(row)
    return found


def _text(row: object) -> str:
    return json.dumps(row, ensure_ascii=False, default=lambda raw: raw.decode("latin-1"))


def _left_another_team(shop: Shop, dora: Person) -> None:
    client, cyd = shop.world.client, shop.world.cyd
    client.post("/v1/invitations", as_=cyd, json={"email": EMAIL, "role": "agent"})
    token = shop.world.mail_to(EMAIL)[-1].text.partition("token=")[2].split()[0]
    assert client.post("/v1/invitations/accept", json={"token": token, "password": PASSWORD}).status == 200
    assert client.delete(f"/v1/members/{dora.user_id}", as_=cyd).status == 204


def _opened_by_others(shop: Shop, dora: Person) -> None:
    """Google and her company's identity provider; and two who have come back from there and gone no further."""
    client, idp = shop.world.client, desk()
    client.patch("/v1/me", as_=dora, json={"name": NAME})
    with providers() as there:
        browser = Browser(client, there)
        assert browser.exchange(browser.code_for(Somebody(EMAIL), "google"), password=PASSWORD).status == 200
        browser.code_for(Somebody(EMAIL), "google")
    set_up(client, shop.owner, idp)
    work = SamlBrowser(client, idp, shop.owner.tenant_id)
    assert work.exchange(work.code_for(Employee(EMAIL)), password=PASSWORD).status == 200
    work.code_for(Employee(EMAIL, name=NAME))


def _meant_by_others(shop: Shop) -> None:
    """Cyd invites her, asks what is kept of her, and would like to have her address."""
    client, cyd = shop.world.client, shop.world.cyd
    invited, once = {"email": EMAIL, "role": "editor"}, {"Idempotency-Key": "canary"}
    assert client.post("/v1/invitations", as_=cyd, json=invited, headers=once).status == 201
    assert client.post("/v1/privacy/export", as_=cyd, json={"email": EMAIL}).status == 202
    assert client.post("/v1/me/email", as_=cyd, json={"email": EMAIL, "password": PASSWORD}).status == 202


def _by_letter(shop: Shop, dora: Person) -> None:
    client = shop.world.client
    assert client.post("/v1/auth/password/forgot", json={"email": EMAIL}).status == 202
    assert client.post("/v1/me/email", as_=dora, json={"email": _ELSEWHERE, "password": PASSWORD}).status == 202
    again = {"email": EMAIL, "password": PASSWORD, "tenant_name": "again"}
    assert client.post("/v1/auth/register", json=again).status == 202


def _seen_in_two_countries(shop: Shop) -> None:
    """And once with a wrong password."""
    client = shop.world.client
    for country in ("DE", "BR"):
        headers = {"CloudFront-Viewer-Country": country, "User-Agent": AGENT}
        signed_in = client.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}, headers=headers)
        assert signed_in.status == 200
    assert client.post("/v1/auth/login", json={"email": EMAIL, "password": "a wrong password"}).status == 401


def _guarded(shop: Shop, dora: Person) -> tuple[str, list[str]]:
    """With a second factor: its secret, and what stands in for it."""
    client = shop.world.client
    secret = str(client.post("/v1/auth/totp", as_=dora).json()["secret"])
    step = in_seconds(shop.world.clock.now()) // STEP_SECONDS
    otp = AuthenticatorApp().code(base64.b32decode(secret), step)
    confirmed = client.post("/v1/auth/totp/confirm", as_=dora, json={"otp": otp})
    assert confirmed.status == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]
