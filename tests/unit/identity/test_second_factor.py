"""The second factor: each code once, wrong ones counted, and what else hangs on it (SECURITY 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.core.errors import OverLimit, Stale
from chalicelib.core.identity import ROLE_SCOPES, Principal, Role
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.second_factor import (
    RECOVERY_CODES,
    OtpRequired,
    SecondFactor,
    draw_recovery_codes,
    read_otp,
    recovery_hash,
)
from chalicelib.features.identity.model.session import Access, Tokens
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.access import Authenticator
from tests.unit.identity.house import NOW, RECOVERY, House

STEP = int(NOW.timestamp()) // 30


# --- at the door ---


def test_it_is_asked_for_only_after_the_right_password(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    house.during()
    for otp in (None, house.code(), "000000"):
        with pytest.raises(InvalidCredentials):
            house.login(password="a wrong one", otp=otp)
    assert "second factor" not in house.during()
    assert house.factor().wrong == 0


def test_who_has_none_may_give_one_and_pays_no_look_up(house: House, ada: Tokens) -> None:
    house.during()
    assert house.login(otp="123456").user.id == ada.user.id
    assert "second factor" not in house.during()


def test_each_step_is_used_once(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    code = house.code()
    house.login(otp=code)
    for _ in range(2):
        with pytest.raises(InvalidCredentials):
            house.login(otp=code)


def test_no_step_before_one_that_was_used_is_good(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    early, late = house.code(), house.code(steps=1)
    house.login(otp=late)
    with pytest.raises(InvalidCredentials):
        house.login(otp=early)


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_off_by_one_step(house: House, ada: Tokens, steps: int, is_good: bool) -> None:
    house.switch_on(ada)
    house.later(minutes=5)
    if is_good:
        assert house.login(otp=house.code(steps=steps)).user.id == ada.user.id
    else:
        with pytest.raises(InvalidCredentials):
            house.login(otp=house.code(steps=steps))


def test_a_code_may_be_typed_in_groups(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    code = house.code()
    assert house.login(otp=f" {code[:3]} {code[3:]}").user.id == ada.user.id


def test_of_two_at_once_the_second_is_a_replay(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    code = house.code()
    house.factor_store.rival = lambda: (house.login(otp=code), None)[1]
    with pytest.raises(InvalidCredentials):
        house.login(otp=code)


def test_one_switched_off_meanwhile_is_asked_for_no_more(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    code = house.code()
    house.factor_store.rival = lambda: house.second_factors.remove(user_id=ada.user.id, request_id="r")
    with pytest.raises(Stale):
        house.login(otp=code)
    assert house.login().user.id == ada.user.id


def test_a_row_that_is_not_on_lets_nobody_in(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    house.factor_store.factors[ada.user.id] = replace(house.factor(), confirmed_at=None)
    with pytest.raises(Stale):
        house.login(otp=house.code())


def test_a_crowd_is_told_to_come_back(house: House, ada: Tokens) -> None:
    house.switch_on(ada)

    def push_in() -> None:
        house.factor_store.factors[ada.user.id] = replace(house.factor(), rev=house.factor().rev + 1)
        house.factor_store.rival = push_in

    house.factor_store.rival = push_in
    for crowded in (
        lambda: house.login(otp=house.code()),
        lambda: house.second_factors.remove(user_id=ada.user.id, request_id="r"),
        lambda: house.second_factors.replace_recovery_codes(user_id=ada.user.id, request_id="r"),
    ):
        with pytest.raises(Stale):
            crowded()


def test_a_crowd_that_begins_is_told_to_come_back(house: House, ada: Tokens) -> None:
    house.second_factors.begin(user_id=ada.user.id, now=house.now)

    def push_in() -> None:
        house.factor_store.factors[ada.user.id] = replace(house.factor(), rev=house.factor().rev + 1)
        house.factor_store.rival = push_in

    house.factor_store.rival = push_in
    with pytest.raises(Stale):
        house.second_factors.confirm(**house.asking(ada), otp=house.code(), request_id="r", now=house.now)
    with pytest.raises(Stale):
        house.second_factors.begin(user_id=ada.user.id, now=house.now)


# --- guessing ---


def guess(house: House, times: int) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            house.login(otp="000000")


def test_after_five_wrong_codes_one_is_taken_every_quarter_of_an_hour(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    house.letters.letters.clear()
    guess(house, 5)
    assert house.subjects() == ["Somebody is guessing your one-time codes"]
    with pytest.raises(OverLimit) as refused:
        house.login(otp=house.code())
    assert refused.value.retry_after_seconds == 900
    house.later(minutes=15)
    guess(house, 1)
    with pytest.raises(OverLimit):
        house.login(otp=house.code())
    house.later(minutes=15)
    assert house.login(otp=house.code()).user.id == ada.user.id
    assert len(house.subjects()) == 1


def test_a_right_code_makes_the_count_begin_again(house: House, ada: Tokens) -> None:
    codes = house.switch_on(ada)
    guess(house, 4)
    house.login(otp=house.code())
    guess(house, 4)
    house.login(otp=codes[0])
    guess(house, 4)
    assert house.factor().wrong == 4


def test_a_right_code_at_the_moment_of_the_fifth_wrong_one_is_not_taken(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    guess(house, 4)
    house.factor_store.rival = lambda: guess(house, 1)
    with pytest.raises(OverLimit):
        house.login(otp=house.code())


# --- recovery codes ---


def test_each_recovery_code_is_good_once(house: House, ada: Tokens) -> None:
    codes = house.switch_on(ada)
    house.letters.letters.clear()
    assert house.login(otp=codes[3]).user.id == ada.user.id
    assert house.subjects() == ["A recovery code was used"]
    assert "Codes left: 9." in house.letters.letters[0].text
    assert [event.action for event in house.trail.events].count("recovery_code.used") == 1
    with pytest.raises(InvalidCredentials):
        house.login(otp=codes[3])
    assert house.login(otp=codes[4]).user.id == ada.user.id


def test_of_two_with_one_recovery_code_the_second_is_a_replay(house: House, ada: Tokens) -> None:
    codes = house.switch_on(ada)
    house.factor_store.rival = lambda: (house.login(otp=codes[0]), None)[1]
    with pytest.raises(InvalidCredentials):
        house.login(otp=codes[0])
    assert len(house.factor().recovery_hashes) == RECOVERY_CODES - 1


def test_a_recovery_code_may_be_typed_in_any_way(house: House, ada: Tokens) -> None:
    codes = house.switch_on(ada)
    assert house.login(otp=f" {codes[0].upper().replace('-', ' ')} ").user.id == ada.user.id
    assert house.login(otp=codes[1].replace("-", "").replace("0", "O").replace("1", "l")).user.id == ada.user.id


def test_recovery_codes_work_without_the_app_whatever_the_time(house: House, ada: Tokens) -> None:
    codes = house.switch_on(ada)
    house.later(days=400)
    for code in codes:
        assert house.login(otp=code).user.id == ada.user.id
    with pytest.raises(InvalidCredentials):
        house.login(otp=codes[0])


def test_new_recovery_codes_make_the_old_ones_void(house: House, ada: Tokens) -> None:
    before = house.switch_on(ada)
    house.factor_store.rival = lambda: (house.login(otp=before[0]), None)[1]
    after = house.second_factors.replace_recovery_codes(user_id=ada.user.id, request_id="r")
    assert set(before).isdisjoint(after)
    assert house.subjects()[-1] == "You have new recovery codes"
    with pytest.raises(InvalidCredentials):
        house.login(otp=before[1])
    assert house.login(otp=after[0]).user.id == ada.user.id


def test_nobody_learns_a_recovery_code_from_its_hash() -> None:
    """Nor checks a guess without the pepper, nor takes a hash to somebody else's row."""
    code = draw_recovery_codes()[0]
    other = Signer(lambda: "another", "recovery code")
    hashes = {
        recovery_hash(code, user_id="usr_a", signer=RECOVERY),
        recovery_hash(code, user_id="usr_b", signer=RECOVERY),
        recovery_hash(code, user_id="usr_a", signer=other),
    }
    assert len(hashes) == 3


