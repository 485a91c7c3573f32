"""Signing in, staying in and getting out; what a refresh token is worth at every point of its life."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import InvalidToken, NoTenant, User
from chalicelib.features.identity.model.session import (
    Ending,
    Session,
    TokenReused,
    Verdict,
    open_refresh_token,
    start,
)
from tests.fakes.identity import PlainHasher
from tests.unit.identity.house import NOW, PASSWORD, REFRESH, House

ADA = User(id="usr", email="ada@example.com", mailbox="box", password_hash="x", created_at=NOW)
ROTATED = Session(id="ses", user_id="usr", tenant_id="ten", created_at=NOW, rotated_at=NOW, generation=5)


@pytest.mark.parametrize(
    ("session", "generation", "seconds_later", "verdict"),
    [
        (ROTATED, 5, 0, Verdict.ROTATE),
        (ROTATED, 5, 30 * 86_400 - 1, Verdict.ROTATE),
        (ROTATED, 5, 30 * 86_400, Verdict.ENDED),
        (ROTATED, 4, 10, Verdict.REPEAT),
        (ROTATED, 4, 10.001, Verdict.REUSED),
        (ROTATED, 3, 1, Verdict.REUSED),
        (ROTATED, 1, 0, Verdict.REUSED),
        (ROTATED, 6, 0, Verdict.ENDED),
        (replace(ROTATED, ended=Ending.LOGOUT), 5, 0, Verdict.ENDED),
        (replace(ROTATED, ended=Ending.LOGOUT), 4, 0, Verdict.ENDED),
        (replace(ROTATED, ended=Ending.REUSE), 5, 0, Verdict.REUSED),
        (replace(ROTATED, ended=Ending.REUSE), 4, 0, Verdict.REUSED),
    ],
)
def test_what_a_refresh_token_is_worth(
    session: Session, generation: int, seconds_later: float, verdict: Verdict
) -> None:
    assert session.judge(generation, NOW + timedelta(seconds=seconds_later)) is verdict


def test_the_right_password_signs_in(house: House) -> None:
    opened = house.open()
    tokens = house.login(email="  ADA@example.com")
    assert (tokens.user.id, tokens.tenant, tokens.role) == (opened.user.id, opened.tenant, Role.OWNER)
    assert tokens.refresh_token != opened.refresh_token
    assert tokens.expires_in_seconds == 900


def test_nobody_learns_by_a_login_who_is_registered(house: House) -> None:
    house.open()
    asked = []
    for email in ("ada@example.com", "nobody@example.com"):
        house.during()
        house.hasher.work.clear()
        with pytest.raises(InvalidCredentials):
            house.login(email=email, password="wrong password")
        asked.append((house.during(), list(house.hasher.work)))
    assert asked[0] == asked[1] == (["user_id_at", "user"], ["verify"])


def test_an_address_that_is_none_is_refused_as_such(house: House) -> None:
    with pytest.raises(Invalid):
        house.login(email="no address")


def test_the_decoy_lets_nobody_in(house: House) -> None:
    with pytest.raises(InvalidCredentials):
        house.login(email="nobody@example.com", password=PlainHasher.decoy.partition(":")[2])


def test_an_older_hash_is_made_anew_at_login(house: House) -> None:
    user = house.open().user
    house.hasher.age = "newer"
    house.login()
    assert house.people_store.users_by_id[user.id].password_hash == f"newer:{PASSWORD}"
    house.hasher.work.clear()
    house.login()
    assert house.hasher.work == ["verify"]


def test_a_hash_made_anew_by_another_login_is_left_alone(house: House) -> None:
    user = house.open().user
    house.hasher.age = "newer"
    changed = replace(user, password_hash="newer:by another", rev=user.rev + 1)
    house.people_store.rival = lambda: house.people_store.users_by_id.update({user.id: changed})
    house.login()
    assert house.people_store.users_by_id[user.id] == changed


def test_a_person_of_two_tenants_chooses_one(house: House) -> None:
    ada, cyd = house.open("ada@example.com"), house.open("cyd@example.com")
    ben = house.add_member(ada.tenant.id, "ben@example.com")
    house.accounts.join(tenant_id=cyd.tenant.id, user_id=ben.id, role=Role.ANALYST, now=house.now)
    assert house.login("ben@example.com", tenant_id=cyd.tenant.id).role is Role.ANALYST
    assert house.login("ben@example.com", tenant_id=ada.tenant.id).role is Role.EDITOR
    assert house.login("ben@example.com").tenant.id == min(ada.tenant.id, cyd.tenant.id)
    with pytest.raises(NotFound):
        house.login("ada@example.com", tenant_id=cyd.tenant.id)


def test_a_person_of_no_tenant_is_told_so(house: House) -> None:
    tokens = house.open()
    house.people_store.members_by_key.clear()
    with pytest.raises(NoTenant):
        house.login()
    with pytest.raises(InvalidToken):
        house.refresh(tokens.refresh_token)


def test_each_refresh_gives_the_next_token(house: House) -> None:
    tokens, seen = house.open(), set()
    for _ in range(3):
        tokens = house.refresh(tokens.refresh_token)
        seen.add(tokens.refresh_token)
        house.later(days=29)
    assert len(seen) == 3
    assert open_refresh_token(tokens.refresh_token, REFRESH).generation == 4
    house.later(days=1)
    with pytest.raises(InvalidToken):
        house.refresh(tokens.refresh_token)


def test_a_repeat_within_ten_seconds_gets_the_same_successor(house: House) -> None:
    first = house.open().refresh_token
    second = house.refresh(first).refresh_token
    house.later(seconds=10)
    assert house.refresh(first).refresh_token == second
    assert house.refresh(second).refresh_token != second


def test_an_old_token_ends_the_session_for_both_who_hold_it(house: House) -> None:
    stolen = house.open().refresh_token
    current = house.refresh(stolen).refresh_token
    house.later(seconds=11)
    for token in (stolen, current, stolen):
        with pytest.raises(TokenReused):
            house.refresh(token)
    house.login()  # another session is not touched


def test_two_refreshes_at_once_leave_one_line(house: House) -> None:
    first = house.open()
    successor: list[str] = []
    house.session_store.rival = lambda: successor.append(house.refresh(first.refresh_token).refresh_token)
    assert house.refresh(first.refresh_token).refresh_token == successor[0]
    (session,) = house.session_store.sessions.values()
    assert session.generation == 2


def test_a_crowd_of_refreshes_is_told_to_come_back(house: House) -> None:
    first, store = house.open(), house.session_store

    def push_in() -> None:
        ((key, session),) = store.sessions.items()
        store.sessions[key] = replace(session, rev=session.rev + 1)
        store.rival = push_in

    store.rival = push_in
    with pytest.raises(Stale):
        house.refresh(first.refresh_token)
    claim = open_refresh_token(first.refresh_token, REFRESH)
    with pytest.raises(Stale):
        house.sessions.logout(user_id=claim.user_id, session_id=claim.session_id)


@pytest.mark.parametrize("forge", ["{text}_" + "A" * 43, "{text}", "", "rt_", "{text}_{mac}x", "rt_x_{mac}"])
def test_a_forged_refresh_token_costs_no_look_up(house: House, forge: str) -> None:
    text, _, mac = house.open().refresh_token.rpartition("_")
    house.during()
    with pytest.raises(InvalidToken):
        house.refresh(forge.format(text=text, mac=mac))
    assert house.during() == []


def test_a_token_of_another_generation_cannot_be_made_from_this_one(house: House) -> None:
    token = house.open().refresh_token
    with pytest.raises(InvalidToken):
        house.refresh(token.replace("_1_", "_2_"))


def test_a_session_that_is_gone_is_over(house: House) -> None:
    token = house.open().refresh_token
    house.session_store.sessions.clear()
    with pytest.raises(InvalidToken):
        house.refresh(token)


def test_a_token_from_before_a_restored_backup_is_over(house: House) -> None:
    token = house.refresh(house.open().refresh_token).refresh_token
    ((key, session),) = house.session_store.sessions.items()
    house.session_store.sessions[key] = replace(session, generation=1)
    with pytest.raises(InvalidToken):
        house.refresh(token)


def test_logout_ends_this_session_only(house: House) -> None:
    here, there = house.open(), house.login()
    claim = open_refresh_token(here.refresh_token, REFRESH)
    for _ in range(2):
        house.sessions.logout(user_id=claim.user_id, session_id=claim.session_id)
    house.sessions.logout(user_id=claim.user_id, session_id="ses_unknown")
    with pytest.raises(InvalidToken):
        house.refresh(here.refresh_token)
    house.refresh(there.refresh_token)


def test_logout_everywhere_ends_them_all_but_nobody_elses(house: House) -> None:
    mine, cyds = [house.open(), house.login(), house.login()], house.open("cyd@example.com")
    house.sessions.logout_all(user_id=mine[0].user.id)
    for tokens in mine:
        with pytest.raises(InvalidToken):
            house.refresh(tokens.refresh_token)
    house.refresh(cyds.refresh_token)


def test_logout_everywhere_is_one_write_however_many_there_are(house: House) -> None:
    user = house.open().user
    for _ in range(5):
        house.login()
    house.during()
    house.sessions.logout_all(user_id=user.id)
    assert house.during() == ["user", "begin_era"]
    house.refresh(house.login().refresh_token)


def test_logout_everywhere_insists(house: House) -> None:
    user, store = house.open().user, house.people_store

    def push_in() -> None:
        store.users_by_id[user.id] = replace(store.users_by_id[user.id], rev=store.users_by_id[user.id].rev + 1)

    store.rival = push_in
    house.sessions.logout_all(user_id=user.id)
    assert store.users_by_id[user.id].era == 2

    def push_in_again() -> None:
        push_in()
        store.rival = push_in_again

    store.rival = push_in_again
    with pytest.raises(Stale):
        house.sessions.logout_all(user_id=user.id)
    house.sessions.logout_all(user_id="usr_nobody")


def test_a_login_that_read_the_old_era_gets_a_session_that_is_over(house: House) -> None:
    user = house.open().user
    house.hasher.age = "newer"  # so that the login writes, and can be overtaken
    house.people_store.rival = lambda: house.sessions.logout_all(user_id=user.id)
    tokens = house.login()
    with pytest.raises(InvalidToken):
        house.refresh(tokens.refresh_token)


def test_logout_wins_over_a_refresh_at_the_same_moment(house: House) -> None:
    tokens = house.open()
    claim = open_refresh_token(tokens.refresh_token, REFRESH)
    refreshed: list[str] = []
    house.session_store.rival = lambda: refreshed.append(house.refresh(tokens.refresh_token).refresh_token)
    house.sessions.logout(user_id=claim.user_id, session_id=claim.session_id)
    with pytest.raises(InvalidToken):
        house.refresh(refreshed[0])


def test_a_session_that_vanishes_while_it_is_ended_is_ended(house: House) -> None:
    tokens = house.open()
    claim = open_refresh_token(tokens.refresh_token, REFRESH)
    house.session_store.rival = house.session_store.sessions.clear
    house.sessions.logout(user_id=claim.user_id, session_id=claim.session_id)


def test_switching_moves_the_session_and_spends_its_token(house: House) -> None:
    ada, cyd = house.open("ada@example.com"), house.open("cyd@example.com")
    house.accounts.join(tenant_id=cyd.tenant.id, user_id=ada.user.id, role=Role.AGENT, now=house.now)
    claim = open_refresh_token(ada.refresh_token, REFRESH)

    def switch(tenant_id: str) -> object:
        return house.sessions.switch(
            user_id=claim.user_id, session_id=claim.session_id, tenant_id=tenant_id, now=house.now
        )

    switch(cyd.tenant.id)
    moved = house.refresh(ada.refresh_token)
    assert (moved.tenant.id, moved.role) == (cyd.tenant.id, Role.AGENT)
    house.later(seconds=11)
    with pytest.raises(TokenReused):
        house.refresh(ada.refresh_token)
    with pytest.raises(InvalidToken):
        switch(ada.tenant.id)


def test_nobody_switches_to_a_tenant_that_is_not_theirs(house: House) -> None:
    ada, cyd = house.open("ada@example.com"), house.open("cyd@example.com")
    claim = open_refresh_token(ada.refresh_token, REFRESH)
    for user_id, session_id, tenant_id, refusal in (
        (claim.user_id, claim.session_id, cyd.tenant.id, NotFound),
        ("usr_nobody", claim.session_id, ada.tenant.id, NotFound),
        (claim.user_id, "ses_unknown", ada.tenant.id, InvalidToken),
    ):
        with pytest.raises(refusal):
            house.sessions.switch(user_id=user_id, session_id=session_id, tenant_id=tenant_id, now=house.now)


def test_a_session_starts_at_its_first_generation() -> None:
    session = start(user=replace(ADA, era=3), tenant_id="ten_x", now=NOW)
    assert (session.generation, session.rotated_at, session.ended, session.era) == (1, NOW, None, 3)
    assert session.expires_at == NOW + timedelta(days=30)
