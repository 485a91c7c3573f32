"""A second factor's secret while the installation's key is being replaced: sealed anew by the write of a right code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.session import Tokens
from tests.unit.identity.house import House


@pytest.fixture
def codes(house: House, ada: Tokens) -> list[str]:
    """It is on, under the first key; the second one seals from now on."""
    codes = house.switch_on(ada)
    house.vault.key, house.vault.other = "second", "first"
    return codes


def is_stale(house: House) -> bool:
    return house.vault.is_stale(house.factor().sealed_secret)


def test_a_right_code_seals_it_anew_by_the_write_there_is_anyway(house: House, codes: list[str]) -> None:
    house.during()
    house.login(otp=house.code())
    assert house.during().count("change second factor") == 1
    assert not is_stale(house)
    sealed = house.factor().sealed_secret
    house.later(seconds=30)
    house.login(otp=house.code())
    assert house.factor().sealed_secret == sealed


def test_a_wrong_code_and_a_recovery_code_leave_it(house: House, codes: list[str]) -> None:
    with pytest.raises(InvalidCredentials):
        house.login(otp="000000")
    house.login(otp=codes[0])
    assert is_stale(house)


def test_that_it_cannot_be_sealed_now_keeps_nobody_out(house: House, ada: Tokens, codes: list[str]) -> None:
    house.vault.is_away = True
    code = house.code()
    assert house.login(otp=code).user.id == ada.user.id
    assert is_stale(house)
    with pytest.raises(InvalidCredentials):
        house.login(otp=code)  # it was noted all the same


def test_of_two_at_once_both_end_up_with_one_secret(house: House, codes: list[str]) -> None:
    early, late = house.code(), house.code(steps=1)
    house.factor_store.rival = lambda: (house.login(otp=early), None)[1]
    house.login(otp=late)
    assert not is_stale(house)
    house.later(minutes=1)
    house.login(otp=house.code(steps=1))


def test_one_begun_anew_meanwhile_is_not_overwritten(house: House, ada: Tokens, codes: list[str]) -> None:
    seen: dict[str, Any] = {}

    def another_begins() -> None:
        rev = house.factor().rev
        house.second_factors.remove(user_id=ada.user.id, request_id="r")
        house.second_factors.begin(user_id=ada.user.id, now=house.now)
        house.factor_store.factors[ada.user.id] = replace(house.factor(), rev=rev)
        seen["theirs"] = house.factor()

    house.factor_store.rival = another_begins
    assert not house.second_factors.seal_anew(user_id=ada.user.id)
    assert house.factor() == seen["theirs"]


def test_one_at_a_time_for_who_goes_through_the_rows(house: House, ada: Tokens, codes: list[str]) -> None:
    before = house.factor()
    assert house.second_factors.seal_anew(user_id=ada.user.id)
    assert not is_stale(house)
    assert replace(house.factor(), sealed_secret=before.sealed_secret, rev=before.rev) == before
    assert not house.second_factors.seal_anew(user_id="usr_nobody")
    house.login(otp=house.code())
