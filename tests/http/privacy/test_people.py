"""People with an account: told all that is kept of them, and gone without a trace when they go."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from chalicelib.core.clock import in_seconds
from chalicelib.core.identity import Role
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from infra.local.oidc.desk import Somebody
from tests.fakes.oidc import Browser, providers
from tests.journeys.shop import QUEUES, Shop
from tests.world import PASSWORD, Person, add_member

_EMAIL = "dora@example.com"
_AGENT = "canary browser 5e1f"


@dataclass(frozen=True)
class Dora:
    """Ada's colleague, who has used everything that there is to use about an account."""

    shop: Shop
    person: Person
    secret: str

    @classmethod
    def of(cls, shop: Shop) -> Dora:
        world, client = shop.world, shop.world.client
        dora = add_member("Dora", shop.owner, Role.EDITOR, world.clock)
        client.patch("/v1/me", as_=dora, json={"name": "Dora of the canaries"})
        with providers() as there:
            browser = Browser(client, there)
            assert browser.exchange(browser.code_for(Somebody(_EMAIL), "google"), password=PASSWORD).status == 200
        for country in ("DE", "BR"):
            headers = {"CloudFront-Viewer-Country": country, "User-Agent": _AGENT}
            signed_in = client.post("/v1/auth/login", json={"email": _EMAIL, "password": PASSWORD}, headers=headers)
            assert signed_in.status == 200
        client.post("/v1/auth/password/forgot", json={"email": _EMAIL})
        proof = {"email": "dora@moved.example.com", "password": PASSWORD}
        asked = client.post("/v1/me/email", as_=signed_in.json()["access_token"], json=proof)
        client.post("/v1/auth/register", json={"email": _EMAIL, "password": PASSWORD, "tenant_name": "again"})
        invited = {"email": _EMAIL, "role": "editor"}
        assert client.post("/v1/invitations", as_=world.cyd, json=invited).status == 201
        client.post("/v1/auth/login", json={"email": _EMAIL, "password": "a wrong password"})
        secret = client.post("/v1/auth/totp", as_=dora).json()["secret"]
        shop.settle()
        assert asked.status in {202, 403}
        return cls(shop, dora, secret)

    def fresh(self) -> str:
        """A token of somebody who has just given the password."""
        given = {"password": PASSWORD}
        answer = self.shop.world.client.post("/v1/auth/step-up", as_=self.person, json=given)
        return str(answer.json().get("access_token") or self.person.access_token)

    def found(self) -> list[str]:
        """What still speaks of her. Who made or invited something may stay named by a bare id."""
        aws = self.shop.world.aws
        words = [_EMAIL, "dora@moved", "Dora of the canaries", _AGENT, self.mailbox]
        rows = [json.dumps(row, default=lambda raw: raw.decode("latin-1")) for row in aws.rows()]
        keyed = [row["pk"] + row["sk"] for row in aws.rows() if self.person.user_id in row["pk"] + row["sk"]]
        about = [
            row["pk"] for row in aws.rows() for name in ("user_id", "subject") if row.get(name) == self.person.user_id
        ]
        about = [pk for pk in about if not pk.startswith("A#")]
        queued = [body for queue in QUEUES for body in self.shop.world.lambdas.bodies(queue)]
        places = [*rows, *queued, *map(str, aws.blobs())]
        return [place for place in places if any(word in place for word in words)] + keyed + about

    @property
    def mailbox(self) -> str:
        for row in self.shop.world.aws.rows("core"):
            if row["pk"] == f"USER#{self.person.user_id}" and row["sk"] == "-":
                _MAILBOXES[self.person.user_id] = str(row["mailbox"])
        return _MAILBOXES[self.person.user_id]


_MAILBOXES: dict[str, str] = {}


