"""A tenant's identity provider and its doors as rows: both or none, the first wins, and what a lost answer leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.oauth import Link
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.saml import NotAdmitted, Sso, SsoArrival, Statement
from chalicelib.features.identity.model.session import start
from chalicelib.features.identity.store.arrival import ArrivalRows
from chalicelib.features.identity.store.membership import MembershipRows
from chalicelib.features.identity.store.person import PersonRows
from chalicelib.features.identity.store.sso import SsoRows
from chalicelib.features.tenants.model import Tenant
from chalicelib.features.tenants.wiring import opening_write, sso_write, standing_tenant, tenants
from tests.adapters.aws.faults import Faults
from tests.fakes.clock import ManualClock
from tests.world import World


@pytest.fixture
def rows(world: World) -> SsoRows:
    return SsoRows(tenant=standing_tenant(), tenant_write=sso_write())


@pytest.fixture
def sso(world: World) -> Sso:
    return Sso(
        tenant_id=world.ada.tenant_id,
        entity_id="https://idp.example",
        sso_url="https://idp.example/sso",
        certificates=("QQ==", "Qg=="),
        role_attribute="groups",
        roles={"boss": Role.ADMIN, "Köln#1.2": Role.AGENT},
        default_role=Role.ANALYST,
        changed_at=world.clock.now(),
    )


def tenant(world: World) -> Tenant:
    return tenants().get(tenant_id=world.ada.tenant_id)


def requiring(world: World) -> Tenant:
    return replace(tenant(world), requires_sso=True, sso_epoch=3)


def newcomer(world: World) -> tuple[User, Member]:
    user = User(f"usr_{'0' * 26}", "grace@example.com", "", "hash", world.clock.now())
    return user, Member(world.ada.tenant_id, user.id, Role.AGENT, world.clock.now())


def test_it_is_read_as_it_was_written(world: World, rows: SsoRows, sso: Sso) -> None:
    rows.put(sso, instead_of=None, tenant=requiring(world))
    assert rows.get(world.ada.tenant_id) == sso
    assert tenant(world).requires_sso
    assert rows.get(world.cyd.tenant_id) is None
    assert rows.of(world.ada.tenant_id) == (sso, tenant(world))
    assert rows.of(world.cyd.tenant_id) == (None, tenants().get(tenant_id=world.cyd.tenant_id))
    with pytest.raises(NotFound):
        rows.of("ten_nobody")


def test_all_of_it_is_replaced(world: World, rows: SsoRows, sso: Sso) -> None:
    rows.put(sso, instead_of=None, tenant=tenant(world))
    wanted = replace(sso, role_attribute="", roles={}, default_role=None, certificates=("QQ==",))
    rows.put(wanted, instead_of=sso, tenant=tenant(world))
    assert rows.get(sso.tenant_id) == replace(wanted, rev=2)


def test_of_two_that_change_it_one_does_and_the_tenant_goes_along_or_not(world: World, rows: SsoRows, sso: Sso) -> None:
    seen = tenant(world)
    rows.put(sso, instead_of=None, tenant=seen)
    with pytest.raises(Stale):
        rows.put(sso, instead_of=None, tenant=requiring(world))
    with pytest.raises(Stale):
        rows.put(sso, instead_of=sso, tenant=replace(seen, requires_sso=True))
    with pytest.raises(Stale):
        rows.remove(replace(sso, rev=9), tenant=tenant(world))
    assert not tenant(world).requires_sso


def test_it_goes_with_its_demand(world: World, rows: SsoRows, sso: Sso) -> None:
    rows.put(sso, instead_of=None, tenant=requiring(world))
    assert (tenant(world).requires_sso, tenant(world).sso_epoch) == (True, 3)
    rows.remove(sso, tenant=replace(tenant(world), requires_sso=False, sso_epoch=4))
    assert (rows.get(sso.tenant_id), tenant(world).requires_sso, tenant(world).sso_epoch) == (None, False, 4)


def test_a_lost_answer_is_no_second_attempt(world: World, rows: SsoRows, sso: Sso) -> None:
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems")
        rows.put(sso, instead_of=None, tenant=requiring(world))
    assert rows.get(sso.tenant_id) == sso


def test_a_door_is_the_tenants_own(world: World, rows: SsoRows) -> None:
    link = Link("0" * 32, world.ben.user_id, "saml", world.clock.now(), "mark")
    rows.put_door(world.ada.tenant_id, link, instead_of=None)
    assert rows.door(world.ada.tenant_id, link.key) == link
    assert rows.door(world.cyd.tenant_id, link.key) is None
    with pytest.raises(Stale):
        rows.put_door(world.ada.tenant_id, link, instead_of=None)
    other = replace(link, user_id=world.cyd.user_id, mark="another")
    rows.put_door(world.ada.tenant_id, other, instead_of=link)
    assert rows.door(world.ada.tenant_id, link.key) == replace(other, rev=2)
    with pytest.raises(Stale):
        rows.put_door(world.ada.tenant_id, link, instead_of=link)


def test_who_is_welcomed_claims_no_mailbox_whatever_was_asked(world: World, rows: SsoRows) -> None:
    user, member = newcomer(world)
    claiming = replace(user, mailbox="1" * 32)
    link = Link("0" * 32, user.id, "saml", world.clock.now(), "mark")
    session = start(user=user, tenant_id=member.tenant_id, now=world.clock.now())
    rows.welcome(user=claiming, member=member, session=session, link=link, mailbox="1" * 32)
    people = PersonRows(tenant_write=opening_write())
    assert people.user(user.id) == replace(user, kept_by=member.tenant_id)
    assert people.user_id_at("1" * 32) is None
    assert people.member(member.tenant_id, user.id) == member
    another = replace(user, id=f"usr_{'1' * 26}")
    with pytest.raises(Stale):
        rows.welcome(user=another, member=member, session=session, link=link, mailbox="1" * 32)


def test_who_was_removed_is_not_welcomed_and_nothing_is_written(world: World, rows: SsoRows) -> None:
    user, member = newcomer(world)
    MembershipRows(tenant=standing_tenant()).remove(
        Member(world.ada.tenant_id, world.ben.user_id, Role.EDITOR, world.clock.now()),
        mailbox="1" * 32,
        witness=None,
        look_at=None,
    )
    link = Link("0" * 32, user.id, "saml", world.clock.now(), "mark")
    session = start(user=user, tenant_id=member.tenant_id, now=world.clock.now())
    with pytest.raises(NotAdmitted):
        rows.welcome(user=user, member=member, session=session, link=link, mailbox="1" * 32)
    assert PersonRows(tenant_write=opening_write()).user(user.id) is None
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems")
        rows.welcome(user=user, member=member, session=session, link=link, mailbox="2" * 32)
    assert PersonRows(tenant_write=opening_write()).member(member.tenant_id, user.id) == member


def test_what_was_said_is_kept_until_it_is_spent(world: World, clock: ManualClock) -> None:
    arrivals = ArrivalRows(SsoArrival, prefix="SAML")
    arrival = SsoArrival("0" * 32, clock.now() + timedelta(minutes=10))
    arrivals.claim(arrival)
    said = Statement("saml", "https://idp.example", "1906", "grace@example.com", tenant_id="ten", role=Role.AGENT)
    proven = arrivals.prove(arrival, profile=said, expires_at=clock.now() + timedelta(minutes=2))
    assert arrivals.get(arrival.id) == proven
    arrivals.spend(proven)
    spent = arrivals.get(arrival.id)
    assert spent is not None
    assert (spent.is_spent, spent.profile) == (True, None)
