"""Trips that came back, and links, as rows: who is first, who is late, and what an answer that was lost leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.errors import Conflict, Stale
from chalicelib.features.identity.model.oauth import Arrival, Link, Profile, set_out
from chalicelib.features.identity.model.person import EmailTaken, User
from chalicelib.features.identity.model.session import Session, start
from chalicelib.features.identity.store.arrival import ArrivalRows
from chalicelib.features.identity.store.link import LinkRows
from chalicelib.features.tenants.model import open_tenant
from chalicelib.features.tenants.wiring import opening_write
from tests.adapters.aws.faults import Faults
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation

PROFILE = Profile("google", "https://accounts.google.com", "1815", "grace@example.com", is_email_verified=True)


@pytest.fixture
def arrivals(aws: Installation) -> ArrivalRows[Arrival]:
    return ArrivalRows(Arrival, prefix="OAUTH")


@pytest.fixture
def links(aws: Installation) -> LinkRows:
    return LinkRows(tenant_write=opening_write())


@pytest.fixture
def arrival(clock: ManualClock) -> Arrival:
    trip = set_out(provider="google", challenge="", now=clock.now())
    return Arrival(trip.id, trip.expires_at, mark="first")


def person(clock: ManualClock, name: str) -> User:
    return User(f"usr_{name}", f"{name}@example.com", f"mailbox of {name}", "hash", clock.now())


def link_of(user: User, *, key: str = "a" * 32) -> Link:
    return Link(key, user.id, "google", user.created_at, "mark")


def test_a_trip_is_claimed_once(arrivals: ArrivalRows[Arrival], arrival: Arrival) -> None:
    arrivals.claim(arrival)
    assert arrivals.get(arrival.id) == arrival
    for rival in (replace(arrival, mark="second"), arrival):
        with pytest.raises(Stale):
            arrivals.claim(rival)


def test_a_claim_whose_answer_was_lost_is_the_claimants(arrivals: ArrivalRows[Arrival], arrival: Arrival) -> None:
    with Faults() as faults:
        faults.silence("dynamodb.PutItem")
        arrivals.claim(arrival)
    assert arrivals.get(arrival.id) == arrival


def test_what_the_provider_said_is_kept_until_the_code_is_spent(
    arrivals: ArrivalRows[Arrival], arrival: Arrival, clock: ManualClock
) -> None:
    arrivals.claim(arrival)
    until = clock.now() + timedelta(minutes=2)
    proven = arrivals.prove(arrival, profile=PROFILE, expires_at=until)
    assert arrivals.get(arrival.id) == proven
    assert (proven.profile, proven.expires_at) == (PROFILE, until)
    counted = arrivals.count_attempt(proven, mark="try")
    assert arrivals.get(arrival.id) == counted
    arrivals.spend(counted)
    spent = arrivals.get(arrival.id)
    assert spent is not None
    assert (spent.is_spent, spent.profile, spent.is_open(clock.now())) == (True, None, False)


def test_of_two_changes_of_one_state_one_is_late(
    arrivals: ArrivalRows[Arrival], arrival: Arrival, clock: ManualClock
) -> None:
    arrivals.claim(arrival)
    proven = arrivals.prove(arrival, profile=PROFILE, expires_at=clock.now())
    for late in (
        lambda: arrivals.prove(arrival, profile=PROFILE, expires_at=clock.now()),
        lambda: arrivals.count_attempt(arrival, mark="late"),
        lambda: arrivals.spend(arrival),
    ):
        with pytest.raises(Stale):
            late()
    assert arrivals.get(arrival.id) == proven


def test_the_row_outlives_the_state_of_its_trip(
    aws: Installation, arrivals: ArrivalRows[Arrival], arrival: Arrival
) -> None:
    arrivals.claim(arrival)
    (row,) = aws.rows("idem")
    assert row["ttl"] > arrival.expires_at.timestamp()


def test_an_unknown_trip_or_link_is_none(arrivals: ArrivalRows[Arrival], links: LinkRows) -> None:
    assert arrivals.get("0" * 26) is None
    assert links.at("0" * 32) is None


def test_a_link_is_made_once_and_renewed_by_who_has_read_it(links: LinkRows, clock: ManualClock) -> None:
    link = link_of(person(clock, "grace"))
    links.put(link, instead_of=None)
    assert links.at(link.key) == link
    with pytest.raises(Stale):
        links.put(replace(link, user_id="usr_mallory"), instead_of=None)
    renewed = replace(link, mark="another")
    links.put(renewed, instead_of=link)
    assert links.at(link.key) == replace(renewed, rev=2)
    with pytest.raises(Stale):
        links.put(renewed, instead_of=link)


def test_an_account_is_opened_with_its_link_or_not_at_all(
    aws: Installation, links: LinkRows, clock: ManualClock
) -> None:
    grace = person(clock, "grace")
    tenant = open_tenant(name="Compilers", plan="free", now=clock.now())
    session = start(user=grace, tenant_id=tenant.id, now=clock.now())
    link = link_of(grace)
    links.open_account(user=grace, tenant=tenant, session=session, link=link)
    assert links.at(link.key) == link
    before = len(aws.rows("core"))
    other = open_tenant(name="Other", plan="free", now=clock.now())
    twin = replace(person(clock, "twin"), mailbox=grace.mailbox)
    with pytest.raises(EmailTaken):
        links.open_account(
            user=twin, tenant=other, session=start_of(twin, other.id, clock), link=link_of(twin, key="b" * 32)
        )
    rival = person(clock, "rival")
    with pytest.raises(Conflict):
        links.open_account(user=rival, tenant=other, session=start_of(rival, other.id, clock), link=link_of(rival))
    assert len(aws.rows("core")) == before


def start_of(user: User, tenant_id: str, clock: ManualClock) -> Session:
    return start(user=user, tenant_id=tenant_id, now=clock.now())
