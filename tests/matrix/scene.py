"""What stands behind the routes: one of everything that an id can name, in one tenant, and the same places left empty."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from app import app
from chalicelib.aws.values import Row
from chalicelib.core import drive, ids
from chalicelib.core.clock import in_seconds
from chalicelib.core.receipts import Receipts
from chalicelib.core.suspicion import KEY_ADDRESSES, Block, Consequence
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from chalicelib.features.identity.model.second_factor import STEP_SECONDS
from chalicelib.features.identity.wiring import suspicion
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.wiring import ports
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.openapi.document import document
from chalicelib.web.schema import Form
from infra.local.push_service.service import PushService
from tests.fakes.gateway import HttpAnswer
from tests.fakes.saml import desk as idp
from tests.matrix.actors import Cast, cast
from tests.world import PASSWORD, Person, World

ORIGIN = "https://shop.example"
MESSAGE = {"title": "Sale", "body": "Until Sunday", "url": f"{ORIGIN}/sale"}
_ULID = "0" * 26
_HOST = "fcm.googleapis.com"
NOBODYS: Mapping[str, str] = {
    "block_id": f"blk_{_ULID}",
    "campaign_id": f"cmp_{_ULID}",
    "export_id": f"exp_{_ULID}",
    "host": "updates.push.services.mozilla.com",
    "invitation_id": f"inv_{_ULID}",
    "job_id": f"job_{_ULID}",
    "key_id": f"key_{_ULID}",
    "notification_id": f"ntf_{_ULID}",
    "run_id": f"run_{_ULID}",
    "session_id": f"ses_{_ULID}",
    "site_id": f"site_{_ULID}",
    "subscription_id": "sub_" + "0" * 32,
    "tenant_id": f"ten_{_ULID}",
    "user_id": f"usr_{_ULID}",
}
OF_THE_HOUSE: Mapping[str, str] = {"code": "not_found", "name": "send", "provider": "google"}  # the same for everybody
_QUERIES: Mapping[str, Mapping[str, str]] = {"finish_oauth": {"state": "made up"}}  # what a route cannot do without
_FOREIGN_WORDS = frozenset({"entity_id", "external_id"})  # ids that are not ours
_CONTRACT = document(app.endpoints, groups=app.groups, server_url="/")


class Unplayed(LookupError):
    """Something of a route that the scene has nothing for: it has to be given it."""


@dataclass
class Scene:
    """`things` are those of the owner's site; `elsewhere` is an empty site of the same tenant, `abroad` the stranger's."""

    world: World
    cast: Cast
    things: dict[str, str]
    elsewhere: str
    abroad: str
    answers: list[tuple[Endpoint, HttpAnswer]] = field(default_factory=list)

    def path(self, endpoint: Endpoint, **instead: str) -> str:
        known = {**OF_THE_HOUSE, **self.things, **instead}
        missing = set(endpoint.path_parameters) - known.keys()
        if missing:
            raise Unplayed(f"nothing is called {min(missing)}")
        return endpoint.path.format(**known)

    def body(self, endpoint: Endpoint, **instead: str) -> Any:
        """One that would do, from the contract's own example."""
        if not endpoint.takes_body:
            return None
        operation = _CONTRACT["paths"][endpoint.path][endpoint.method.lower()]
        example = next(iter(operation["requestBody"]["content"][endpoint.body_type]["examples"].values()))
        shown = _CONTRACT["components"]["examples"][example["$ref"].rpartition("/")[2]]["value"]
        body = _named(self._special(endpoint.name) or shown, {**self.things, **instead})
        unsaid = set(body_ids(endpoint)) - {name.removesuffix("s") for name in _names(body)}
        if unsaid:
            raise Unplayed(f"its body names no {min(unsaid)}")
        return body

    def _special(self, name: str) -> dict[str, Any] | None:
        """Where the contract's example would not do here."""
        ahead = (self.world.clock.now() + timedelta(days=1)).isoformat()
        specials: dict[str, dict[str, Any]] = {
            "login": {"email": "nobody@example.com", "password": PASSWORD, "tenant_id": ""},
            "exchange_oauth_code": {"code": "made up", "tenant_id": ""},
            "exchange_saml_code": {"code": "made up"},
            "change_sso": {"metadata": idp().metadata(), "default_role": "agent"},
            "create_api_key": {"name": "Checkout server", "scopes": ["sites:read"], "site_id": ""},
            "export_subscriber": {"subscription_id": ""},
            "erase_subscriber": {"subscription_id": ""},
            "step_up": {"password": PASSWORD},
            "ask_for_email": {"password": PASSWORD, "email": "new@example.com"},
            "change_password": {"current_password": PASSWORD, "password": "an entirely new one"},
            "confirm_second_factor": {"otp": self._code()},
            "change_campaign": {"name": "Winter sale"},
            "report_events": {"events": [{"type": "displayed", "receipt": self.things["receipt"]}]},
            "schedule_campaign": {"schedule": {"send_at": ahead}},
            "test_campaign": {"subscription_ids": [""]},
            "send_notification": {"to": {"subscription_ids": [""]}, "message": MESSAGE},
        }
        return specials.get(name)

    def _code(self) -> str:
        """Of the second factor that was set up last; before that, any."""
        set_up = [answer for endpoint, answer in self.answers if endpoint.name == "set_up_second_factor"]
        if not set_up:
            return "123456"
        secret, step = set_up[-1].json()["secret"], in_seconds(self.world.clock.now()) // STEP_SECONDS
        return AuthenticatorApp().code(base64.b32decode(secret), step)

    def ask(self, endpoint: Endpoint, token: str | None, **instead: str) -> HttpAnswer:
        """What would do, if `token` may."""
        answer = self.world.client.request(
            endpoint.method,
            self.path(endpoint, **instead),
            as_=token,
            query=_QUERIES.get(endpoint.name),
            **sent(endpoint, self.body(endpoint, **instead), self.things["subscription_token"]),
        )
        self.answers.append((endpoint, answer))
        return answer


