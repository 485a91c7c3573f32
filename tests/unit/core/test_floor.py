"""The small parts of the pure floor: clock, chance, the blocking driver, errors and who may what."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import chance, clock, drive
from chalicelib.core.errors import Conflict, Invalid, OverLimit, PushError, Stale, Unavailable
from chalicelib.core.identity import ROLE_SCOPES, TENANT_SCOPES, Principal, Role, Scope


class Frozen:
    def now(self) -> datetime:
        return datetime(2026, 1, 5, 9, 30, 59, 999_999, UTC)


def test_the_clock_is_aware_and_may_be_swapped() -> None:
    before = clock._clock
    assert clock.now().utcoffset() == timedelta(0)
    present = clock.PresentClock()
    clock.use(Frozen())
    try:
        assert clock.now() == present.now() == Frozen().now()
    finally:
        clock.use(before)


def test_minutes_and_seconds_are_cut_off_and_never_rounded_up() -> None:
    at = Frozen().now()
    assert clock.in_seconds(at) == 1_767_605_459
    assert clock.minute_of(at) == 1_767_605_459 // 60
    assert clock.minute_of(at.astimezone(timezone(timedelta(hours=5, minutes=30)))) == clock.minute_of(at)


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_milliseconds_come_back(milliseconds: int) -> None:
    assert clock.in_milliseconds(clock.from_milliseconds(milliseconds)) == milliseconds


def test_chance_gives_numbers_and_fresh_bytes() -> None:
    assert 0.0 <= chance.uniform() < 1.0
    assert len(chance.token(16)) == 16
    assert chance.token(16) != chance.token(16)


async def _answer() -> int:
    return 42


async def _fail() -> int:
    raise Stale


class _Suspends:
    def __await__(self) -> Generator[None, None, None]:
        yield


async def _wait(log: list[str]) -> None:
    try:
        await _Suspends()
    finally:
        log.append("closed")


def test_the_driver_returns_what_the_coroutine_returns() -> None:
    coroutine: Coroutine[Any, Any, int] = _answer()
    assert drive.run(coroutine) == 42


def test_the_driver_lets_errors_through() -> None:
    with pytest.raises(Stale):
        drive.run(_fail())


def test_the_driver_refuses_a_port_that_suspends_and_closes_it() -> None:
    log: list[str] = []
    with pytest.raises(RuntimeError, match="suspended"):
        drive.run(_wait(log))
    assert log == ["closed"]


def test_an_error_speaks_for_itself() -> None:
    bare = Conflict()
    assert (bare.detail, bare.facts, str(bare)) == (Conflict.title, {}, Conflict.title)
    told = Conflict("It is sent.", status="sent")
    assert (told.detail, told.facts, str(told)) == ("It is sent.", {"status": "sent"}, "It is sent.")


def test_a_place_at_fault_is_listed_with_what_is_said() -> None:
    assert Invalid("Too long.", pointer="/name").facts == {"errors": [{"pointer": "/name", "detail": "Too long."}]}
    assert Invalid(pointer="/name").facts == {"errors": [{"pointer": "/name", "detail": Invalid.title}]}
    assert Invalid("Too long.").facts == {}


def test_a_limit_knows_how_long_to_wait() -> None:
    error = OverLimit(retry_after_seconds=7, quota="pushes")
    assert (error.retry_after_seconds, error.facts) == (7, {"quota": "pushes"})


def test_only_our_own_faults_are_worth_a_retry() -> None:
    assert Unavailable.retryable
    assert not any(family.retryable for family in PushError.__subclasses__() if family is not Unavailable)


def test_roles_nest_and_none_reaches_the_operators_scope() -> None:
    assert ROLE_SCOPES[Role.OWNER] == TENANT_SCOPES
    assert set(ROLE_SCOPES) == set(Role)
    assert all(scopes <= TENANT_SCOPES for scopes in ROLE_SCOPES.values())
    assert Scope.OPS not in TENANT_SCOPES
    assert ROLE_SCOPES[Role.EDITOR] < ROLE_SCOPES[Role.ADMIN] < ROLE_SCOPES[Role.OWNER]


def test_a_principal_knows_what_it_is() -> None:
    ada = Principal("usr_1", "ten_1", ROLE_SCOPES[Role.OWNER], role=Role.OWNER)
    key = Principal("key_1", "ten_1", frozenset({Scope.SITES_READ}), site_id="site_1")
    operator = Principal("key_2", "", frozenset({Scope.OPS}))
    assert (ada.is_user, key.is_user, operator.is_user) == (True, False, False)
    assert (ada.is_operator, key.is_operator, operator.is_operator) == (False, False, True)
    assert key.may(Scope.SITES_READ)
    assert not key.may(Scope.SITES_WRITE)
    assert key.may_see_site("site_1")
    assert not key.may_see_site("site_2")
    assert ada.may_see_site("site_2")
