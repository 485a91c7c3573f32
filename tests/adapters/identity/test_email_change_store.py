"""What every store of wanted addresses must do, and the real one under faults."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.email_change import EmailChange, ask_for_change
from chalicelib.features.identity.model.person import EmailTaken, User
from chalicelib.features.identity.service.accounts import AccountStore
from chalicelib.features.identity.service.addresses import EmailChangeStore
from chalicelib.features.identity.store.email_change import EmailChangeRows
from chalicelib.features.identity.store.person import PersonRows
from chalicelib.features.identity.store.standing import StandingRows
from chalicelib.features.tenants.wiring import opening_write, standing_tenant
from tests.adapters.aws.faults import Faults
from tests.adapters.identity.people_and_keys import AT, a_member, a_session, a_tenant, a_user
from tests.fakes.identity import MemoryEmailChanges, MemoryPeople

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


@dataclass(frozen=True)
class Stores:
    people: AccountStore
    changes: EmailChangeStore

    def a_person(self, mailbox: str = "box-ada") -> User:
        user = a_user(mailbox)
        self.people.add_user(user=user, member=a_member("ten_ada", user.id))
        return user


@pytest.fixture(params=["memory", "rows"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        people = MemoryPeople()
        yield Stores(people, MemoryEmailChanges(people))
    else:
        request.getfixturevalue("aws")
        yield real()


def real() -> Stores:
    return Stores(PersonRows(tenant_write=opening_write()), EmailChangeRows())


def wish(user: User, mailbox: str = "box-new") -> EmailChange:
    return ask_for_change(user, email="new@example.com", mailbox=mailbox, now=AT)


def test_the_newest_wish_is_the_one_that_counts(stores: Stores) -> None:
    user = stores.a_person()
    assert stores.changes.of_user(user.id) is None
    for wanted in (wish(user), wish(user, "box-other")):
        stores.changes.put(wanted)
        assert stores.changes.of_user(user.id) == wanted


def test_an_attempt_is_counted_once_for_each_who_makes_it(stores: Stores) -> None:
    wanted = wish(stores.a_person())
    stores.changes.put(wanted)
    counted = stores.changes.count_attempt(wanted, mark="one")
    assert counted == replace(wanted, attempts=1, last_attempt="one", rev=2)
    assert stores.changes.of_user(wanted.user_id) == counted
    with pytest.raises(Stale):
        stores.changes.count_attempt(wanted, mark="two")


def test_a_person_moves_as_a_whole(stores: Stores) -> None:
    user = stores.a_person()
    wanted = wish(user)
    stores.changes.put(wanted)
    stores.changes.move(user, wanted)
    assert stores.people.user(user.id) == replace(user, email="new@example.com", mailbox="box-new", rev=2)
    assert (stores.people.user_id_at("box-new"), stores.people.user_id_at("box-ada")) == (user.id, None)
    assert stores.changes.of_user(user.id) is None
    stores.a_person("box-ada")  # the old address is free for somebody else


def test_nobody_moves_to_an_address_that_is_taken(stores: Stores) -> None:
    user, other = stores.a_person(), stores.a_person("box-new")
    wanted = wish(user)
    stores.changes.put(wanted)
    with pytest.raises(EmailTaken):
        stores.changes.move(user, wanted)
    assert stores.people.user(user.id) == user
    assert (stores.people.user_id_at("box-new"), stores.people.user_id_at("box-ada")) == (other.id, user.id)
    assert stores.changes.of_user(user.id) == wanted


def test_nobody_moves_by_a_wish_that_was_replaced_or_as_somebody_who_changed(stores: Stores) -> None:
    user = stores.a_person()
    older, newer = wish(user), wish(user, "box-other")
    stores.changes.put(newer)
    with pytest.raises(Stale):
        stores.changes.move(user, older)
    with pytest.raises(Stale):
        stores.changes.move(replace(user, rev=9), newer)
    assert stores.people.user_id_at("box-ada") == user.id
    assert stores.people.user_id_at("box-new") is None


def test_a_move_whose_answer_was_lost_happened_once(aws: Installation) -> None:
    stores = real()
    user = stores.a_person()
    wanted = wish(user)
    stores.changes.put(wanted)
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems")
        stores.changes.move(user, wanted)
    assert stores.people.user_id_at("box-new") == user.id


def test_of_many_who_move_to_an_address_at_once_one_gets_it(aws: Installation) -> None:
    stores = real()
    movers = [stores.a_person(f"box-{number}") for number in range(6)]
    wishes = [wish(user) for user in movers]
    for wanted in wishes:
        stores.changes.put(wanted)

    def move(number: int) -> bool:
        try:
            stores.changes.move(movers[number], wishes[number])
        except EmailTaken:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(move, range(6)))
    assert won.count(True) == 1
    assert stores.people.user_id_at("box-new") == movers[won.index(True)].id


def test_a_wish_is_swept_away(aws: Installation) -> None:
    wanted = wish(a_user())
    EmailChangeRows().put(wanted)
    (row,) = aws.rows("core")
    assert row["ttl"] > in_seconds(wanted.expires_at)


def test_user_session_membership_and_tenant_come_in_one_look_up(aws: Installation) -> None:
    user, tenant = a_user(), a_tenant()
    session = a_session(user.id, tenant.id)
    PersonRows(tenant_write=opening_write()).open_account(user=user, tenant=tenant, session=session)
    with Faults() as faults:
        standings = StandingRows(tenant=standing_tenant())
        standing = standings.of(user_id=user.id, session_id=session.id, tenant_id=tenant.id)
        assert faults.calls == ["dynamodb.BatchGetItem"]
    assert (standing.user, standing.session, standing.tenant) == (user, session, tenant)
    assert standing.member is not None
    assert standing.member.user_id == user.id
    nobody = standings.of(user_id="usr_nobody", session_id=session.id, tenant_id="ten_nobodys")
    assert (nobody.user, nobody.session, nobody.member, nobody.tenant) == (None, None, None, None)
