"""Invitations as rows: never to a member, never past the ledger, and what opening one finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.core.errors import Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.invitation import Invitation, Ledger, invite
from chalicelib.features.identity.model.person import NOBODY
from chalicelib.features.identity.model.team import AlreadyMember
from chalicelib.features.identity.store.invitation import InvitationRows
from chalicelib.features.identity.store.person import PersonRows
from chalicelib.features.tenants.wiring import opening_write, standing_tenant
from tests.adapters.aws.faults import Faults
from tests.world import Person, World


@pytest.fixture
def rows(world: World) -> InvitationRows:
    return InvitationRows(tenant=standing_tenant())


def made(world: World, mailbox: str = "0" * 32) -> Invitation:
    ada, now = world.ada, world.clock.now()
    return invite(
        tenant_id=ada.tenant_id,
        email="x@example.com",
        mailbox=mailbox,
        role=Role.AGENT,
        invited_by=ada.user_id,
        now=now,
    )


def mailbox_of(who: Person) -> str:
    user = PersonRows(tenant_write=opening_write()).user(who.user_id)
    assert user is not None
    return user.mailbox


def put(rows: InvitationRows, invitation: Invitation, *, no_member: str = NOBODY, rev: int = 1) -> Invitation:
    return rows.put(invitation, instead_of=None, ledger=Ledger("2026-03-01", 1, rev), no_member=no_member)


def test_who_is_a_member_by_then_is_not_invited(world: World, rows: InvitationRows) -> None:
    with pytest.raises(AlreadyMember):
        put(rows, made(world), no_member=world.ben.user_id)
    assert rows.desk(world.ada.tenant_id).invitations == []
    put(rows, made(world), no_member=world.cyd.user_id)  # a member elsewhere


def test_of_two_that_are_counted_at_once_one_is_written(world: World, rows: InvitationRows) -> None:
    put(rows, made(world))
    for again in (made(world), made(world, "1" * 32)):
        with pytest.raises(Stale):
            put(rows, again)
    assert put(rows, made(world, "1" * 32), rev=2).rev == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_is_no_second_invitation(world: World, rows: InvitationRows, lost: int) -> None:
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems", times=lost)
        kept = put(rows, made(world))
    assert rows.desk(world.ada.tenant_id).invitations == [kept]


def test_opening_one_finds_all_that_it_takes(world: World, rows: InvitationRows) -> None:
    mailbox = mailbox_of(world.cyd)
    kept = put(rows, made(world, mailbox))
    found = rows.reception(world.ada.tenant_id, mailbox)
    assert found.invitation == kept
    assert found.tenant is not None
    assert found.giver is not None
    assert found.user is not None
    assert (found.tenant.id, found.giver.role, found.user.id) == (world.ada.tenant_id, Role.OWNER, world.cyd.user_id)


def test_opening_what_is_not_there_finds_what_is(world: World, rows: InvitationRows) -> None:
    nothing = rows.reception(world.ada.tenant_id, "0" * 32)
    assert (nothing.invitation, nothing.giver, nothing.user) == (None, None, None)
    assert nothing.tenant is not None
    assert replace(nothing, tenant=None) == rows.reception("ten_nobody", "0" * 32)
