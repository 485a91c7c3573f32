"""What people do with their own account, and what a wrong password costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.core.paging import BadCursor
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.device import Device, read_device
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, InvalidToken
from chalicelib.features.identity.model.session import Tokens
from tests.unit.identity.house import PASSWORD, House


def session_ids(house: House, tokens: Tokens, *, limit: int = 50) -> list[str]:
    page = house.own_account.list_sessions(user_id=tokens.user.id, limit=limit, cursor=None, now=house.now)
    return [session.id for session in page.rows]


def test_a_new_password_keeps_this_session_and_ends_the_others(house: House) -> None:
    here, there = house.open(), house.login()
    house.change_password(here, password="a new password")
    with pytest.raises(InvalidToken):
        house.refresh(there.refresh_token)
    with pytest.raises(InvalidCredentials):
        house.login()
    assert house.letters.letters[-1].subject == "Your password was changed"
    here = house.refresh(here.refresh_token)
    house.change_password(here, "a new password", PASSWORD)
    house.refresh(house.login().refresh_token)


def test_a_new_password_makes_links_void(house: House) -> None:
    here = house.open()
    reset, move = house.forgot(), house.ask_for_email(here)
    house.change_password(here)
    with pytest.raises(InvalidToken):
        house.reset(reset)
    with pytest.raises(InvalidToken):
        house.confirm_email(move, "a new password")


def test_the_present_password_is_asked_for(house: House) -> None:
    here = house.open()
    with pytest.raises(InvalidCredentials):
        house.change_password(here, "a wrong one")
    with pytest.raises(Invalid):
        house.change_password(here, password="short")
    house.login()


def test_a_password_that_is_too_short_costs_no_attempt(house: House) -> None:
    here = house.open()
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Invalid):
            house.change_password(here, password="short")
    house.change_password(here)


def test_five_wrong_passwords_in_a_row_end_the_session(house: House) -> None:
    here, there = house.open(), house.login()
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(InvalidCredentials):
            house.step_up(here, "a wrong one")
    with pytest.raises(InvalidToken):
        house.step_up(here)
    with pytest.raises(InvalidToken):
        house.refresh(here.refresh_token)
    house.refresh(there.refresh_token)


def test_wrong_passwords_count_wherever_they_are_given(house: House) -> None:
    here = house.open()
    for _ in range(2):
        with pytest.raises(InvalidCredentials):
            house.change_password(here, "a wrong one")
        with pytest.raises(InvalidCredentials):
            house.ask_for_email(here, password="a wrong one")
    with pytest.raises(InvalidCredentials):
        house.step_up(here, "a wrong one")
    with pytest.raises(InvalidToken):
        house.ask_for_email(here)


def test_a_right_password_forgives_wrong_ones(house: House) -> None:
    here = house.open()
    right = (lambda: house.step_up(here), lambda: house.ask_for_email(here), lambda: house.change_password(here))
    for give in right:
        for _ in range(MOST_ATTEMPTS - 1):
            with pytest.raises(InvalidCredentials):
                house.step_up(here, "a wrong one")
        give()
    house.step_up(here, "a new password")


def test_an_attempt_is_counted_before_it_is_judged(house: House) -> None:
    here = house.open()

    def guess() -> None:
        with pytest.raises(InvalidCredentials):
            house.step_up(here, "a wrong one")

    house.session_store.rival = guess
    house.step_up(here)
    crowd = house.session_store

    def push_in() -> None:
        ((key, session),) = crowd.sessions.items()
        crowd.sessions[key] = replace(session, rev=session.rev + 1)
        crowd.rival = push_in

    crowd.rival = push_in
    house.hasher.work.clear()
    with pytest.raises(Stale):
        house.step_up(here)
    assert house.hasher.work == []


def test_step_up_gives_the_next_tokens_of_this_session_and_makes_it_fresh(house: House) -> None:
    here = house.open()
    house.later(hours=1)
    stepped = house.step_up(here)
    (session,) = house.session_store.sessions.values()
    assert (session.proven_at, session.generation, session.attempts) == (house.now, 2, 0)
    again = house.refresh(here.refresh_token)
    assert again.refresh_token == stepped.refresh_token
    house.later(hours=1)
    house.refresh(stepped.refresh_token)
    (session,) = house.session_store.sessions.values()
    assert session.proven_at != house.now  # a refresh proves nothing


def test_nobody_steps_up_in_a_session_that_is_over(house: House) -> None:
    here = house.open()
    who = house.asking(here)
    house.people_store.members_by_key.clear()
    with pytest.raises(InvalidToken):
        house.step_up(here)
    house.sessions.logout(**who)
    with pytest.raises(InvalidToken):
        house.step_up(here)
    for stranger in (who | {"user_id": "usr_nobody"}, who | {"session_id": "ses_unknown"}):
        with pytest.raises(InvalidToken):
            house.own_account.step_up(**stranger, password=PASSWORD, otp=None, request_id="r", now=house.now)


def test_a_person_says_what_they_are_called(house: House) -> None:
    user = house.open().user
    rival = replace(user, era=5, rev=2)
    house.people_store.rival = lambda: house.people_store.users_by_id.update({user.id: rival})
    house.own_account.rename(user_id=user.id, name="  Ada Lovelace ")
    assert house.people_store.users_by_id[user.id] == replace(rival, name="Ada Lovelace", rev=3)
    for name in ("", " ", "x" * 101, "two\nlines", "\u202eevil"):
        with pytest.raises(Invalid):
            house.own_account.rename(user_id=user.id, name=name)
    with pytest.raises(NotFound):
        house.own_account.rename(user_id="usr_nobody", name="Ada")

    def push_in() -> None:
        there = house.people_store.users_by_id[user.id]
        house.people_store.users_by_id[user.id] = replace(there, rev=there.rev + 1)
        house.people_store.rival = push_in

    house.people_store.rival = push_in
    with pytest.raises(Stale):
        house.own_account.rename(user_id=user.id, name="Ada")


def test_sessions_are_listed_while_they_last(house: House) -> None:
    here, there = house.open(), house.login()
    house.open("cyd@example.com")
    assert session_ids(house, here) == sorted(house.asking(each)["session_id"] for each in (here, there))
    house.sessions.logout(**house.asking(there))
    assert session_ids(house, here) == [house.asking(here)["session_id"]]
    house.change_password(here)
    third = house.login(password="a new password")
    assert len(session_ids(house, here)) == 2
    house.sessions.logout_all(user_id=here.user.id)
    assert session_ids(house, here) == []
    house.login(password="a new password")
    house.later(days=30)
    assert session_ids(house, third) == []


def test_sessions_come_page_by_page(house: House) -> None:
    here = house.open()
    for _ in range(2):
        house.login()
    seen, cursor = [], None
    while True:
        page = house.own_account.list_sessions(user_id=here.user.id, limit=1, cursor=cursor, now=house.now)
        seen += [session.id for session in page.rows]
        cursor = page.position
        if cursor is None:
            break
    assert len(set(seen)) == 3
    page = house.own_account.list_sessions(user_id=here.user.id, limit=1, cursor=None, now=house.now)
    cyd = house.open("cyd@example.com").user.id
    with pytest.raises(BadCursor):
        house.own_account.list_sessions(user_id=cyd, limit=1, cursor=page.position, now=house.now)


def test_a_person_ends_sessions_of_their_own(house: House) -> None:
    here, there, cyds = house.open(), house.login(), house.open("cyd@example.com")
    for _ in range(2):
        house.own_account.end_session(user_id=here.user.id, session_id=house.asking(there)["session_id"])
    with pytest.raises(InvalidToken):
        house.refresh(there.refresh_token)
    for session_id in (house.asking(cyds)["session_id"], "ses_x", "#", ""):
        with pytest.raises(NotFound):
            house.own_account.end_session(user_id=here.user.id, session_id=session_id)
    house.refresh(here.refresh_token)
    house.refresh(cyds.refresh_token)


def test_a_session_remembers_what_it_was_opened_with(house: House) -> None:
    house.open()
    device = Device("curl/8", "DE")
    house.sessions.login(email="ada@example.com", password=PASSWORD, device=device, now=house.now)
    found = {(session.user_agent, session.country) for session in house.session_store.sessions.values()}
    assert found == {("", ""), ("curl/8", "DE")}


@pytest.mark.parametrize(
    ("headers", "device"),
    [
        ({}, Device()),
        ({"user-agent": " Mozilla/5.0 "}, Device("Mozilla/5.0")),
        ({"user-agent": "a\nb\u202ec\x00"}, Device("a b c")),
        ({"user-agent": "x" * 5_000}, Device("x" * 200)),
        ({"cloudfront-viewer-country": "DE"}, Device(country="DE")),
        ({"cloudfront-viewer-country": "de"}, Device()),
        ({"cloudfront-viewer-country": "<script>"}, Device()),
    ],
)
def test_a_device_is_what_its_headers_say_in_plain_letters(headers: dict[str, str], device: Device) -> None:
    assert read_device(headers, country_header="CloudFront-Viewer-Country") == device


def test_without_a_cdn_in_front_nobody_tells_a_country() -> None:
    assert read_device({"cloudfront-viewer-country": "DE", "": "DE"}, country_header="") == Device()


def test_a_person_of_several_tenants_steps_up_where_they_are(house: House) -> None:
    ada, cyd = house.open(), house.open("cyd@example.com")
    house.accounts.join(tenant_id=cyd.tenant.id, user_id=ada.user.id, role=Role.AGENT, now=house.now)
    house.sessions.switch(**house.asking(ada), tenant_id=cyd.tenant.id, now=house.now)
    stepped = house.step_up(ada)
    assert (stepped.tenant.id, stepped.role) == (cyd.tenant.id, Role.AGENT)
