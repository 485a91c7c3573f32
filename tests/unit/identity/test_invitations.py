"""Invitations over memory: what happens when two are at it, and when a part of it fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.core.errors import NotFound, OverLimit, Stale, Unavailable
from chalicelib.core.identity import Role
from chalicelib.core.paging import BadCursor
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.invitation import MOST_LETTERS_A_DAY
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.team import AlreadyMember, RoleNotYours
from tests.unit.identity.house import PASSWORD
from tests.unit.identity.team_house import CHOSEN, GUEST, TeamHouse


@pytest.fixture
def house() -> TeamHouse:
    return TeamHouse()


def mailbox_changes(house: TeamHouse) -> None:
    """Somebody else invites at the same moment, each time."""

    def again() -> None:
        house.book.ledgers[house.tenant_id] = house.book.desk(house.tenant_id).ledger.counted(house.now, letters=1)
        house.book.rival = again

    house.book.rival = again


def test_two_who_invite_the_same_at_once_make_one_invitation(house: TeamHouse) -> None:
    house.book.rival = lambda: house.invite(role=Role.AGENT)
    found = house.invite(role=Role.EDITOR)
    assert (len(house.book.invitations), found.role) == (1, Role.EDITOR)
    assert [letter.to for letter in house.letters.letters].count(GUEST) == 1  # the other's is on its way


def test_a_desk_that_never_stands_still_is_given_up_on(house: TeamHouse) -> None:
    mailbox_changes(house)
    with pytest.raises(Stale):
        house.invite()


def test_a_letter_that_was_not_taken_is_forgotten(house: TeamHouse) -> None:
    house.letters.is_away = True
    with pytest.raises(Unavailable):
        house.invite()
    house.letters.is_away = False
    assert house.accept(house.invited()).role is Role.EDITOR


def test_the_letter_says_who_invites(house: TeamHouse) -> None:
    house.invited(by=replace(house.ada, email="ada@example.com"))
    assert "ada@example.com invites you" in house.letters.letters[-1].text


def test_of_whom_the_team_knows_already_nobody_is_told_by_the_number_of_calls(house: TeamHouse) -> None:
    """Who invites does not learn whether an address has an account."""
    house.open("cyd@example.com")
    seen = []
    for email in ("cyd@example.com", "nobody@example.com"):
        house.during()
        house.invite(email)
        seen.append(house.during())
    assert seen[0] == seen[1]


def test_a_member_is_not_invited(house: TeamHouse) -> None:
    with pytest.raises(AlreadyMember):
        house.invite("ben@example.com")
    assert (house.book.invitations, house.book.ledgers) == ({}, {})


def test_who_has_joined_since_is_not_told_that_a_letter_is_on_its_way(house: TeamHouse) -> None:
    cyd = house.open("cyd@example.com")
    house.invite("cyd@example.com")
    house.accounts.join(tenant_id=house.tenant_id, user_id=cyd.user.id, role=Role.AGENT, now=house.now)
    with pytest.raises(AlreadyMember):
        house.invite("cyd@example.com")


def test_the_invitation_of_a_tenant_that_is_no_more_opens_nothing(house: TeamHouse) -> None:
    token = house.invited()
    del house.people_store.tenants[house.tenant_id]
    with pytest.raises(NotFound):
        house.accept(token)


def test_asked_for_again_at_once_nothing_changes(house: TeamHouse) -> None:
    before = house.invite()
    house.during()
    assert house.invite() == before
    assert "put invitation" not in house.during()


def test_letters_are_counted_by_the_day(house: TeamHouse) -> None:
    for number in range(MOST_LETTERS_A_DAY):
        made = house.invite(f"one{number}@example.com")
        house.invitations.revoke(actor=house.ada, invitation_id=made.id, now=house.now)
    with pytest.raises(OverLimit) as refused:
        house.invite()
    assert refused.value.retry_after_seconds == 12 * 3600
    house.later(hours=12)
    assert house.invite().letter == 1


def test_who_may_not_give_a_role_does_not_take_its_invitation_away(house: TeamHouse) -> None:
    admin = house.joined("admin@example.com", Role.ADMIN)
    made = house.invite(role=Role.OWNER)
    assert house.proofs == 1
    with pytest.raises(RoleNotYours):
        house.invite(role=Role.AGENT, by=admin)
    with pytest.raises(RoleNotYours):
        house.invitations.revoke(actor=admin, invitation_id=made.id, now=house.now)
    house.later(days=8)
    assert house.invite(role=Role.AGENT, by=admin).id != made.id  # what has expired is nobody's


def test_what_is_revoked_twice_at_once_is_revoked_once(house: TeamHouse) -> None:
    made = house.invite()
    house.book.rival = lambda: house.invitations.revoke(actor=house.ada, invitation_id=made.id, now=house.now)
    with pytest.raises(NotFound):
        house.invitations.revoke(actor=house.ada, invitation_id=made.id, now=house.now)


def test_what_changes_all_the_time_is_not_revoked(house: TeamHouse) -> None:
    made = house.invite()

    def again() -> None:
        house.book._change(house.book.invitations[made.tenant_id, made.mailbox])
        house.book.rival = again

    house.book.rival = again
    with pytest.raises(Stale):
        house.invitations.revoke(actor=house.ada, invitation_id=made.id, now=house.now)
    with pytest.raises(Stale):
        house.accept(_token(house))


def test_who_registers_between_two_looks_needs_that_password(house: TeamHouse) -> None:
    token = house.invited()
    house.book.rival = lambda: house.open(GUEST)
    with pytest.raises(InvalidCredentials):
        house.accept(token, CHOSEN)
    assert house.accept(token, PASSWORD).tokens is None


def test_a_newcomer_is_signed_in_and_named(house: TeamHouse) -> None:
    joined = house.accept(house.invited(), name=" Grace ")
    assert (joined.user.name, joined.user.email, joined.role) == ("Grace", GUEST, Role.EDITOR)
    assert joined.tokens is not None
    assert house.refresh(joined.tokens.refresh_token).role is Role.EDITOR


def test_of_two_newcomers_with_one_letter_one_comes_in(house: TeamHouse) -> None:
    token = house.invited()
    house.book.rival = lambda: house.accept(token, "the password of one")
    with pytest.raises(InvalidToken):
        house.accept(token, "the password of another")


def test_a_member_by_another_way_is_told_so(house: TeamHouse) -> None:
    cyd = house.open("cyd@example.com")
    token = house.invited("cyd@example.com")
    house.accounts.join(tenant_id=house.tenant_id, user_id=cyd.user.id, role=Role.AGENT, now=house.now)
    with pytest.raises(AlreadyMember):
        house.accept(token, PASSWORD)


@pytest.mark.parametrize("what", ["removed", "demoted"])
def test_the_word_of_who_may_not_any_more_is_void(house: TeamHouse, what: str) -> None:
    admin = house.joined("admin@example.com", Role.ADMIN)
    token = house.invited(role=Role.ADMIN, by=admin)
    if what == "removed":
        house.remove(admin)
    else:
        house.change(admin, Role.EDITOR)
    with pytest.raises(InvalidToken):
        house.accept(token)


def test_they_are_listed_by_page_without_those_that_expired(house: TeamHouse) -> None:
    old = house.invite("old@example.com")
    house.later(days=7)
    new = {house.invite(f"new{number}@example.com").id for number in range(3)}
    found: list[str] = []
    cursor = None
    while True:
        page = house.invitations.list(tenant_id=house.tenant_id, limit=2, cursor=cursor, now=house.now)
        found += [each.id for each in page.rows]
        cursor = page.position
        if cursor is None:
            break
    assert (set(found), old.id in found) == (new, False)
    with pytest.raises(BadCursor):
        house.invitations.list(tenant_id="ten_other", limit=2, cursor="bm9wZQ", now=house.now)


def _token(house: TeamHouse) -> str:
    return str(house.letters.letters[-1].text.split("token=")[1].split()[0])
