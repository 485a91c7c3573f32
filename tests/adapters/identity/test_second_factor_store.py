"""What every store of second factors must do, and the real one at rest, under faults and with many at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.person import User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.service.second_factor import FactorStore
from chalicelib.features.identity.store.person import PersonRows
from chalicelib.features.identity.store.second_factor import SecondFactorRows
from chalicelib.features.identity.store.session import SessionRows
from chalicelib.features.tenants.wiring import opening_write
from tests.adapters.identity.people_and_keys import AT, LATER, a_session, a_tenant, a_user
from tests.fakes.identity import MemoryPeople, MemorySessions
from tests.fakes.second_factor import MemorySecondFactors

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


@dataclass
class Stores:
    factors: FactorStore
    people: MemoryPeople | PersonRows
    sessions: MemorySessions | SessionRows

    def open(self) -> tuple[User, Session]:
        user, tenant = a_user(), a_tenant()
        session = a_session(user.id, tenant.id)
        self.people.open_account(user=user, tenant=tenant, session=session)
        return user, session

    def begin(self, user: User) -> SecondFactor:
        factor = SecondFactor(user.id, b"\x00sealed\xff", begun_at=AT)
        self.factors.begin(factor, instead_of=None)
        return factor

    def switch_on(self, user: User, session: Session) -> SecondFactor:
        on = replace(self.begin(user), confirmed_at=LATER, last_step=7, recovery_hashes=(b"one", b"two"))
        self.factors.switch_on(on, user=user, keeping=session)
        return replace(on, rev=2)


@pytest.fixture(params=["memory", "rows"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        people, sessions = MemoryPeople(), MemorySessions()
        people.sessions = sessions.sessions
        yield Stores(MemorySecondFactors(people, sessions), people, sessions)
    else:
        request.getfixturevalue("aws")
        yield Stores(SecondFactorRows(), PersonRows(tenant_write=opening_write()), SessionRows())


def test_what_was_begun_comes_back_and_is_not_on(stores: Stores) -> None:
    user, _ = stores.open()
    assert stores.factors.of_user(user.id) is None
    factor = stores.begin(user)
    assert stores.factors.of_user(user.id) == factor
    assert stores.people.user(user.id) == user


def test_one_of_two_begins(stores: Stores) -> None:
    user, _ = stores.open()
    first = stores.begin(user)
    second = replace(first, sealed_secret=b"another", rev=2)
    with pytest.raises(Stale):
        stores.factors.begin(second, instead_of=None)
    stores.factors.begin(second, instead_of=first)
    with pytest.raises(Stale):
        stores.factors.begin(second, instead_of=first)
    assert stores.factors.of_user(user.id) == second


def test_switching_on_changes_factor_user_and_session_at_once(stores: Stores) -> None:
    user, session = stores.open()
    on = stores.switch_on(user, session)
    assert stores.factors.of_user(user.id) == on
    assert stores.people.user(user.id) == replace(user, era=2, second_factor_at=LATER, rev=2)
    assert stores.sessions.get(user.id, session.id) == replace(session, era=2, rev=2)


@pytest.mark.parametrize("what", ["user", "session", "factor"])
def test_or_none_of_them(stores: Stores, what: str) -> None:
    user, session = stores.open()
    factor = stores.begin(user)
    on = replace(factor, confirmed_at=LATER, rev=9 if what == "factor" else 1)
    another, other = replace(user, rev=9 if what == "user" else 1), replace(session, rev=9 if what == "session" else 1)
    with pytest.raises(Stale):
        stores.factors.switch_on(on, user=another, keeping=other)
    assert stores.people.user(user.id) == user
    assert stores.sessions.get(user.id, session.id) == session
    assert stores.factors.of_user(user.id) == factor


def test_one_of_two_changes_it(stores: Stores) -> None:
    on = stores.switch_on(*stores.open())
    spent = replace(on, last_step=8, recovery_hashes=(b"two",), wrong=1, wrong_at=LATER, last_attempt="a")
    assert stores.factors.change(spent) == replace(spent, rev=3)
    assert stores.factors.of_user(on.user_id) == replace(spent, rev=3)
    with pytest.raises(Stale):
        stores.factors.change(replace(on, last_step=9, last_attempt="b"))


def test_its_secret_is_sealed_anew_by_the_same_write(stores: Stores) -> None:
    on = stores.switch_on(*stores.open())
    anew = replace(on, sealed_secret=b"sealed anew", last_step=8)
    stores.factors.change(anew)
    assert stores.factors.of_user(on.user_id) == replace(anew, rev=3)


def test_one_that_was_begun_since_is_another_even_at_the_same_revision(stores: Stores) -> None:
    user, session = stores.open()
    on = stores.switch_on(user, session)
    there = stores.people.user(user.id)
    assert there is not None
    stores.factors.switch_off(on, user=there)
    another = replace(on, sealed_secret=b"another", begun_at=LATER)
    stores.factors.begin(another, instead_of=None)
    with pytest.raises(Stale):
        stores.factors.change(replace(on, last_step=9))
    assert stores.factors.of_user(user.id) == another


def test_switching_off_leaves_nothing(stores: Stores) -> None:
    user, session = stores.open()
    on = stores.switch_on(user, session)
    there = stores.people.user(user.id)
    assert there is not None
    for stale_factor, stale_user in ((replace(on, rev=1), there), (on, user)):
        with pytest.raises(Stale):
            stores.factors.switch_off(stale_factor, user=stale_user)
    stores.factors.switch_off(on, user=there)
    assert stores.factors.of_user(user.id) is None
    assert stores.people.user(user.id) == replace(there, second_factor_at=None, rev=3)


def test_what_is_never_confirmed_is_swept_away_and_what_is_on_stays(aws: Installation) -> None:
    stores = Stores(SecondFactorRows(), PersonRows(tenant_write=opening_write()), SessionRows())
    user, session = stores.open()
    factor = stores.begin(user)

    def ttl() -> object:
        (row,) = [row for row in aws.rows("core") if row["sk"] == "TOTP"]
        return row.get("ttl")

    assert ttl() == in_seconds(factor.expires_at) + 3600
    stores.factors.switch_on(replace(factor, confirmed_at=LATER), user=user, keeping=session)
    assert ttl() is None


def test_many_at_once_change_it_once(aws: Installation) -> None:
    stores = Stores(SecondFactorRows(), PersonRows(tenant_write=opening_write()), SessionRows())
    on = stores.switch_on(*stores.open())

    def spend(number: int) -> bool:
        try:
            stores.factors.change(replace(on, last_step=8, last_attempt=str(number)))
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(spend, range(32))) == 1