# --- stepping up ---


def test_stepping_up_asks_for_it_too(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    for _ in range(8):  # none of which is a wrong guess
        with pytest.raises(OtpRequired):
            house.step_up(ada)
    assert house.step_up(ada, otp=house.code()).user.id == ada.user.id


def test_five_wrong_codes_in_a_session_end_it(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            house.step_up(ada, otp="000000")
    with pytest.raises(InvalidToken):
        house.step_up(ada, otp=house.code())
    with pytest.raises(InvalidToken):
        house.refresh(ada.refresh_token)


def test_a_refresh_asks_for_nothing(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    house.later(days=3)
    assert house.refresh(ada.refresh_token).user.id == ada.user.id


def test_a_new_password_is_no_way_around_it(house: House, ada: Tokens) -> None:
    house.switch_on(ada)
    house.reset(house.forgot(), "a new password")
    with pytest.raises(OtpRequired):
        house.login(password="a new password")
    assert house.login(password="a new password", otp=house.code()).user.has_second_factor


# --- what a tenant asks of its members ---


def test_a_token_says_what_its_bearer_owes(house: House, ada: Tokens) -> None:
    tenant = house.people_store.tenants[ada.tenant.id]
    house.people_store.tenants[tenant.id] = replace(tenant, requires_second_factor=True)
    assert house.login().access_token.endswith("owes")
    assert house.refresh(ada.refresh_token).access_token.endswith("owes")
    house.switch_on(ada)
    assert not house.login(otp=house.code()).access_token.endswith("owes")


def test_where_it_matters_the_tenant_itself_is_asked(house: House, ada: Tokens) -> None:
    door = Authenticator(access_tokens=Unasked(), api_keys=Unasked(), standings=house.standings)
    who = house.asking(ada)
    me = Principal(ada.user.id, ada.tenant.id, ROLE_SCOPES[Role.OWNER], Role.OWNER, session_id=who["session_id"])
    assert not door.confirm(me, now=house.now).owes_second_factor
    tenant = house.people_store.tenants[ada.tenant.id]
    house.people_store.tenants[tenant.id] = replace(tenant, requires_second_factor=True)
    owing = door.confirm(me, now=house.now)
    assert owing == replace(me, owes_second_factor=True, email=ada.user.email)
    house.switch_on(ada)
    assert door.confirm(owing, now=house.now) == replace(owing, owes_second_factor=False)
    del house.people_store.tenants[tenant.id]
    assert door.confirm(me, now=house.now).owes_second_factor  # what is not known is not waived


class Unasked:
    def read(self, token: str, *, now: datetime) -> Access:
        raise AssertionError(token)

    def authenticate(self, token: str, *, now: datetime) -> Principal:
        raise AssertionError(token)


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666", "x"])
def test_only_six_digits_are_a_code(text: str) -> None:
    assert read_otp(text) is None


def test_a_factor_is_open_for_steps_that_nobody_has_used() -> None:
    factor = SecondFactor("usr_a", b"", NOW)
    assert list(factor.open_steps(NOW)) == [STEP - 1, STEP, STEP + 1]
    assert list(factor.with_step(STEP, mark="m").open_steps(NOW)) == [STEP + 1]
    assert list(factor.with_step(STEP + 1, mark="m").open_steps(NOW)) == []
    assert list(factor.with_step(STEP + 1, mark="m").open_steps(NOW + timedelta(minutes=1))) == [STEP + 2, STEP + 3]
