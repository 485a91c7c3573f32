"""What every store of wanted addresses must do, and the real one under faults."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.aws.dynamo_connection import connection
from chalicelib.aws.values import to_wire
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.email_change import EmailChange, ask_for_change
from chalicelib.features.identity.model.person import EmailTaken, User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.session import Bearer, Session
from chalicelib.features.identity.service.accounts import AccountStore
from chalicelib.features.identity.service.addresses import EmailChangeStore
from chalicelib.features.identity.service.sessions import SessionStore
from chalicelib.features.identity.store.email_change import EmailChangeRows
from chalicelib.features.identity.store.person import PersonRows
from chalicelib.features.identity.store.rows import CORE
from chalicelib.features.identity.store.second_factor import SecondFactorRows
from chalicelib.features.identity.store.session import SessionRows, session_key
from chalicelib.features.identity.store.standing import StandingRows
from chalicelib.features.tenants.wiring import opening_write, standing_tenant
from tests.adapters.aws.faults import Faults
from tests.adapters.identity.people_and_keys import AT, a_member, a_session, a_tenant, a_user
from tests.fakes.identity import MemoryEmailChanges, MemoryPeople, MemorySessions

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


@dataclass(frozen=True)
class Stores:
    people: AccountStore
    changes: EmailChangeStore
    sessions: SessionStore

    def a_person(self, mailbox: str = "box-ada") -> User:
        user = a_user(mailbox)
        self.people.add_user(user=user, member=a_member("ten_ada", user.id))
        return user

    def want(self, wanted: EmailChange) -> Session:
        """In a session in which three passwords have been tried."""
        session = replace(a_session(wanted.user_id, "ten_ada"), attempts=3)
        self.sessions.put(session)
        self.changes.put(wanted, forgiving=session)
        return session


@pytest.fixture(params=["memory", "rows"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        people, sessions = MemoryPeople(), MemorySessions()
        people.sessions = sessions.sessions
        yield Stores(people, MemoryEmailChanges(people), sessions)
    else:
        request.getfixturevalue("aws")
        yield real()


def real() -> Stores:
    return Stores(PersonRows(tenant_write=opening_write()), EmailChangeRows(), SessionRows())


def wish(user: User, mailbox: str = "box-new") -> EmailChange:
    return ask_for_change(user, email="new@example.com", mailbox=mailbox, now=AT)


def test_the_newest_wish_is_the_one_that_counts(stores: Stores) -> None:
    user = stores.a_person()
    assert stores.changes.of_user(user.id) == (None, user)
    for wanted in (wish(user), wish(user, "box-other")):
        stores.want(wanted)
        assert stores.changes.of_user(user.id) == (wanted, user)
    assert stores.changes.of_user("usr_nobody") == (None, None)


def test_an_attempt_is_counted_once_for_each_who_makes_it(stores: Stores) -> None:
    wanted = wish(stores.a_person())
    stores.want(wanted)
    counted = stores.changes.count_attempt(wanted, mark="one")
    assert counted == replace(wanted, attempts=1, last_attempt="one", rev=2)
    assert stores.changes.of_user(wanted.user_id)[0] == counted
    with pytest.raises(Stale):
        stores.changes.count_attempt(wanted, mark="two")


def test_a_person_moves_as_a_whole(stores: Stores) -> None:
    user = stores.a_person()
    wanted = wish(user)
    stores.want(wanted)
    stores.changes.move(user, wanted)
    assert stores.people.user(user.id) == replace(user, email="new@example.com", mailbox="box-new", rev=2)
    assert (stores.people.user_id_at("box-new"), stores.people.user_id_at("box-ada")) == (user.id, None)
    assert stores.changes.of_user(user.id)[0] is None
    stores.a_person("box-ada")  # the old address is free for somebody else


def test_nobody_moves_to_an_address_that_is_taken(stores: Stores) -> None:
    user, other = stores.a_person(), stores.a_person("box-new")
    wanted = wish(user)
    stores.want(wanted)
    with pytest.raises(EmailTaken):
        stores.changes.move(user, wanted)
    assert stores.people.user(user.id) == user
    assert (stores.people.user_id_at("box-new"), stores.people.user_id_at("box-ada")) == (other.id, user.id)
    assert stores.changes.of_user(user.id) == (wanted, user)


def test_nobody_moves_by_a_wish_that_was_replaced_or_as_somebody_who_changed(stores: Stores) -> None:
    user = stores.a_person()
    older, newer = wish(user), wish(user, "box-other")
    stores.want(newer)
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
    stores.want(wanted)
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems")
        stores.changes.move(user, wanted)
    assert stores.people.user_id_at("box-new") == user.id


def test_of_many_who_move_to_an_address_at_once_one_gets_it(aws: Installation) -> None:
    stores = real()
    movers = [stores.a_person(f"box-{number}") for number in range(6)]
    wishes = [wish(user) for user in movers]
    for wanted in wishes:
        stores.want(wanted)

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
    real().want(wanted)
    (row,) = [row for row in aws.rows("core") if row["sk"] == "EMAIL_CHANGE"]
    assert row["ttl"] > in_seconds(wanted.expires_at)


def test_a_wish_forgives_the_attempts_that_led_to_it_or_is_none(stores: Stores) -> None:
    wanted = wish(stores.a_person())
    session = stores.want(wanted)
    assert stores.sessions.get(wanted.user_id, session.id) == replace(session, attempts=0, rev=2)
    with pytest.raises(Stale):
        stores.changes.put(replace(wanted, id="another"), forgiving=session)
    assert stores.changes.of_user(wanted.user_id)[0] == wanted


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


@pytest.fixture
def bearer(aws: Installation) -> Session:
    user, tenant = a_user(), a_tenant()
    session = a_session(user.id, tenant.id)
    PersonRows(tenant_write=opening_write()).open_account(user=user, tenant=tenant, session=session)
    return session


def test_who_proves_themselves_is_read_in_one_look_up(bearer: Session) -> None:
    standings = StandingRows(tenant=standing_tenant())
    factor = SecondFactor(bearer.user_id, b"sealed", begun_at=AT)
    SecondFactorRows().begin(factor, instead_of=None)
    with Faults() as faults:
        found = standings.bearer(bearer.user_id, bearer.id)
        member, tenant = standings.seat(bearer.tenant_id, bearer.user_id)
        assert faults.calls == ["dynamodb.BatchGetItem"] * 2
    assert (found.user and found.user.id, found.session, found.factor) == (bearer.user_id, bearer, factor)
    assert (member and member.user_id, tenant and tenant.id) == (bearer.user_id, bearer.tenant_id)
    assert standings.bearer("usr_nobody", bearer.id) == Bearer(None, None, None)
    assert standings.seat("ten_nobodys", bearer.user_id) == (None, None)


def test_a_session_that_a_new_password_has_just_taken_along_is_not_over(bearer: Session) -> None:
    """Of one look-up's rows the session may be read before that write, and its person after."""
    people, standings = PersonRows(tenant_write=opening_write()), StandingRows(tenant=standing_tenant())
    before = CORE.get(*session_key(bearer.user_id, bearer.id))
    user = people.user(bearer.user_id)
    assert before is not None
    assert user is not None
    people.change_password(user, "another", keeping=bearer)

    def late(parsed: dict[str, Any], **_: Any) -> None:
        items = parsed["Responses"][CORE.name]
        items[:] = [item for item in items if not item["sk"]["S"].startswith("SESSION#")] + [to_wire(before)["M"]]

    events = connection().client.meta.events
    events.register("after-call.dynamodb.BatchGetItem", late)
    try:
        found = standings.bearer(bearer.user_id, bearer.id)
    finally:
        events.unregister("after-call.dynamodb.BatchGetItem", late)
    assert found.user is not None
    assert found.session is not None
    assert found.session.era == found.user.era == 2
