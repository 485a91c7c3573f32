"""Who may stop, try and watch: nobody without credentials, no stranger, no key without the scope."""

from __future__ import annotations

import pytest

from tests.http.campaigns.desk import HOSTILE, OF_SENDING, SCOPES, Desk, Route, cannot_tell_it_from_none, open_desk
from tests.world import World

ONE = pytest.mark.parametrize("route", OF_SENDING, ids=lambda route: route.name)


@pytest.fixture
def desk(world: World) -> Desk:
    return open_desk(world, world.ada)


@ONE
def test_nobody_without_credentials(desk: Desk, route: Route) -> None:
    path = f"{desk.path}/{desk.create()['id']}{route.path}"
    assert desk.world.client.request(route.method, path, json=route.body).status == 401


@ONE
def test_a_stranger_cannot_tell_a_campaign_from_none(desk: Desk, route: Route) -> None:
    cannot_tell_it_from_none(desk, route)


@ONE
def test_a_campaign_is_unknown_on_the_owners_other_sites(desk: Desk, route: Route) -> None:
    other = open_desk(desk.world, desk.owner)
    assert other.ask(route.method, f"/{desk.create()['id']}{route.path}", json=route.body).status == 404


@ONE
def test_a_key_without_the_scope_is_told_which_one(desk: Desk, route: Route) -> None:
    key = desk.world.api_key(desk.owner, *(scope for scope in SCOPES if scope != route.scope))
    answer = desk.ask(route.method, f"/{desk.create()['id']}{route.path}", as_=key, json=route.body)
    assert (answer.status, answer.code, answer.json()["scope"]) == (403, "forbidden", str(route.scope))


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_hostile_body_tries_nothing(desk: Desk, shape: str) -> None:
    body, status, code = HOSTILE[shape]
    campaign = desk.create()
    answer = desk.ask("POST", f"/{campaign['id']}/test", body=body)
    assert (answer.status, answer.code) == (status, code)
    assert desk.ask("GET", f"/{campaign['id']}/runs").json()["data"] == []
