"""A small app behind the real door: one endpoint for each thing the door does, and fakes that remember what they saw."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.core.errors import Conflict, OverLimit, PushError, Unauthenticated, Unavailable
from chalicelib.core.identity import ROLE_SCOPES, Principal, Role, Scope
from chalicelib.web.allow import ANYONE, BROWSER, OPERATOR, OWN, OWNER, USER, fresh, holder, standing
from chalicelib.web.api import Answer, Api, Call
from chalicelib.web.app import App, Buckets
from chalicelib.web.schema import ListQuery, Nothing, Schema, Secret
from tests.fakes.limits import MemoryBuckets
from tests.fakes.suspicion import Watchman

A = TypeVar("A")

PRINCIPALS = {
    "ada": Principal("usr_ada", "ten_a", ROLE_SCOPES[Role.OWNER], role=Role.OWNER),
    "over": Principal("usr_ada", "ten_a", ROLE_SCOPES[Role.OWNER], role=Role.OWNER, session_id="ses_over"),
    "cyd": Principal("usr_cyd", "ten_c", ROLE_SCOPES[Role.OWNER], role=Role.OWNER),
    "dan": Principal("usr_dan", "ten_a", ROLE_SCOPES[Role.OWNER], role=Role.OWNER, owes_second_factor=True),
    "eli": Principal("usr_eli", "ten_a", ROLE_SCOPES[Role.OWNER], role=Role.OWNER, owes_second_factor=True),
    "agent": Principal("usr_amy", "ten_a", ROLE_SCOPES[Role.AGENT], role=Role.AGENT),
    "key": Principal("key_1", "ten_a", frozenset({Scope.SITES_WRITE}), site_id="site_1"),
    "operator": Principal("key_2", "", frozenset({Scope.OPS})),
}


class Doorkeeper:
    def authenticate(self, token: str, *, now: datetime) -> Principal:
        """`ada+10` is Ada, who gave her password ten minutes ago."""
        assert now.tzinfo
        name, _, minutes = token.partition("+")
        if name in PRINCIPALS and minutes:
            return replace(PRINCIPALS[name], proven_at=now - timedelta(minutes=float(minutes)))
        if token not in PRINCIPALS:
            raise Unauthenticated("This token is not known.")
        return PRINCIPALS[token]

    def confirm(self, person: Principal, *, now: datetime) -> Principal:
        """Dan has set up a second factor since his token was issued."""
        assert now.tzinfo
        if person.session_id == "ses_over":
            raise Unauthenticated("This session is over.")
        return replace(person, owes_second_factor=person.owes_second_factor and person.subject != "usr_dan")


@dataclass
class Notebook:
    """Trail, replays and observer in one; each may be told to fail."""

    trail: list[dict[str, Any]] = field(default_factory=list)
    log: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    kept: dict[str, tuple[str, int | None, str]] = field(default_factory=dict)
    readings: list[dict[str, Any]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def append(self, **row: Any) -> None:
        self._may("append")
        self.trail.append(row)

    def note_reading(self, **row: Any) -> None:
        self._may("note_reading")
        self.readings.append(row)

    def begin(self, *, place: str, fingerprint: str, now: datetime) -> tuple[int, str] | None:
        self._may("begin")
        before = self.kept.get(place)
        if before is None:
            self.kept[place] = (fingerprint, None, "")
            return None
        if before[0] != fingerprint:
            raise Conflict("other body")
        if before[1] is None:
            raise Conflict("still running")
        return before[1], before[2]

    def finish(self, *, place: str, fingerprint: str, status: int, body: str, now: datetime, tenant_id: str) -> None:
        self._may("finish")
        self.kept[place] = (fingerprint, status, body)

    def abandon(self, *, place: str) -> None:
        self._may("abandon")
        del self.kept[place]

    def note(self, event: str, **facts: Any) -> None:
        self.log.append(("note", event, facts))

    def alarm(self, event: str, **facts: Any) -> None:
        self.log.append(("alarm", event, facts))

    def _may(self, what: str) -> None:
        if what in self.broken:
            raise Unavailable


class Thing(Schema):
    name: str
    amount: float = 0


class Settings(Schema):
    name: str | None = None
    secure: bool | None = None


class Made(Schema):
    id: str
    name: str
    secret: Secret


class Taken(Conflict):
    """The name belongs to something else already."""

    code = "name_taken"
    title = "This name is taken."


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class Toy:
    """The app, what it remembers, and how to call it."""

    def __init__(self, buckets: Buckets | None = None) -> None:
        self.notebook = Notebook()
        self.buckets = MemoryBuckets()
        self.watchman = Watchman()
        self.calls: list[Call[Any]] = []
        self.app = App(
            "toy",
            authenticator=Doorkeeper,
            trail=lambda: self.notebook,
            replays=lambda: self.notebook,
            buckets=lambda: buckets or self.buckets,
            suspicion=lambda: self.watchman,
            observer=self.notebook,
        )
        self.api = Api(__name__, tag="toys")
        self._lay_open_routes()
        self._lay_guarded_routes()
        self._lay_mutations()
        self.app.register_blueprint(self.api)

    def call(
        self,
        method: str,
        path: str,
        *,
        as_: str | None = None,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, list[str]] | None = None,
        base64: bool = False,
        **path_parts: str,
    ) -> Reply:
        sent = {"Content-Type": "application/json"} | dict(headers or {})
        event = {
            "requestContext": {"httpMethod": method, "resourcePath": path, "identity": {"sourceIp": "203.0.113.7"}},
            "headers": sent | ({"Authorization": f"Bearer {as_}"} if as_ else {}),
            "multiValueQueryStringParameters": query,
            "pathParameters": path_parts or None,
            "stageVariables": None,
            "body": body,
            "isBase64Encoded": base64,
        }
        answer = self.app(event, None)
        return Reply(answer["statusCode"], answer["headers"], answer["body"])

    def _lay_open_routes(self) -> None:
        api, seen = self.api, self._seen

        @api.endpoint("GET", "/open", allow=ANYONE, query=ListQuery)
        def read_open(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name="öpen"))

        @api.endpoint("POST", "/open", allow=ANYONE, body=Thing, returns=Thing, replayable=True)
        def echo(call: Call[Thing]) -> Thing:
            return seen(call, call.body)

        @api.endpoint("POST", "/browser", allow=BROWSER, status=204)
        def from_browser(call: Call[Nothing]) -> None:
            call.answer_headers["access-control-allow-origin"] = call.header("Origin") or ""
            seen(call, None)

        @api.endpoint("POST", "/fails/{how}", allow=ANYONE)
        def fail(call: Call[Nothing]) -> None:
            failure = FAILURES[call.path["how"]]
            raise failure()

    def _lay_guarded_routes(self) -> None:
        api, seen = self.api, self._seen

        @api.endpoint("GET", "/mine", allow=USER)
        def read_mine(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name=call.tenant_id))

        @api.endpoint("GET", "/fresh", allow=fresh(USER))
        def read_fresh(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name="fresh"))

        @api.endpoint("GET", "/own", allow=OWN)
        def read_own(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name="own"))

        @api.endpoint("GET", "/own/fresh", allow=fresh(OWN))
        def read_own_fresh(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name="own"))

        @api.endpoint(
            "PATCH", "/settings", allow=USER, body=Settings, audit="toy.set", stricter={"secure": fresh(OWNER)}
        )
        def change_settings(call: Call[Settings]) -> Thing:
            return seen(call, Thing(name=str(call.body.secure)))

        @api.endpoint("GET", "/standing", allow=standing(holder(Scope.SITES_WRITE)))
        def read_standing(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name="standing"))

        @api.endpoint("GET", "/ops", allow=OPERATOR)
        def read_ops(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name="ops"))

        @api.endpoint("GET", "/sites/{site_id}", allow=holder(Scope.SITES_WRITE))
        def read_site(call: Call[Nothing]) -> Thing:
            return seen(call, Thing(name=call.path["site_id"]))

    def _lay_mutations(self) -> None:
        api, seen = self.api, self._seen

        @api.endpoint("DELETE", "/sites/{site_id}", allow=holder(Scope.SITES_WRITE), status=204, audit="toy.removed")
        def remove_site(call: Call[Nothing]) -> None:
            seen(call, None)

        @api.endpoint(
            "POST",
            "/things",
            allow=holder(Scope.SITES_WRITE),
            body=Thing,
            returns=Made,
            status=201,
            audit="toy.made",
            replayable=True,
        )
        def make_thing(call: Call[Thing]) -> Made:
            if call.body.name == "taken":
                raise Taken(name=call.body.name, since=call.at)
            if call.body.name == "bug":
                raise KeyError("secret-of-ours")
            return seen(call, Made(id=f"thing_{len(self.calls)}", name=call.body.name, secret="s3cret"))

        @api.endpoint("POST", "/things/all", allow=USER, status=204, audit="toy.all", replayable=True)
        def settle_all(call: Call[Nothing]) -> Answer:
            return seen(call, Answer(headers={"cache-control": "private"}))

        @api.endpoint("POST", "/letters", allow=USER, body=Thing, media_type="text/plain", replayable=True)
        def write_letter(call: Call[Thing]) -> Answer:
            return seen(call, Answer(f"Dear {call.body.name}", status=202))

    def _seen(self, call: Call[Any], answer: A) -> A:
        self.calls.append(call)
        return answer


def _newline() -> PushError:
    return Conflict("line one\r\nX-Evil: 1", fact="\r\n")


FAILURES: dict[str, Callable[[], BaseException]] = {
    "conflict": Taken,
    "limit": lambda: OverLimit(retry_after_seconds=2.2, resets_at=datetime.fromisoformat("2026-01-05T00:00:00Z")),
    "shut": Unavailable,
    "bug": lambda: ZeroDivisionError("secret-of-ours"),
    "odd facts": lambda: Conflict(thing=object(), place={"a"}, type="/evil", status=200, code="x"),
    "newline": _newline,
}
