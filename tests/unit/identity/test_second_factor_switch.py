"""Switching a second factor on and off: by a code, for all sessions at once, and never half (SECURITY 10)."""

from __future__ import annotations

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.second_factor import RECOVERY_CODES, OtpRequired, SecondFactorOn
from chalicelib.features.identity.model.session import Tokens
from tests.unit.identity.house import NOW, House


def test_nothing_is_asked_for_before_it_is_confirmed(house: House, ada: Tokens) -> None:
    begun = house.second_factors.begin(user_id=ada.user.id, now=house.now)
    assert begun.url == f"otpauth://ada@example.com/{begun.secret}"
    assert begun.picture == f"<svg>{begun.url}</svg>"
    assert begun.secret not in repr(house.factor_store.factors) or b"usr_" in house.factor().sealed_secret
    assert house.login().user.id == ada.user.id
    assert house.subjects() == []


def test_from_then_on_it_is_asked_for(house: House, ada: Tokens) -> None:
    codes = house.switch_on(ada)
    assert len(set(codes)) == len(codes) == RECOVERY_CODES
    assert house.subjects() == ["Your second factor is on"]
    with pytest.raises(OtpRequired):
        house.login()
    tokens = house.login(otp=house.code())
    assert tokens.user.has_second_factor
    assert tokens.user.second_factor_at == NOW


def test_it_ends_every_session_that_a_password_alone_has_opened(house: House, ada: Tokens) -> None:
    elsewhere = house.login()
    house.switch_on(ada)
    with pytest.raises(InvalidToken):
        house.refresh(elsewhere.refresh_token)
    assert house.refresh(ada.refresh_token).user.id == ada.user.id


def test_the_code_that_confirms_it_opens_nothing_else(house: House, ada: Tokens) -> None:
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    code = house.code()
    house.second_factors.confirm(**house.asking(ada), otp=code, request_id="r", now=house.now)
    with pytest.raises(InvalidCredentials):
        house.login(otp=code)
    assert house.login(otp=house.code(steps=1)).user.id == ada.user.id


@pytest.mark.parametrize("otp", ["", "000000", "12345", "1234567", "abcdef", "x" * 40, "\u0661" * 6])
def test_a_wrong_code_confirms_nothing(house: House, ada: Tokens, otp: str) -> None:
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    assert otp not in {house.code(steps=steps) for steps in (-1, 0, 1)}
    with pytest.raises(InvalidCredentials):
        house.second_factors.confirm(**house.asking(ada), otp=otp, request_id="r", now=house.now)
    assert not house.factor().is_on


def test_what_was_not_begun_or_too_long_ago_cannot_be_confirmed(house: House, ada: Tokens) -> None:
    who = house.asking(ada)
    with pytest.raises(NotFound):
        house.second_factors.confirm(**who, otp="123456", request_id="r", now=house.now)
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    house.later(minutes=60)
    with pytest.raises(NotFound):
        house.second_factors.confirm(**who, otp=house.code(), request_id="r", now=house.now)
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    assert house.second_factors.confirm(**who, otp=house.code(), request_id="r", now=house.now)


def test_beginning_again_makes_an_end_of_what_was_begun(house: House, ada: Tokens) -> None:
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    before = house.code()
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    assert house.code() != before
    with pytest.raises(InvalidCredentials):
        house.second_factors.confirm(**house.asking(ada), otp=before, request_id="r", now=house.now)


def test_beginning_again_at_the_moment_it_is_confirmed_switches_nothing_on(house: House, ada: Tokens) -> None:
    """Or somebody would have a factor whose codes nobody can tell."""
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    code = house.code()
    house.factor_store.rival = lambda: (house.second_factors.begin(user_id=ada.user.id, now=house.now), None)[1]
    with pytest.raises(InvalidCredentials):
        house.second_factors.confirm(**house.asking(ada), otp=code, request_id="r", now=house.now)
    assert not house.factor().is_on


def test_there_is_one_at_a_time(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    with pytest.raises(SecondFactorOn):
        house.second_factors.begin(user_id=ada.user.id, now=house.now)
    with pytest.raises(SecondFactorOn):
        house.second_factors.confirm(**house.asking(ada), otp=house.code(), request_id="r", now=house.now)


def test_a_refresh_in_between_does_not_stop_it(house: House, ada: Tokens) -> None:
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    house.factor_store.rival = lambda: (house.refresh(ada.refresh_token), None)[1]
    assert house.second_factors.confirm(**house.asking(ada), otp=house.code(), request_id="r", now=house.now)


def test_the_session_that_switches_it_on_is_refreshed_at_any_moment(house: House, ada: Tokens) -> None:
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    words = {**house.asking(ada), "otp": house.code(), "request_id": "r"}
    house.session_store.intruder = lambda: (house.second_factors.confirm(**words, now=house.now), None)[1]
    assert house.refresh(ada.refresh_token).user.id == ada.user.id


@pytest.mark.parametrize("who", [{"session_id": "ses_unknown"}, {"user_id": "usr_nobody"}])
def test_nobody_confirms_in_a_session_that_is_not_theirs(house: House, ada: Tokens, who: dict[str, str]) -> None:
    house.second_factors.begin(user_id=ada.user.id, now=house.now)
    with pytest.raises((InvalidToken, NotFound)):
        house.second_factors.confirm(**house.asking(ada) | who, otp=house.code(), request_id="r", now=house.now)
    house.sessions.logout(**house.asking(ada))
    with pytest.raises(InvalidToken):
        house.second_factors.confirm(**house.asking(ada), otp=house.code(), request_id="r", now=house.now)


def test_without_it_the_password_is_enough_again(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    house.second_factors.remove(user_id=ada.user.id, request_id="r")
    assert house.subjects()[-1] == "Your second factor is off"
    assert not house.login().user.has_second_factor
    assert house.factor_store.factors == {}


def test_a_login_in_between_does_not_stop_it(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    house.factor_store.rival = lambda: (house.login(otp=house.code()), None)[1]
    house.second_factors.remove(user_id=ada.user.id, request_id="r")
    assert house.factor_store.factors == {}


@pytest.mark.parametrize("is_begun", [True, False])
def test_what_is_not_on_cannot_be_switched_off(house: House, ada: Tokens, is_begun: bool) -> None:
    if is_begun:
        house.second_factors.begin(user_id=ada.user.id, now=house.now)
    with pytest.raises(NotFound):
        house.second_factors.remove(user_id=ada.user.id, request_id="r")
    with pytest.raises(NotFound):
        house.second_factors.replace_recovery_codes(user_id=ada.user.id, request_id="r")
    with pytest.raises(NotFound):
        house.second_factors.begin(user_id="usr_nobody", now=house.now)
