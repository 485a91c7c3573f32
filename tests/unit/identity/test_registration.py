"""From registering to an account: nothing exists before the mailbox is proven, and nobody can prove another's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.core.errors import Conflict, Invalid, NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.letters import DECOY
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, EmailTaken, InvalidToken
from tests.unit.identity.house import PASSWORD, House


def test_a_registration_leaves_nothing_but_a_pending_row(house: House) -> None:
    house.register()
    store = house.people_store
    assert (store.users_by_id, store.claims, store.members_by_key, store.tenants) == ({}, {}, {}, {})
    assert len(store.registrations) == 1


def test_link_and_password_together_open_the_account(house: House) -> None:
    tokens = house.verify(house.register())
    store = house.people_store
    assert (tokens.user.email, tokens.tenant.name, tokens.tenant.plan) == ("ada@example.com", "Ada's company", "free")
    assert store.registrations == {}
    assert store.claims == {tokens.user.mailbox: tokens.user.id}
    assert store.members_by_key[tokens.tenant.id, tokens.user.id].role is Role.OWNER
    assert tokens.access_token.endswith("owner")
    assert house.refresh(tokens.refresh_token).user == tokens.user
    recorded = house.trail.events[0]
    assert (recorded.tenant_id, recorded.actor, recorded.action) == (tokens.tenant.id, tokens.user.id, "tenant.created")


def test_the_letter_has_the_link_and_the_bare_token(house: House) -> None:
    token = house.register(email="Ada@Example.com")
    letter = house.letters.letters[0]
    assert letter.to == "ada@example.com"
    assert f"https://push.example/verify?token={token}\n" in letter.text
    assert f"\n{token}\n" in letter.text
    assert token not in letter.subject


def test_a_strangers_registration_does_not_give_them_the_account(house: House) -> None:
    """The attacker registers the victim's address; the victim, who has the letter, has not the attacker's password."""
    attackers = house.register(password="attackers password")
    own = house.register(password="victims password")
    with pytest.raises(InvalidCredentials):
        house.verify(attackers, "victims password")
    house.verify(own, "victims password")
    with pytest.raises(EmailTaken):
        house.verify(attackers, "attackers password")
    with pytest.raises(InvalidCredentials):
        house.login(password="attackers password")
    house.login(password="victims password")


def test_a_password_is_tried_five_times_at_most(house: House) -> None:
    token = house.register()
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(InvalidCredentials):
            house.verify(token, "wrong password")
    house.hasher.work.clear()
    with pytest.raises(InvalidToken):
        house.verify(token)
    assert house.hasher.work == []


def test_guesses_at_once_are_each_counted(house: House) -> None:
    token = house.register()
    (before,) = house.people_store.registrations.values()
    house.people_store.rival = lambda: house.people_store.registrations.update(
        {(before.mailbox, before.id): replace(before, attempts=1, last_attempt="another", rev=before.rev + 1)}
    )
    with pytest.raises(InvalidCredentials):
        house.verify(token, "wrong password")
    (after,) = house.people_store.registrations.values()
    assert after.attempts == 2


def test_a_crowd_of_guesses_is_told_to_come_back(house: House) -> None:
    token, store = house.register(), house.people_store

    def push_in() -> None:
        ((key, row),) = store.registrations.items()
        store.registrations[key] = replace(row, rev=row.rev + 1)
        store.rival = push_in

    store.rival = push_in
    with pytest.raises(Stale):
        house.verify(token)


def test_a_link_is_good_for_a_day_and_once(house: House) -> None:
    old = house.register()
    house.later(hours=24)
    with pytest.raises(InvalidToken):
        house.verify(old)
    fresh = house.register()
    house.later(hours=23, minutes=59)
    house.verify(fresh)
    with pytest.raises(InvalidToken):
        house.verify(fresh)


@pytest.mark.parametrize("forged", ["", "vt_", "x", "vt_{mailbox}_{id}_{mac}", "rt_{mailbox}_{id}_{mac}"])
def test_a_forged_link_costs_no_look_up(house: House, forged: str) -> None:
    house.register()
    (row,) = house.people_store.registrations.values()
    house.during()
    with pytest.raises(InvalidToken):
        house.verify(forged.format(mailbox=row.mailbox, id=row.id, mac="A" * 43))
    assert house.during() == []


def test_a_link_of_one_registration_does_not_serve_another(house: House) -> None:
    mine, theirs = house.register(), house.register(email="cyd@example.com")
    mixed = "_".join([*mine.split("_")[:2], *theirs.split("_")[2:]])
    with pytest.raises(InvalidToken):
        house.verify(mixed)


def test_the_same_link_can_be_sent_again(house: House) -> None:
    token = house.register()
    house.accounts.resend(email=" ADA@example.com", now=house.now)
    assert token in house.letters.letters[-1].text
    house.verify(token)


def test_nobody_learns_who_is_registered(house: House) -> None:
    """Equal sequences of store calls and hash work; only the letter differs, and that goes to the mailbox."""
    house.open("ada@example.com")
    asked = []
    for email in ("ada@example.com", "nobody@example.com"):
        house.during()
        house.hasher.work.clear()
        house.register(email=email)
        asked.append((house.during(), list(house.hasher.work)))
    assert asked[0] == asked[1]
    first, second = house.letters.letters[-2:]
    assert (first.subject, second.subject) == ("You have an account already", "Confirm your e-mail address")
    assert "vt_" not in first.text


def test_nobody_learns_by_a_resend_who_is_registered(house: House) -> None:
    house.open("ada@example.com")
    house.register(email="ada@example.com")
    house.register(email="ben@example.com")
    asked = []
    for email in ("ada@example.com", "ben@example.com", "nobody@example.com"):
        house.during()
        house.accounts.resend(email=email, now=house.now)
        asked.append(house.during())
    assert asked[0] == asked[1] == asked[2]
    assert house.letters.letters[-1] == DECOY
    house.accounts.resend(email="ben@example.com", now=house.later(hours=24))
    assert house.letters.letters[-1] == DECOY


def test_bad_input_is_refused_before_anything_is_stored(house: House) -> None:
    bad = [
        {"email": "no address", "password": PASSWORD, "tenant_name": "Ada"},
        {"email": "ada@example.com", "password": "short", "tenant_name": "Ada"},
        {"email": "ada@example.com", "password": PASSWORD, "tenant_name": " "},
    ]
    for words in bad:
        with pytest.raises(Invalid):
            house.accounts.register(**words, now=house.now)
    assert house.calls == []
    assert house.letters.letters == []


def test_a_trail_that_is_away_does_not_turn_the_owner_away(house: House) -> None:
    house.trail.is_away = True
    assert house.verify(house.register()).user.email == "ada@example.com"
    assert house.alarms == ["audit_lost"]


def test_a_new_member_belongs_to_one_tenant_and_a_known_one_may_join_another(house: House) -> None:
    ada, cyd = house.open("ada@example.com"), house.open("cyd@example.com")
    ben = house.add_member(ada.tenant.id, "ben@example.com")
    house.accounts.join(tenant_id=cyd.tenant.id, user_id=ben.id, role=Role.ANALYST, now=house.now)
    roles = {member.tenant_id: member.role for member in house.people_store.memberships(ben.id, limit=9)}
    assert roles == {ada.tenant.id: Role.EDITOR, cyd.tenant.id: Role.ANALYST}
    with pytest.raises(Conflict):
        house.accounts.join(tenant_id=cyd.tenant.id, user_id=ben.id, role=Role.OWNER, now=house.now)
    with pytest.raises(EmailTaken):
        house.add_member(cyd.tenant.id, "ben@example.com")
    with pytest.raises(NotFound):
        house.accounts.join(tenant_id=cyd.tenant.id, user_id="usr_x", role=Role.OWNER, now=house.now)
