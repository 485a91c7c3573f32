"""Moving to another address: by whoever knows the password and reads the new mailbox, and by nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.core.errors import Invalid, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, EmailTaken, InvalidToken
from tests.unit.identity.house import PASSWORD, House


def test_who_moves_signs_in_with_the_new_address(house: House) -> None:
    here = house.open()
    house.confirm_email(house.ask_for_email(here, "new@example.com"))
    assert house.login("new@example.com").user.id == here.user.id
    with pytest.raises(InvalidCredentials):
        house.login("ada@example.com")
    house.refresh(here.refresh_token)
    house.open("ada@example.com")  # the old address is free


def test_nothing_changes_before_the_link_is_followed(house: House) -> None:
    here = house.open()
    house.ask_for_email(here)
    house.login()
    with pytest.raises(InvalidCredentials):
        house.login("new@example.com")


def test_both_mailboxes_are_written_to_and_only_the_new_one_gets_the_link(house: House) -> None:
    token = house.ask_for_email(house.open(), "new@example.com")
    letters = {letter.to: letter for letter in house.letters.letters}
    assert set(letters) == {"ada@example.com", "new@example.com"}
    assert f"https://push.example/confirm-email?token={token}\n" in letters["new@example.com"].text
    assert "token" not in letters["ada@example.com"].text
    assert "/forgot" in letters["ada@example.com"].text
    house.letters.letters.clear()
    house.confirm_email(token)
    (letter,) = house.letters.letters
    assert (letter.to, letter.subject) == ("ada@example.com", "Your e-mail address was changed")


def test_the_link_alone_is_not_enough(house: House) -> None:
    """The address may have been mistyped, and belong to somebody else."""
    here = house.open()
    token = house.ask_for_email(here)
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(InvalidCredentials):
            house.confirm_email(token, "a guess")
    with pytest.raises(InvalidToken):
        house.confirm_email(token)
    house.login()


def test_an_attempt_is_counted_before_it_is_judged(house: House) -> None:
    token = house.ask_for_email(house.open())

    def guess() -> None:
        with pytest.raises(InvalidCredentials):
            house.confirm_email(token, "a guess")

    house.changes.rival = guess
    house.confirm_email(token)
    other = house.ask_for_email(house.login("new@example.com"), "third@example.com")

    def push_in() -> None:
        ((key, wanted),) = house.changes.changes.items()
        house.changes.changes[key] = replace(wanted, rev=wanted.rev + 1)
        house.changes.rival = push_in

    house.changes.rival = push_in
    house.hasher.work.clear()
    with pytest.raises(Stale):
        house.confirm_email(other)
    assert house.hasher.work == []


def test_an_address_that_is_taken_is_only_known_behind_its_link(house: House) -> None:
    here = house.open()
    house.open("cyd@example.com")
    seen = []
    for email in ("cyd@example.com", "free@example.com"):
        house.during()
        token = house.ask_for_email(here, email)
        seen.append(house.during())
        if email == "cyd@example.com":
            with pytest.raises(EmailTaken):
                house.confirm_email(token)
    assert seen[0] == seen[1]


def test_ones_own_address_and_none_at_all_are_refused(house: House) -> None:
    here = house.open()
    for email in (" ADA@example.com", "no address", ""):
        with pytest.raises(Invalid):
            house.ask_for_email(here, email)
    assert house.letters.letters == []


def test_a_newer_wish_makes_the_older_one_void(house: House) -> None:
    here = house.open()
    older = house.ask_for_email(here, "older@example.com")
    newer = house.ask_for_email(here, "newer@example.com")
    with pytest.raises(InvalidToken):
        house.confirm_email(older)
    house.confirm_email(newer)
    with pytest.raises(InvalidToken):
        house.confirm_email(newer)


@pytest.mark.parametrize(("hours", "is_good"), [(23.9, True), (24, False)])
def test_a_link_is_good_for_a_day(house: House, hours: float, is_good: bool) -> None:
    token = house.ask_for_email(house.open())
    house.later(hours=hours)
    if is_good:
        house.confirm_email(token)
    else:
        with pytest.raises(InvalidToken):
            house.confirm_email(token)


def test_signing_out_everywhere_makes_a_wish_void(house: House) -> None:
    here = house.open()
    token = house.ask_for_email(here)
    house.sessions.logout_all(user_id=here.user.id)
    with pytest.raises(InvalidToken):
        house.confirm_email(token)
    house.people_store.users_by_id.clear()
    with pytest.raises(InvalidToken):
        house.confirm_email(token)


def test_a_link_to_a_new_password_does_not_follow_to_the_new_address(house: House) -> None:
    here = house.open()
    reset = house.forgot()
    house.confirm_email(house.ask_for_email(here))
    with pytest.raises(InvalidToken):
        house.reset(reset)


@pytest.mark.parametrize("forge", ["{text}_" + "A" * 43, "{text}", "", "et_", "{text}_{mac}x", "et_x_{mac}"])
def test_a_forged_link_costs_no_look_up(house: House, forge: str) -> None:
    text, _, mac = house.ask_for_email(house.open()).rpartition("_")
    house.during()
    with pytest.raises(InvalidToken):
        house.confirm_email(forge.format(text=text, mac=mac))
    assert house.during() == []


def test_a_move_stands_in_the_trail_of_every_tenant_of_the_person(house: House) -> None:
    ada, cyd = house.open(), house.open("cyd@example.com")
    house.accounts.join(tenant_id=cyd.tenant.id, user_id=ada.user.id, role=Role.AGENT, now=house.now)
    house.trail.events.clear()
    house.confirm_email(house.ask_for_email(ada), PASSWORD)
    assert {(event.tenant_id, event.action) for event in house.trail.events} == {
        (tenant.id, "email.changed") for tenant in (ada.tenant, cyd.tenant)
    }
