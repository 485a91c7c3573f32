"""Every route asked as everybody: at the door, where nothing happens, and then in earnest with other people's ids."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.web.allow import Allow, Caller
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import AnyQuery, Form
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.matrix.actors import Actor
from tests.matrix.beyond import asks
from tests.matrix.rows import attributes
from tests.matrix.scene import NOBODYS, ORIGIN, Scene, Unplayed, body_ids, estate, sent

ADMITTED = 422  # what is asked at the door is nothing that any route takes: who is let in hears that, and no more
_ODD = "asked_at_the_door"
_GENERATED = re.compile(r"_[0-9a-hjkmnp-tv-z]{26}|ps_(live|test)_[0-9a-z]{8}")
_ENDS = {"DELETE": 2, "GET": 0, "OPTIONS": 0}  # in earnest, what ends things comes last
_SIGNS_OUT = frozenset({"logout", "logout_all"})


@dataclass
class Report:
    """`failures` are sentences."""

    routes: int = 0
    actors: set[str] = field(default_factory=set)
    cells: int = 0
    failures: list[str] = field(default_factory=list)

    def judge(self, endpoint: Endpoint, who: str, found: object, wanted: object) -> None:
        self.cells += 1
        if found != wanted:
            self.failures.append(f"{endpoint.method} {endpoint.path} for {who}: {found}, not {wanted}")

    @property
    def line(self) -> str:
        counts = {"routes": self.routes, "actors": len(self.actors), "cells": self.cells}
        return "MATRIX " + json.dumps({**counts, "failures": len(self.failures)})


Step = Callable[[Scene, Endpoint, Report], None]


def walk(scene: Scene, endpoints: Iterable[Endpoint]) -> Report:
    """What is done in earnest by those who may comes last: it leaves nothing as it was."""
    report, asked = Report(), sorted(endpoints, key=_order)
    report.routes = len(asked)
    before = estate(scene)
    _each(at_the_door, scene, asked, report)
    _each(with_too_much, scene, asked, report)
    _each(among_strangers, scene, asked, report)
    if estate(scene) != before:
        report.failures.append("a stranger, or somebody at the door, has changed something of the tenant's")
    _each(on_another_site, scene, asked, report)
    beyond_the_door(scene, {endpoint.name: endpoint for endpoint in asked}, report)
    _each(in_earnest, scene, asked, report)
    return report


def _each(step: Step, scene: Scene, endpoints: Iterable[Endpoint], report: Report) -> None:
    for endpoint in endpoints:
        try:
            step(scene, endpoint, report)
        except Unplayed as gap:
            report.failures.append(f"{endpoint.method} {endpoint.path}: {gap}")


def expected(allow: Allow, actor: Actor, *, names_site: str | None) -> int:
    """The status at the door, by the words of docs/access.md. `names_site` is the site in the path."""
    is_operator, is_person = "ops" in actor.scopes, actor.role is not None
    if allow.caller in {Caller.ANYONE, Caller.BROWSER}:
        return ADMITTED
    if not actor.is_known:
        return 401
    if is_operator is not (allow.caller is Caller.OPERATOR):
        return 404
    if allow.caller is Caller.USER and not is_person:
        return 403
    if actor.is_by_sso and allow.is_own and not allow.is_open_to_sso:
        return 403
    if allow.role not in {None, actor.role} or not {allow.scope} - {None} <= actor.scopes:
        return 403
    if allow.is_fresh and not actor.is_fresh:
        return 403
    if allow.is_standing and is_person and not actor.stands:
        return 401
    return 404 if names_site and actor.site_id not in {None, names_site} else ADMITTED


def at_the_door(scene: Scene, endpoint: Endpoint, report: Report) -> None:
    names_site = scene.things["site_id"] if "{site_id}" in endpoint.path else None
    for actor in scene.cast.before(endpoint.allow.scope):
        wanted = expected(endpoint.allow, actor, names_site=names_site)
        found = knock(scene, endpoint, actor.token).status
        if issubclass(endpoint.query, AnyQuery):  # a page that takes whatever hangs on its link
            wanted = endpoint.status
        report.actors.add(actor.name)
        report.judge(endpoint, actor.name, found, wanted)


def knock(scene: Scene, endpoint: Endpoint, token: str | None) -> HttpAnswer:
    return scene.world.client.request(
        endpoint.method,
        scene.path(endpoint),
        as_=token,
        query={_ODD: "1"},
        **sent(endpoint, {_ODD: 1} if endpoint.takes_body else None),
    )


def with_too_much(scene: Scene, endpoint: Endpoint, report: Report) -> None:
    """Who may, and brings every attribute of every row along that is not asked for: nothing of it is taken (SECURITY 4)."""
    if not endpoint.takes_body or issubclass(
        endpoint.body, Form
    ):  # which other people's pages fill: two fields are read
        return
    more = sorted(attributes() - endpoint.body.model_fields.keys())
    body = scene.body(endpoint) | dict.fromkeys(more, "mine")
    answer = scene.world.client.request(
        endpoint.method,
        scene.path(endpoint),
        as_=who_may(scene, endpoint),
        json=body,
        headers={"Origin": ORIGIN, "X-Subscription-Token": scene.things["subscription_token"]},
    )
    report.judge(endpoint, "who brings too much", answer.status, 422)


def among_strangers(scene: Scene, endpoint: Endpoint, report: Report) -> None:
    """A foreign thing, and a foreign thing in a place of one's own, is to a stranger what nothing is (SECURITY 3)."""
    if endpoint.allow.caller not in {Caller.USER, Caller.TENANT}:
        return
    named = _named(endpoint)
    if not named:
        return
    token = scene.cast.stranger.access_token
    nothing = {name: NOBODYS[name] for name in named}
    foreign = {name: scene.things[name] for name in named}
    _same(scene, endpoint, report, ("another tenant's owner", token), foreign, nothing)
    if named[0] == "site_id" and len(named) > 1:
        own = {"site_id": scene.abroad}
        _same(scene, endpoint, report, ("another tenant's owner, at home", token), foreign | own, nothing | own)


