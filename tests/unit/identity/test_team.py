"""Roles given and taken over memory: who may, who stays owner, and what happens when two are at it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.credentials import mailbox_of
from chalicelib.features.identity.model.person import Member
from chalicelib.features.identity.model.team import LastOwner, RoleNotYours
from tests.unit.identity.house import MAILBOXES
from tests.unit.identity.team_house import TeamHouse

UNKNOWN = "usr_01hzzzzzzzzzzzzzzzzzzzzzzz"


@pytest.fixture
def house() -> TeamHouse:
    return TeamHouse()


def rival_each_time(house: TeamHouse, whom: str) -> None:
    """Somebody who is always a moment faster."""

    def again() -> None:
        key = (house.tenant_id, whom)
        member = house.people_store.members_by_key[key]
        house.memberships._put(member, member.role)
        house.memberships.rival = again

    house.memberships.rival = again


@pytest.mark.parametrize("given", Role)
@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("by", [Role.OWNER, Role.ADMIN])
def test_nobody_gives_or_takes_more_than_they_have(house: TeamHouse, by: Role, held: Role, given: Role) -> None:
    actor, whom = house.joined("by@example.com", by), house.joined("whom@example.com", held)
    if by is Role.ADMIN and Role.OWNER in {held, given}:
        with pytest.raises(RoleNotYours):
            house.change(whom, given, actor)
        assert house.role_of(whom) is held
    else:
        house.change(whom, given, actor)
        assert house.role_of(whom) is given
        assert house.proofs == (1 if held is not given and Role.OWNER in {held, given} else 0)


def test_what_was_changed_meanwhile_is_looked_at_again(house: TeamHouse) -> None:
    house.memberships.rival = lambda: house.change(house.ben, Role.ANALYST)
    house.change(house.ben, Role.AGENT)
    assert house.role_of(house.ben) is Role.AGENT
    house.memberships.rival = lambda: house.change(house.ben, Role.OWNER)
    with pytest.raises(RoleNotYours):
        house.change(house.ben, Role.EDITOR, house.joined("admin@example.com", Role.ADMIN))
    assert house.role_of(house.ben) is Role.OWNER


def test_who_was_removed_is_remembered_by_mailbox_also_if_they_have_claimed_none(house: TeamHouse) -> None:
    claimed, kept, lost = (house.joined(f"{name}@example.com", Role.AGENT) for name in ("cyd", "dan", "eve"))
    people = house.people_store.users_by_id
    people[kept.subject] = replace(people[kept.subject], mailbox="", kept_by=house.tenant_id)
    del people[lost.subject]
    for each in (claimed, kept, lost):
        house.remove(each)
        assert house.role_of(each) is None
    mailboxes = [mailbox_of(f"{name}@example.com", MAILBOXES) for name in ("cyd", "dan")]
    assert house.memberships.gone == {(house.tenant_id, mailbox) for mailbox in [*mailboxes, ""]}


def test_a_role_that_never_stands_still_is_given_up_on(house: TeamHouse) -> None:
    rival_each_time(house, house.ben.subject)
    with pytest.raises(Stale):
        house.change(house.ben, Role.AGENT)
    with pytest.raises(Stale):
        house.remove(house.ben)
    with pytest.raises(Stale):
        house.team.transfer(actor=house.ada, user_id=house.ben.subject, request_id="req_1")


def test_of_two_owners_who_leave_at_once_one_stays(house: TeamHouse) -> None:
    other = house.joined("oda@example.com", Role.OWNER)
    house.memberships.rival = lambda: house.remove(other, other)
    with pytest.raises(LastOwner):
        house.remove(house.ada)
    assert (house.role_of(house.ada), house.role_of(other)) == (Role.OWNER, None)


def test_the_only_owner_becomes_nothing_else(house: TeamHouse) -> None:
    for step in range(120):  # among more than one page of others
        house.joined(f"one{step}@example.com", Role.AGENT)
    with pytest.raises(LastOwner):
        house.change(house.ada, Role.ADMIN)
    with pytest.raises(LastOwner):
        house.remove(house.ada)
    house.joined("oda@example.com", Role.OWNER)
    house.change(house.ada, Role.ADMIN)
    assert house.role_of(house.ada) is Role.ADMIN


def test_who_is_gone_already_is_gone(house: TeamHouse) -> None:
    house.memberships.rival = lambda: house.remove(house.ben)
    house.remove(house.ben)
    with pytest.raises(NotFound):
        house.remove(house.ben)


def test_a_tenant_is_handed_over(house: TeamHouse) -> None:
    heir = house.team.transfer(actor=house.ada, user_id=house.ben.subject, request_id="req_1")
    assert (heir.user_id, heir.role) == (house.ben.subject, Role.OWNER)
    assert (house.role_of(house.ada), house.role_of(house.ben)) == (Role.ADMIN, Role.OWNER)
    assert [letter.to for letter in house.letters.letters][-2:] == ["ben@example.com", "ada@example.com"]
    with pytest.raises(RoleNotYours):  # her token may say otherwise for a while
        house.team.transfer(actor=house.ada, user_id=house.ben.subject, request_id="req_1")


def test_it_is_handed_over_even_if_nobody_can_be_told(house: TeamHouse) -> None:
    house.letters.is_away = True
    house.team.transfer(actor=house.ada, user_id=house.ben.subject, request_id="req_1")
    assert house.alarms == ["letter_lost", "letter_lost"]


def test_it_is_handed_to_another_member_only(house: TeamHouse) -> None:
    with pytest.raises(Invalid):
        house.team.transfer(actor=house.ada, user_id=house.ada.subject, request_id="req_1")
    for whom in (UNKNOWN, "x", "ten_01hzzzzzzzzzzzzzzzzzzzzzzz"):
        with pytest.raises(NotFound):
            house.team.transfer(actor=house.ada, user_id=whom, request_id="req_1")


def test_an_heir_who_leaves_that_moment_inherits_nothing(house: TeamHouse) -> None:
    house.memberships.rival = lambda: house.remove(house.ben)
    with pytest.raises(NotFound):
        house.team.transfer(actor=house.ada, user_id=house.ben.subject, request_id="req_1")
    assert house.role_of(house.ada) is Role.OWNER


def test_a_member_without_a_user_is_nobody(house: TeamHouse) -> None:
    """Erased between two looks."""
    del house.people_store.users_by_id[house.ben.subject]
    with pytest.raises(NotFound):
        house.change(house.ben, Role.EDITOR)


def test_who_leaves_everything_is_out_of_every_tenant_however_many(house: TeamHouse) -> None:
    for number in range(150):
        house.people_store.members_by_key[f"ten_{number}", house.ben.subject] = Member(
            f"ten_{number}", house.ben.subject, Role.EDITOR, house.now
        )
    _leave(house, house.ben.subject)
    assert [key for key in house.people_store.members_by_key if key[1] == house.ben.subject] == []
    assert len([event for event in house.trail.events if event.action == "user.erased"]) == 150


def test_the_only_owner_of_any_tenant_leaves_none(house: TeamHouse) -> None:
    """Though that one is the last of many."""
    for number in range(150):
        house.people_store.members_by_key[f"ten_{number}", house.ben.subject] = Member(
            f"ten_{number}", house.ben.subject, Role.EDITOR, house.now
        )
    own = ("ten_zz", house.ben.subject)
    house.people_store.members_by_key[own] = Member(*own, Role.OWNER, house.now)
    before = dict(house.people_store.members_by_key)
    with pytest.raises(LastOwner):
        _leave(house, house.ben.subject)
    assert house.people_store.members_by_key == before


def test_somebody_unknown_leaves_nothing_and_a_rival_changes_nothing(house: TeamHouse) -> None:
    with pytest.raises(NotFound):
        _leave(house, UNKNOWN)
    user = house.people_store.users_by_id[house.ben.subject]
    house.memberships.rival = lambda: house.remove(house.ben)
    house.people_store.rival = lambda: house.people_store.users_by_id.update({user.id: replace(user, rev=9)})
    _leave(house, house.ben.subject)
    assert house.role_of(house.ben) is None


def _leave(house: TeamHouse, user_id: str) -> None:
    leaver = house.team.about_to_leave(user_id=user_id)
    house.team.leave_everything(leaver, but_noted_in=house.tenant_id, request_id="req_1", now=house.now)
