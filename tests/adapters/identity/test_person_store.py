"""What every store of people must do: the real one, and the fake that unit tests lean on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from chalicelib.core.errors import Conflict, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.person import EmailTaken
from chalicelib.features.identity.service.accounts import AccountStore
from chalicelib.features.identity.service.own_account import OwnPersonStore
from chalicelib.features.identity.service.people import MemberStore
from chalicelib.features.identity.service.recovery import ForgetfulStore
from chalicelib.features.identity.service.sessions import PersonStore
from chalicelib.features.identity.store.person import PersonRows
from chalicelib.features.identity.store.session import SessionRows
from chalicelib.features.tenants.wiring import opening_write, tenants
from tests.adapters.aws.faults import Faults
from tests.adapters.identity.people_and_keys import a_member, a_registration, a_session, a_tenant, a_user
from tests.fakes.identity import MemoryPeople

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


class Store(AccountStore, PersonStore, MemberStore, OwnPersonStore, ForgetfulStore, Protocol):
    """Everything the services ask of people."""


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryPeople()
    else:
        request.getfixturevalue("aws")
        yield PersonRows(tenant_write=opening_write())


@pytest.fixture
def rows(aws: Installation) -> PersonRows:
    return PersonRows(tenant_write=opening_write())


def test_a_registration_comes_back_as_it_went_in(store: Store) -> None:
    registration = a_registration()
    store.put_registration(registration)
    assert store.registration(registration.mailbox, registration.id) == registration
    assert store.registration("box-cyd", registration.id) is None
    assert store.newest_registration("box-cyd") is None


def test_the_newest_registration_of_a_mailbox_is_found(store: Store) -> None:
    registrations = sorted((a_registration() for _ in range(3)), key=lambda one: one.id)
    for registration in registrations:
        store.put_registration(registration)
    assert store.newest_registration("box-ada") == registrations[-1]


def test_an_attempt_is_counted_once_for_each_who_makes_it(store: Store) -> None:
    registration = a_registration()
    store.put_registration(registration)
    counted = store.count_attempt(registration, mark="one")
    assert (counted.attempts, counted.last_attempt, counted.rev) == (1, "one", 2)
    assert store.registration(registration.mailbox, registration.id) == counted
    with pytest.raises(Stale):
        store.count_attempt(registration, mark="two")
    assert store.count_attempt(counted, mark="two").attempts == 2
    with pytest.raises(Stale):
        store.count_attempt(a_registration(), mark="nobody's")


def test_an_account_opens_as_a_whole(store: Store) -> None:
    registration, user, tenant = a_registration(), a_user(), a_tenant()
    store.put_registration(registration)
    store.count_attempt(registration, mark="meanwhile")
    store.open_account(user=user, tenant=tenant, session=a_session(user.id, tenant.id), registration=registration)
    assert store.user(user.id) == user
    assert store.user_id_at(user.mailbox) == user.id
    member = a_member(tenant.id, user.id, Role.OWNER)
    assert store.member(tenant.id, user.id) == member
    assert store.memberships(user.id, limit=5) == [member]
    assert store.registration(registration.mailbox, registration.id) is None


def test_an_address_is_claimed_once_and_a_refused_account_leaves_nothing(store: Store) -> None:
    first, second = a_user(), a_user()
    tenant, other = a_tenant(), a_tenant()
    store.open_account(user=first, tenant=tenant, session=a_session(first.id, tenant.id))
    with pytest.raises(EmailTaken):
        store.open_account(user=second, tenant=other, session=a_session(second.id, other.id))
    with pytest.raises(EmailTaken):
        store.add_user(user=second, member=a_member(tenant.id, second.id))
    assert store.user(second.id) is None
    assert store.member(tenant.id, second.id) is None
    assert store.user_id_at(first.mailbox) == first.id


def test_a_member_is_added_once(store: Store) -> None:
    user, member = a_user(), a_member("ten_ada", "")
    member = a_member("ten_ada", user.id)
    store.add_user(user=user, member=member)
    with pytest.raises(Conflict):
        store.add_member(member)
    elsewhere = a_member("ten_cyd", user.id, Role.ANALYST)
    store.add_member(elsewhere)
    assert store.memberships(user.id, limit=5) == [member, elsewhere]
    assert store.memberships(user.id, limit=1) == [member]


def test_members_are_listed_page_by_page(store: Store) -> None:
    members = sorted((a_member("ten_ada", f"usr_{name}") for name in "abc"), key=lambda one: one.user_id)
    for member in [*members, a_member("ten_cyd", "usr_z")]:
        store.add_member(member)
    first = store.members("ten_ada", limit=2, position=None)
    second = store.members("ten_ada", limit=2, position=first.position)
    assert [*first.rows, *second.rows] == members
    assert second.position is None


def test_a_password_hash_is_changed_by_one_writer(store: Store) -> None:
    user = a_user()
    store.add_user(user=user, member=a_member("ten_ada", user.id))
    store.change_password_hash(user, "$newer")
    changed = store.user(user.id)
    assert changed is not None
    assert (changed.password_hash, changed.rev) == ("$newer", 2)
    with pytest.raises(Stale):
        store.change_password_hash(user, "$other")


def test_a_new_password_and_a_new_era_are_changed_by_one_writer(store: Store) -> None:
    user = a_user()
    store.add_user(user=user, member=a_member("ten_ada", user.id))
    store.change_password(user, "$newer")
    changed = store.user(user.id)
    assert changed == replace(user, password_hash="$newer", era=2, rev=2)
    store.begin_era(changed)
    assert store.user(user.id) == replace(changed, era=3, rev=3)
    with pytest.raises(Stale):
        store.change_password(user, "$other")
    with pytest.raises(Stale):
        store.begin_era(user)


def test_a_new_password_takes_one_session_along(store: Store) -> None:
    user, tenant = a_user(), a_tenant()
    session = a_session(user.id, tenant.id)
    store.open_account(user=user, tenant=tenant, session=session)
    with pytest.raises(Stale):
        store.change_password(user, "$newer", keeping=replace(session, rev=7))
    assert store.user(user.id) == user
    store.change_password(user, "$newer", keeping=session)
    assert store.user(user.id) == replace(user, password_hash="$newer", era=2, rev=2)


def test_a_person_is_renamed_by_one_writer(store: Store) -> None:
    user = a_user()
    store.add_user(user=user, member=a_member("ten_ada", user.id))
    store.rename(user, "Ada Lovelace")
    assert store.user(user.id) == replace(user, name="Ada Lovelace", rev=2)
    with pytest.raises(Stale):
        store.rename(user, "Augusta")


def test_users_are_found_at_once(store: Store) -> None:
    user = a_user()
    store.add_user(user=user, member=a_member("ten_ada", user.id))
    assert store.users([user.id, "usr_unknown"]) == [user]
    assert store.user("usr_unknown") is None
    assert store.user_id_at("box-unknown") is None


def test_tenant_and_session_come_with_the_account(rows: PersonRows) -> None:
    user, tenant = a_user(), a_tenant()
    session = a_session(user.id, tenant.id)
    rows.open_account(user=user, tenant=tenant, session=session)
    assert tenants().get(tenant_id=tenant.id) == tenant
    assert SessionRows().get(user.id, session.id) == session


def test_the_session_taken_along_is_of_the_new_era(rows: PersonRows) -> None:
    user, tenant = a_user(), a_tenant()
    session = replace(a_session(user.id, tenant.id), attempts=2)
    rows.open_account(user=user, tenant=tenant, session=session)
    rows.change_password(user, "$newer", keeping=session)
    assert SessionRows().get(user.id, session.id) == replace(session, era=2, attempts=0, rev=2)


def test_of_many_who_claim_an_address_at_once_one_gets_it(rows: PersonRows, aws: Installation) -> None:
    def claim(_: int) -> bool:
        user, tenant = a_user(), a_tenant()
        try:
            rows.open_account(user=user, tenant=tenant, session=a_session(user.id, tenant.id))
        except EmailTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(16))) == 1
    assert len([row for row in aws.rows("core") if row["sk"] == "TENANT"]) == 1
    assert len([row for row in aws.rows("core") if row["pk"].startswith("USER#") and row["sk"] == "-"]) == 1


def test_an_account_whose_answer_was_lost_is_open_all_the_same(rows: PersonRows) -> None:
    registration, user, tenant = a_registration(), a_user(), a_tenant()
    rows.put_registration(registration)
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems")
        rows.open_account(user=user, tenant=tenant, session=a_session(user.id, tenant.id), registration=registration)
    assert rows.user(user.id) == user


def test_an_attempt_whose_answer_was_lost_is_counted_once(rows: PersonRows) -> None:
    registration = a_registration()
    rows.put_registration(registration)
    with Faults() as faults:
        faults.silence("dynamodb.UpdateItem")
        assert rows.count_attempt(registration, mark="one").attempts == 1
    counted = rows.registration(registration.mailbox, registration.id)
    assert counted is not None
    assert counted.attempts == 1