def on_another_site(scene: Scene, endpoint: Endpoint, report: Report) -> None:
    """What belongs to one site is nothing to another of the same tenant, and nothing to a key that is bound to that."""
    if endpoint.allow.caller not in {Caller.USER, Caller.TENANT}:
        return
    named = _named(endpoint)
    if "site_id" in named:
        nothing = {name: NOBODYS[name] for name in named}
        foreign = {name: scene.things[name] for name in named}
        _same(scene, endpoint, report, ("a key bound to another site", scene.cast.bound), foreign, nothing)
        if len(named) > 1:
            other = {"site_id": scene.elsewhere}
            owner = scene.cast.owner.access_token
            _same(scene, endpoint, report, ("an owner, on another site", owner), foreign | other, nothing | other)
    elif endpoint.allow.caller is Caller.TENANT:
        answer = scene.ask(endpoint, scene.cast.bound)
        told = [name for name in ("site_id", "user_id", "invitation_id") if scene.things[name] in answer.text]
        is_less = answer.status == 403 or (answer.status == 200 and endpoint.method == "GET")
        report.judge(endpoint, "a key bound to another site", (is_less, told), (True, []))


def beyond_the_door(scene: Scene, endpoints: Mapping[str, Endpoint], report: Report) -> None:
    for each in asks(scene) if len(endpoints) > 1 else ():
        answer = scene.world.client.request(each.method, each.path, as_=each.token, json=each.body)
        found = (answer.status, answer.json().get("code") if answer.text else "")
        report.judge(endpoints[each.name], f"{each.who}, beyond the door", found, (403, each.code))


def in_earnest(scene: Scene, endpoint: Endpoint, report: Report) -> None:
    """What the ids above were is really there, and who may is really let in: else sameness would prove nothing."""
    answer = scene.ask(endpoint, who_may(scene, endpoint))
    is_served = answer.status < 400 or answer.status == 409
    if endpoint.allow.caller is Caller.ANYONE:  # whose credentials, if any, are in the body: those are made up
        is_served = is_served or answer.status == 401
    report.judge(endpoint, "who may", "served" if is_served else answer.text, "served")


def who_may(scene: Scene, endpoint: Endpoint) -> str | None:
    people = scene.cast
    match endpoint.allow.caller:
        case Caller.OPERATOR:
            return people.operator
        case Caller.USER if endpoint.name == "close_tenant":  # by then the generous one has given it away
            return people.owner.access_token
        case Caller.USER if endpoint.name == "erase_me":
            return people.guarded.access_token
        case Caller.USER if endpoint.allow.role:
            return people.generous.access_token
        case Caller.USER if endpoint.path.startswith("/v1/auth/totp"):
            return people.guarded.access_token
        case Caller.USER if endpoint.allow.scope is None and "{user_id}" not in endpoint.path:
            return people.restless.access_token
        case Caller.USER | Caller.TENANT:
            return people.owner.access_token
    return None


def _named(endpoint: Endpoint) -> list[str]:
    """The ids that a call names: in the path, site first, and in the body."""
    found = [*endpoint.path_parameters, *body_ids(endpoint)]
    gaps = set(found) - NOBODYS.keys() - {"name", "code", "site_key", "provider"}
    if gaps:
        raise Unplayed(f"nothing is called {min(gaps)}")
    return [name for name in dict.fromkeys(found) if name in NOBODYS]


def _same(
    scene: Scene, endpoint: Endpoint, report: Report, who: tuple[str, str], one: dict[str, str], other: dict[str, str]
) -> None:
    name, token = who
    seen = [_heard(scene, endpoint, token, ids) for ids in (one, other)]
    report.judge(endpoint, f"{name}, of a thing and of nothing", seen[0], seen[1])
    report.judge(endpoint, name, seen[0][0] in {403, 404} or _is_nothing(seen[0]) or seen[0], True)


def _is_nothing(heard: tuple[int, Any, list[str]]) -> bool:
    """Taken, and done to nobody."""
    return any(nothing in str(heard) for nothing in ("'accepted': 0", "'removed': 0"))


def _heard(scene: Scene, endpoint: Endpoint, token: str, ids: dict[str, str]) -> tuple[int, Any, list[str]]:
    """Status, body, and every call that was made for it."""
    with Faults() as faults:
        answer = scene.ask(endpoint, token, **ids)
        calls = list(faults.calls)
    text = answer.text
    for each, value in ids.items():
        text = text.replace(value, each)
    told = {key: value for key, value in json.loads(_GENERATED.sub("_new", text) or "{}").items() if key != "instance"}
    return answer.status, told, calls


def _order(endpoint: Endpoint) -> tuple[int, int, str]:
    """In earnest: looked at first, then changed, then ended, and what holds the rest at the very end."""
    turn = 3 if endpoint.name in _SIGNS_OUT else _ENDS.get(endpoint.method, 1)
    return turn, -len(endpoint.path_parameters), endpoint.path
