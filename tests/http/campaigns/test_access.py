"""Who may ask about campaigns: nobody without credentials, no stranger, no key without the scope, no key of another
site; and what none of them can tell apart.
"""

from __future__ import annotations

import pytest

from chalicelib.core.identity import Scope
from tests.http.campaigns.desk import (
    CAMPAIGN,
    COLLECTION,
    OF_CAMPAIGNS,
    SCOPES,
    UNKNOWN_SITE,
    Desk,
    Route,
    bare,
    cannot_tell_it_from_none,
    open_desk,
)

ONE = pytest.mark.parametrize("route", OF_CAMPAIGNS, ids=lambda route: route.name)
ALL = pytest.mark.parametrize("route", COLLECTION, ids=lambda route: route.name)


@ONE
def test_one_campaign_answers_nobody_without_credentials(desk: Desk, route: Route) -> None:
    campaign = desk.create()
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}):
        answer = desk.world.client.request(
            route.method, f"{desk.path}/{campaign['id']}{route.path}", json=route.body, headers=headers
        )
        assert answer.status == 401
    assert desk.show(campaign["id"]) == campaign


@ALL
def test_the_list_answers_nobody_without_credentials(desk: Desk, route: Route) -> None:
    assert desk.world.client.request(route.method, desk.path, json=route.body).status == 401


@ONE
def test_a_stranger_cannot_tell_a_campaign_from_none(desk: Desk, route: Route) -> None:
    cannot_tell_it_from_none(desk, route)


@ALL
def test_a_stranger_cannot_tell_a_site_from_none(desk: Desk, route: Route) -> None:
    desk.create()
    real = desk.ask(route.method, as_=desk.world.cyd, json=route.body)
    path = f"/v1/sites/{UNKNOWN_SITE}/campaigns"
    none = desk.world.client.request(route.method, path, as_=desk.world.cyd, json=route.body)
    assert bare(real) == bare(none)
    assert (real.status, real.code) == (404, "not_found")
    assert len(desk.listed()) == 1


@ONE
def test_a_campaign_is_unknown_on_the_owners_other_sites(desk: Desk, route: Route) -> None:
    campaign, other = desk.create(), open_desk(desk.world, desk.owner)
    assert other.ask(route.method, f"/{campaign['id']}{route.path}", json=route.body).status == 404
    assert desk.show(campaign["id"]) == campaign


@pytest.mark.parametrize("route", [*COLLECTION, *OF_CAMPAIGNS], ids=lambda route: f"{route.name} {route.scope}")
def test_a_key_without_the_scope_is_told_which_one(desk: Desk, route: Route) -> None:
    campaign = desk.create()
    key = desk.world.api_key(desk.owner, *(scope for scope in SCOPES if scope != route.scope))
    path = "" if route in COLLECTION else f"/{campaign['id']}{route.path}"
    answer = desk.ask(route.method, path, as_=key, json=route.body)
    assert (answer.status, answer.code, answer.json()["scope"]) == (403, "forbidden", str(route.scope))
    assert desk.show(campaign["id"]) == campaign


def test_to_write_is_not_to_send(desk: Desk) -> None:
    """A campaign that is created with its schedule goes out by itself."""
    key = desk.world.api_key(desk.owner, Scope.CAMPAIGNS_WRITE)
    assert desk.ask("POST", as_=key, json=CAMPAIGN).status == 201
    refused = desk.ask("POST", as_=key, json={**CAMPAIGN, "schedule": {"send_at": desk.at(hours=1)}})
    assert (refused.status, refused.json()["scope"]) == (403, "campaigns:send")
    assert len(desk.listed()) == 1


def test_a_key_that_is_bound_to_another_site_knows_of_none(desk: Desk) -> None:
    campaign, other = desk.create(), open_desk(desk.world, desk.owner)
    key = desk.world.api_key(desk.owner, Scope.CAMPAIGNS_READ, site_id=other.site_id)
    assert desk.ask("GET", as_=key).status == 404
    assert desk.ask("GET", f"/{campaign['id']}", as_=key).status == 404
    assert other.ask("GET", as_=key).json()["data"] == []


def test_an_editor_may_do_it_all(desk: Desk) -> None:
    campaign = desk.ask("POST", as_=desk.world.ben, json=CAMPAIGN)
    assert campaign.status == 201
    assert desk.ask("POST", f"/{campaign.json()['id']}/send", as_=desk.world.ben).status == 202


def test_the_operator_is_nobody_here(desk: Desk) -> None:
    campaign = desk.create()
    answer = desk.ask("GET", f"/{campaign['id']}", as_=desk.world.operator_key())
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_closed_site_takes_its_campaigns_along(desk: Desk) -> None:
    campaign = desk.create()
    assert desk.world.client.delete(f"/v1/sites/{desk.site_id}", as_=desk.owner).status == 202
    for path in ("", f"/{campaign['id']}"):
        assert desk.ask("GET", path).status == 404
    assert desk.ask("POST", f"/{campaign['id']}/send").status == 404


@pytest.mark.parametrize(
    "campaign_id", ["nonsense", "cmp_", "cmp_%2F..%2F", "run_00000000000000000000000000", "ü", "CMP_" + "0" * 26]
)
def test_what_cannot_be_an_id_is_as_unknown_as_any(desk: Desk, campaign_id: str) -> None:
    answer = desk.ask("GET", f"/{campaign_id}")
    assert (answer.status, answer.code) == (404, "not_found")
