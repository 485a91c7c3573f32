"""A forgotten password: who gets a link, what it is good for, and what it makes an end of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.core.errors import Invalid, Stale, Unavailable
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.letters import DECOY
from chalicelib.features.identity.model.person import InvalidToken
from tests.unit.identity.house import PASSWORD, House


def test_who_forgot_the_password_chooses_another(house: House) -> None:
    house.open()
    house.reset(house.forgot(" ADA@example.com"), "another password")
    house.login(password="another password")
    with pytest.raises(InvalidCredentials):
        house.login(password=PASSWORD)


def test_a_reset_ends_every_session_and_says_so(house: House) -> None:
    here, there = house.open(), house.login()
    house.reset(house.forgot())
    for tokens in (here, there):
        with pytest.raises(InvalidToken):
            house.refresh(tokens.refresh_token)
    assert house.letters.letters[-1].subject == "Your password was changed"
    house.refresh(house.login(password="a new password").refresh_token)


def test_a_link_works_once(house: House) -> None:
    house.open()
    token = house.forgot()
    house.reset(token)
    with pytest.raises(InvalidToken):
        house.reset(token, "yet another one")
    house.login(password="a new password")


def test_of_two_who_use_a_link_at_once_one_wins(house: House) -> None:
    house.open()
    token = house.forgot()
    house.people_store.rival = lambda: house.reset(token, "the first one's")
    with pytest.raises(InvalidToken):
        house.reset(token, "the second one's")
    house.login(password="the first one's")


def test_a_reset_insists_when_something_else_changed_meanwhile(house: House) -> None:
    user, store = house.open().user, house.people_store

    def rename() -> None:
        there = store.users_by_id[user.id]
        store.users_by_id[user.id] = replace(there, name="Ada", rev=there.rev + 1)

    store.rival = rename
    house.reset(house.forgot())
    house.later(minutes=3)

    def rename_always() -> None:
        rename()
        store.rival = rename_always

    token = house.forgot()
    store.rival = rename_always
    with pytest.raises(Stale):
        house.reset(token, "never stored")


@pytest.mark.parametrize(("minutes", "is_good"), [(59.9, True), (60, False)])
def test_a_link_is_good_for_an_hour(house: House, minutes: float, is_good: bool) -> None:
    house.open()
    token = house.forgot()
    house.later(minutes=minutes)
    if is_good:
        house.reset(token)
    else:
        with pytest.raises(InvalidToken):
            house.reset(token)


def test_a_newer_link_makes_older_ones_void(house: House) -> None:
    house.open()
    older = house.forgot()
    house.later(minutes=3)
    newer = house.forgot()
    with pytest.raises(InvalidToken):
        house.reset(older)
    house.reset(newer)


def test_who_is_no_longer_the_same_is_not_let_in(house: House) -> None:
    """Signed out everywhere or with another password, under another address, or gone."""
    user = house.open().user
    token = house.forgot()
    for there in ({user.id: replace(user, era=2)}, {user.id: replace(user, mailbox="another")}, {}):
        house.people_store.users_by_id = there
        with pytest.raises(InvalidToken):
            house.reset(token)


def test_a_mailbox_gets_one_letter_in_three_minutes(house: House) -> None:
    house.open()
    assert house.forgot()
    house.later(minutes=2, seconds=59)
    assert house.forgot() == ""
    assert house.letters.letters == []
    house.later(seconds=1)
    assert house.forgot()


def test_of_two_who_ask_at_once_one_is_written_to(house: House) -> None:
    house.open()
    other: list[str] = []
    house.resets.rival = lambda: other.append(house.forgot())
    house.recovery.forgot(email="ada@example.com", now=house.now)
    assert len(house.letters.letters) == 1
    house.reset(other[0])


def test_nobody_learns_by_forgetting_who_is_registered(house: House) -> None:
    house.open()
    house.register("pending@example.com")
    seen = []
    for email in ("ada@example.com", "pending@example.com", "nobody@example.com"):
        steps = []
        for minutes in (0, 1, 3):
            house.later(minutes=minutes)
            house.during()
            house.forgot(email)
            steps.append(house.during())
        seen.append(steps)
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == ["user_id_at", "user", "reset", "put reset", "send letter"]
    assert house.letters.letters == [DECOY]


def test_the_letter_has_the_link_and_the_bare_token(house: House) -> None:
    house.open()
    token = house.forgot()
    (letter,) = house.letters.letters
    assert f"https://push.example/reset?token={token}\n" in letter.text
    assert f"\n{token}\n" in letter.text


@pytest.mark.parametrize("forge", ["{text}_" + "A" * 43, "{text}", "", "pt_", "{text}_{mac}x", "pt_x_{mac}"])
def test_a_forged_link_costs_no_look_up(house: House, forge: str) -> None:
    house.open()
    text, _, mac = house.forgot().rpartition("_")
    house.during()
    house.hasher.work.clear()
    with pytest.raises(InvalidToken):
        house.reset(forge.format(text=text, mac=mac))
    assert house.during() == house.hasher.work == []


def test_the_link_of_a_registration_resets_nothing(house: House) -> None:
    house.open()
    for token in (house.register("dee@example.com"), house.forgot("nobody@example.com")):
        with pytest.raises(InvalidToken):
            house.reset(token)


def test_a_link_is_not_spent_on_a_password_that_is_none(house: House) -> None:
    house.open()
    token = house.forgot()
    for password in ("short", "x" * 129):
        with pytest.raises(Invalid):
            house.reset(token, password)
    house.reset(token)


def test_a_reset_stands_in_the_trail_of_every_tenant_of_the_person(house: House) -> None:
    ada, cyd = house.open(), house.open("cyd@example.com")
    house.accounts.join(tenant_id=cyd.tenant.id, user_id=ada.user.id, role=Role.AGENT, now=house.now)
    house.trail.events.clear()
    house.reset(house.forgot())
    assert {(event.tenant_id, event.actor, event.action, event.subject) for event in house.trail.events} == {
        (tenant.id, ada.user.id, "password.reset", ada.user.id) for tenant in (ada.tenant, cyd.tenant)
    }


def test_a_reset_is_done_even_if_nobody_can_be_told(house: House) -> None:
    house.open()
    token = house.forgot()
    house.trail.is_away = house.letters.is_away = True
    house.reset(token)
    assert house.alarms == ["letter_lost", "audit_lost"]
    house.login(password="a new password")
    house.later(minutes=3)
    with pytest.raises(Unavailable):
        house.forgot()