def sent(endpoint: Endpoint, body: Any, subscription_token: str = "") -> dict[str, Any]:
    """A body as this route takes it, and what all of them are told."""
    headers = {"Origin": ORIGIN, "X-Subscription-Token": subscription_token}
    if body is None or not issubclass(endpoint.body, Form):
        return {"json": body, "headers": headers}
    return {"body": urlencode(body), "headers": headers | {"Content-Type": endpoint.body_type}}


def ids_in(schema: Any) -> Iterator[str]:
    """The names of our own things that a body may name."""
    for name, inner in schema.get("properties", {}).items():
        kind = name.removesuffix("s")
        if kind.endswith("_id") and kind not in _FOREIGN_WORDS:
            yield kind
        yield from ids_in(inner)
    for inner in (*schema.get("$defs", {}).values(), *schema.get("anyOf", ())):
        yield from ids_in(inner)


def body_ids(endpoint: Endpoint) -> list[str]:
    return sorted(set(ids_in(endpoint.body.model_json_schema())))


def _names(body: Any) -> Iterator[str]:
    for name, inner in body.items():
        yield name
        if isinstance(inner, dict):
            yield from _names(inner)


def _named(example: Any, things: Mapping[str, str]) -> Any:
    match example:
        case dict():
            return {name: _thing(name, inner, things) for name, inner in example.items()}
        case list():
            return [_named(inner, things) for inner in example]
    return example


def _thing(name: str, example: Any, things: Mapping[str, str]) -> Any:
    kind = name.removesuffix("s")
    if not kind.endswith("_id") or kind in _FOREIGN_WORDS:
        return _named(example, things)
    if kind not in things:
        raise Unplayed(f"nothing is called {kind}")
    return [things[kind]] if isinstance(example, list) else things[kind]


def estate(scene: Scene) -> list[Row]:
    """Everything that belongs to the owner's tenant, and stands under its name; but for what the door for browsers notes
    of who came, which is about whoever comes.
    """
    tenant_id = scene.things["tenant_id"]
    rows = (row for table in ("core", "events", "sends", "subs") for row in scene.world.aws.rows(table))
    return [row for row in rows if tenant_id in row["pk"] and not row["sk"].startswith("SEEN#")]