def _told(shop: Shop, as_: Any) -> dict[str, list[dict[str, Any]]]:
    answer = shop.world.client.get("/v1/me/export", as_=as_)
    assert answer.status == 200, answer.text
    told: dict[str, list[dict[str, Any]]] = {}
    for record in answer.json()["data"]:
        told.setdefault(record["kind"], []).append(record)
    return told


def test_an_export_tells_everything_and_gives_no_secret_away(shop: Shop) -> None:
    dora = Dora.of(shop)
    told = _told(shop, dora.person)
    assert told.keys() >= {"user", "membership", "session", "provider", "second_factor", "sign_in"}
    assert told["user"][0]["fields"]["email"] == _EMAIL
    assert "password_hash" in told["user"][0]["withheld"]
    assert _AGENT in str(told["session"])
    assert all(record["fields"] for records in told.values() for record in records)
    text = json.dumps(told)
    rows = [row for row in shop.world.aws.rows("core") if row["pk"] == f"USER#{dora.person.user_id}"]
    assert len(rows) == sum(map(len, told.values()))
    for secret in (row["password_hash"] for row in rows if "password_hash" in row):
        assert secret not in text


def test_whoever_erases_their_account_leaves_nothing_behind(shop: Shop) -> None:
    dora = Dora.of(shop)
    assert dora.found() != []
    answer = shop.world.client.delete("/v1/me", as_=dora.fresh())
    assert (answer.status, answer.json()) == (202, {"status": "erasing"})
    shop.settle()
    assert dora.found() == []
    given = {"email": _EMAIL, "password": PASSWORD}
    assert shop.world.client.post("/v1/auth/login", json=given).status == 401
    entries = shop.ask("GET", "/v1/audit-log?limit=100")["data"]
    assert ("user.erased", dora.person.user_id) in [(entry["action"], entry["actor"]) for entry in entries]
    assert shop.ask("GET", "/v1/audit-log/verify")["intact"]


def test_the_address_is_free_for_somebody_new(shop: Shop) -> None:
    dora = Dora.of(shop)
    assert shop.world.client.delete("/v1/me", as_=dora.fresh()).status == 202
    shop.settle()
    again = add_member("Dora", shop.owner, Role.EDITOR, shop.world.clock)
    assert again.user_id != dora.person.user_id
    shop.settle()
    assert shop.world.client.get("/v1/me", as_=again).status == 200


def test_the_only_owner_cannot_go_and_nothing_has_happened(shop: Shop) -> None:
    rows = len(shop.world.aws.rows("core"))
    answer = shop.world.client.delete("/v1/me", as_=shop.owner)
    assert (answer.status, answer.json()["code"]) == (409, "last_owner")
    assert len(shop.world.aws.rows("core")) == rows
    assert shop.world.client.get("/v1/me", as_=shop.owner).status == 200


def test_a_session_that_was_left_open_erases_nobody(shop: Shop) -> None:
    ben = shop.world.ben
    shop.world.clock.advance(minutes=11)
    renewed = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": ben.refresh_token}).json()
    answer = shop.world.client.delete("/v1/me", as_=renewed["access_token"])
    assert (answer.status, answer.json()["code"]) == (403, "step_up_required")


def test_who_is_erased_is_out_at_once(shop: Shop) -> None:
    ben = shop.world.ben
    assert shop.world.client.delete("/v1/me", as_=ben).status == 202
    refused = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": ben.refresh_token})
    assert refused.status in {401, 403}
    given = {"email": ben.email, "password": PASSWORD}
    assert shop.world.client.post("/v1/auth/login", json=given).status == 403  # no tenant, until the job has run
    shop.settle()


def test_a_key_has_no_self_to_export_or_erase(shop: Shop) -> None:
    for method, path in (("GET", "/v1/me/export"), ("DELETE", "/v1/me")):
        assert shop.world.client.request(method, path, as_=shop.bearer).status == 403


def _code(secret: str, shop: Shop) -> str:
    return AuthenticatorApp().code(base64.b32decode(secret), in_seconds(shop.world.clock.now()) // 30)
