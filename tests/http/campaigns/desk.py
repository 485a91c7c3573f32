"""Ada's desk: a site, campaigns on it, and every way of asking about them over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.core.identity import Scope
from chalicelib.features.sites.wiring import sites
from tests.fakes.gateway import Bearer, HttpAnswer
from tests.world import Person, World

MESSAGE: dict[str, Any] = {
    "title": "Grüße 👋",
    "body": "Die neue Kollektion",
    "url": "https://shop.example/neu",
}
CAMPAIGN: dict[str, Any] = {"name": "Spring", "message": MESSAGE, "audience": {"all": True}}
SUBSCRIPTION = "sub_" + "0" * 32
UNKNOWN = "cmp_00000000000000000000000000"
UNKNOWN_SITE = "site_00000000000000000000000000"


@dataclass(frozen=True)
class Route:
    """An endpoint, the scope it needs, and a body that would do."""

    method: str
    path: str
    scope: Scope
    body: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path or '/'}"


COLLECTION = [
    Route("GET", "", Scope.CAMPAIGNS_READ),
    Route("POST", "", Scope.CAMPAIGNS_WRITE, CAMPAIGN),
]
OF_CAMPAIGNS = [
    Route("GET", "", Scope.CAMPAIGNS_READ),
    Route("PATCH", "", Scope.CAMPAIGNS_WRITE, {"name": "Other"}),
    Route("DELETE", "", Scope.CAMPAIGNS_WRITE),
    Route("POST", "/schedule", Scope.CAMPAIGNS_SEND, {"schedule": {"send_at": "2126-01-01T00:00:00Z"}}),
    Route("POST", "/unschedule", Scope.CAMPAIGNS_SEND),
    Route("POST", "/send", Scope.CAMPAIGNS_SEND),
]
OF_SENDING = [
    Route("POST", "/cancel", Scope.CAMPAIGNS_SEND),
    Route("POST", "/pause", Scope.CAMPAIGNS_SEND),
    Route("POST", "/resume", Scope.CAMPAIGNS_SEND),
    Route("POST", "/test", Scope.CAMPAIGNS_SEND, {"subscription_ids": [SUBSCRIPTION]}),
    Route("GET", "/runs", Scope.CAMPAIGNS_READ),
    Route("GET", "/stats", Scope.CAMPAIGNS_READ),
]
SCOPES = (Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE, Scope.CAMPAIGNS_SEND)

HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "unreadable_body"),
    "half": (b'{"name"', 400, "unreadable_body"),
    "a list": (b"[]", 400, "unreadable_body"),
    "a list of it": (json.dumps([CAMPAIGN]).encode(), 400, "unreadable_body"),
    "text": (b'"name"', 400, "unreadable_body"),
    "deep": (b'{"message":' * 20_000, 400, "unreadable_body"),
    "deep but closed": (b'{"a":' * 30 + b"1" + b"}" * 30, 400, "unreadable_body"),
    "no number": (b'{"name": NaN}', 400, "unreadable_body"),
    "a key twice": (b'{"name": "a", "name": "b"}', 400, "unreadable_body"),
    "five megabytes": (b'{"name":"' + b"x" * 5_000_000 + b'"}', 413, "too_large"),
    "unknown fields": (b'{"surprise": 1}', 422, "invalid"),
    "what is not ours to set": (
        b'{"id": "cmp_x", "tenant_id": "ten_x", "status": "sent", "run_id": "run_x", "rev": 9, "look_at": null}',
        422,
        "invalid",
    ),
    "wrong types": (
        b'{"name": 5, "message": [], "audience": "all", "schedule": 7, "careful": "yes", "external_ids": [1]}',
        422,
        "invalid",
    ),
}


@dataclass(frozen=True)
class Desk:
    world: World
    owner: Person
    site_id: str

    @property
    def path(self) -> str:
        return f"/v1/sites/{self.site_id}/campaigns"

    def ask(self, method: str, path: str = "", *, as_: Bearer | str | None = None, **words: Any) -> HttpAnswer:
        return self.world.client.request(method, self.path + path, as_=as_ or self.owner, **words)

    def create(self, **words: Any) -> dict[str, Any]:
        answer = self.ask("POST", json={**CAMPAIGN, **words})
        assert answer.status == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def show(self, campaign_id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/{campaign_id}")
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def status(self, campaign_id: str) -> str:
        return str(self.show(campaign_id)["status"])

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET").json()["data"]
        return found

    def at(self, **later: float) -> str:
        """An instant from now on, as answers spell it."""
        return (self.world.clock.now() + timedelta(**later)).isoformat().replace("+00:00", "Z")


def open_desk(world: World, owner: Person) -> Desk:
    site = sites().create(tenant_id=owner.tenant_id, name="Shop", url="https://shop.example", now=world.clock.now())
    return Desk(world, owner, site.id)


def pointers(answer: HttpAnswer) -> list[str]:
    """What a refusal blames."""
    assert (answer.status, answer.code) == (422, "invalid"), answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


def cannot_tell_it_from_none(desk: Desk, route: Route) -> None:
    """A stranger asks for a campaign, for none, and for that one on a site of her own: one answer, and no trace."""
    campaign, stranger = desk.create(), desk.world.cyd
    real = desk.ask(route.method, f"/{campaign['id']}{route.path}", as_=stranger, json=route.body)
    none = desk.ask(route.method, f"/{UNKNOWN}{route.path}", as_=stranger, json=route.body)
    own = open_desk(desk.world, stranger)
    elsewhere = own.ask(route.method, f"/{campaign['id']}{route.path}", json=route.body)
    assert bare(real) == bare(none) == bare(elsewhere)
    assert (real.status, real.code) == (404, "not_found")
    assert desk.show(campaign["id"]) == campaign


def bare(answer: HttpAnswer) -> tuple[int, dict[str, Any]]:
    """Status and body, without what differs from one request to the next."""
    return answer.status, {name: value for name, value in answer.json().items() if name != "instance"}