def set_up(world: World) -> Scene:
    owner = world.ada
    site = _made(world, owner, "/v1/sites", {"name": "Shop", "url": ORIGIN})
    other = _made(world, owner, "/v1/sites", {"name": "Other", "url": "https://other.example"})
    people = cast(world, site_id=site["id"], other_site_id=other["id"])
    abroad = _made(world, people.stranger, "/v1/sites", {"name": "Abroad", "url": "https://abroad.example"})
    scene = Scene(world, people, {}, other["id"], abroad["id"])
    scene.things |= {"tenant_id": owner.tenant_id, "site_id": site["id"], "site_key": site["site_key"]}
    scene.things |= _of_the_site(world, people.owner, site) | _of_the_tenant(world, people)
    return scene


def _of_the_site(world: World, owner: Person, site: Any) -> dict[str, str]:
    path = f"/v1/sites/{site['id']}"
    browser = PushService.simulated(7, 1, vapid_public_key=site["vapid_public_key"])
    sdk = f"/v1/sdk/{site['site_key']}/subscriptions"
    made = world.client.post(sdk, json={"subscription": browser}, headers={"Origin": ORIGIN}).json()
    world.clock.advance(seconds=1)
    draft = {"name": "Sale", "message": MESSAGE, "audience": {"all": True}}
    sent = _made(world, owner, f"{path}/campaigns", draft)["id"]
    run = _made(world, owner, f"{path}/campaigns/{sent}/send", None, status=202)["run"]
    world.lambdas.work("plan")
    notified = {"to": {"subscription_ids": [made["subscription_id"]]}, "message": MESSAGE}
    gate = Gate(_HOST).closed(Closure.BUSY, now=world.clock.now(), wish=timedelta())
    drive.run(ports().gates.save(owner.tenant_id, site["id"], gate))
    return {
        "campaign_id": _made(world, owner, f"{path}/campaigns", draft)["id"],
        "host": _HOST,
        "notification_id": _made(world, owner, f"{path}/notifications", notified, status=202)["id"],
        "run_id": run,
        "receipt": _receipt(world, owner.tenant_id, run, made["subscription_id"]),
        "subscription_id": made["subscription_id"],
        "subscription_token": made["token"],
        "endpoint": browser["endpoint"],
        "auth": browser["keys"]["auth"],
    }


def _receipt(world: World, tenant_id: str, run_id: str, subscription_id: str) -> str:
    """As the push to this browser has carried it."""
    mint = Receipts(b"test-pepper").mint(tenant_id=tenant_id, run_id=run_id, began_at=world.clock.now())
    return mint.receipt(bytes.fromhex(subscription_id.removeprefix("sub_"))).decode()


def _of_the_tenant(world: World, people: Cast) -> dict[str, str]:
    owner = people.owner
    asked = {"email": "guest@example.com", "role": "agent"}
    key = _made(world, owner, "/v1/api-keys", {"name": "doomed", "scopes": ["sites:read"]})
    _made(world, owner, "/v1/privacy/erase", {"external_id": "nobody"}, status=202)  # the way to its queue is known now
    sessions = world.client.get("/v1/me/sessions", as_=people.restless).json()["data"]
    return {
        "export_id": _made(world, owner, "/v1/audit-log/export", None, status=202)["id"],
        "job_id": _made(world, owner, "/v1/privacy/export", {"external_id": "customer-1815"}, status=202)["id"],
        "block_id": _block(owner.tenant_id, key["id"], world.clock.now()),
        "invitation_id": _made(world, owner, "/v1/invitations", asked)["id"],
        "key_id": key["id"],
        "session_id": sessions[0]["id"],
        "user_id": people.companion.user_id,
    }


def _block(tenant_id: str, subject: str, now: datetime) -> str:
    until = now + timedelta(days=1)
    block = Block(ids.new("blk"), tenant_id, subject, KEY_ADDRESSES.name, Consequence.BLOCK, since=now, until=until)
    assert suspicion().blocks.begin(block, now=now)
    return block.id


def _made(world: World, who: Person, path: str, body: Any, *, status: int = 201) -> Any:
    answer = world.client.post(path, as_=who, json=body)
    assert answer.status == status, answer.text
    return json.loads(answer.text)
