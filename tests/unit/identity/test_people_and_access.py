"""Who is where, and what a token makes of its bearer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.core.identity import ROLE_SCOPES, Principal, Role, Scope
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import Access, TokenExpired
from chalicelib.features.identity.service.access import Authenticator
from tests.unit.identity.house import NOW, House


class _OneToken:
    def read(self, token: str, *, now: datetime) -> Access:
        assert (token, now) == ("eyJ", NOW)
        return Access("usr_ben", "ten_ada", "ses_1", Role.EDITOR, NOW)


class _OneKey:
    def authenticate(self, token: str, *, now: datetime) -> Principal:
        assert (token, now) == ("ps_live_x", NOW)
        return Principal(subject="key_1", tenant_id="ten_ada", scopes=frozenset({Scope.SITES_READ}))


def test_a_token_says_which_kind_it_is() -> None:
    authenticator = Authenticator(access_tokens=_OneToken(), api_keys=_OneKey(), standings=House().standings)
    ben = authenticator.authenticate("eyJ", now=NOW)
    assert (ben.subject, ben.tenant_id, ben.role, ben.session_id) == ("usr_ben", "ten_ada", Role.EDITOR, "ses_1")
    assert (ben.scopes, ben.proven_at) == (ROLE_SCOPES[Role.EDITOR], NOW)
    assert authenticator.authenticate("ps_live_x", now=NOW).subject == "key_1"


def test_a_person_stands_as_the_token_says_until_something_changes(house: House) -> None:
    authenticator = Authenticator(access_tokens=_OneToken(), api_keys=_OneKey(), standings=house.standings)
    tokens = house.open()
    who = house.asking(tokens)
    ada = Principal(who["user_id"], tokens.tenant.id, frozenset(), Role.OWNER, session_id=who["session_id"])
    authenticator.confirm(ada, now=house.now)
    with pytest.raises(TokenExpired):  # a refresh brings the role that is held now
        authenticator.confirm(replace(ada, role=Role.AGENT), now=house.now)
    for nobody in (
        replace(ada, subject="usr_nobody"),
        replace(ada, session_id=None),
        replace(ada, tenant_id="ten_another"),
    ):
        with pytest.raises(InvalidToken):
            authenticator.confirm(nobody, now=house.now)
    with pytest.raises(InvalidToken):
        authenticator.confirm(ada, now=house.now + timedelta(days=30))
    house.sessions.logout_all(user_id=ada.subject)
    with pytest.raises(InvalidToken):
        authenticator.confirm(ada, now=house.now)


def test_a_session_that_was_ended_does_not_stand(house: House) -> None:
    authenticator = Authenticator(access_tokens=_OneToken(), api_keys=_OneKey(), standings=house.standings)
    tokens = house.open()
    who = house.asking(tokens)
    house.sessions.logout(**who)
    ada = Principal(who["user_id"], tokens.tenant.id, frozenset(), Role.OWNER, session_id=who["session_id"])
    with pytest.raises(InvalidToken):
        authenticator.confirm(ada, now=house.now)


def test_a_profile_names_every_membership(house: House) -> None:
    ada, cyd = house.open("ada@example.com"), house.open("cyd@example.com")
    house.accounts.join(tenant_id=cyd.tenant.id, user_id=ada.user.id, role=Role.ANALYST, now=house.now)
    profile = house.people.profile(user_id=ada.user.id, tenant_id=cyd.tenant.id)
    assert (profile.user, profile.tenant, profile.role) == (ada.user, cyd.tenant, Role.ANALYST)
    assert dict(profile.memberships) == {ada.tenant: Role.OWNER, cyd.tenant: Role.ANALYST}


def test_a_profile_is_only_for_members_of_what_exists(house: House) -> None:
    ada, cyd = house.open("ada@example.com"), house.open("cyd@example.com")
    for user_id, tenant_id in ((ada.user.id, cyd.tenant.id), ("usr_nobody", ada.tenant.id)):
        with pytest.raises(NotFound):
            house.people.profile(user_id=user_id, tenant_id=tenant_id)
    del house.people_store.tenants[ada.tenant.id]
    with pytest.raises(NotFound):
        house.people.profile(user_id=ada.user.id, tenant_id=ada.tenant.id)


def test_colleagues_are_listed_page_by_page(house: House) -> None:
    ada = house.open("ada@example.com")
    house.open("cyd@example.com")
    members = {ada.user.id, *(house.add_member(ada.tenant.id, f"{name}@example.com").id for name in ("ben", "dan"))}
    first = house.people.colleagues(tenant_id=ada.tenant.id, limit=2, cursor=None)
    second = house.people.colleagues(tenant_id=ada.tenant.id, limit=2, cursor=first.position)
    found = [colleague for page in (first, second) for colleague in page.rows]
    assert {colleague.user_id for colleague in found} == members
    assert {colleague.email for colleague in found} == {"ada@example.com", "ben@example.com", "dan@example.com"}
    assert second.position is None


def test_a_member_whose_user_is_being_erased_is_left_out(house: House) -> None:
    ada = house.open()
    house.people_store.users_by_id.clear()
    assert house.people.colleagues(tenant_id=ada.tenant.id, limit=2, cursor=None).rows == []


def test_owners_are_reached_at_their_addresses_and_nobody_else_is(house: House) -> None:
    ada, cyd = house.open("ada@example.com"), house.open("cyd@example.com")
    house.accounts.join(tenant_id=ada.tenant.id, user_id=cyd.user.id, role=Role.ADMIN, now=house.now)
    assert house.people.owner_addresses(tenant_id=ada.tenant.id) == ["ada@example.com"]
    house.accounts.join(
        tenant_id=ada.tenant.id, user_id=house.open("bea@example.com").user.id, role=Role.OWNER, now=NOW
    )
    assert house.people.owner_addresses(tenant_id=ada.tenant.id) == ["ada@example.com", "bea@example.com"]
    assert house.people.owner_addresses(tenant_id="ten_nobody") == []


def test_owners_are_found_among_however_many(house: House) -> None:
    ada = house.open("ada@example.com")
    for number in range(250):
        member = house.open(f"user{number}@example.com").user
        role = Role.OWNER if number == 240 else Role.AGENT
        house.accounts.join(tenant_id=ada.tenant.id, user_id=member.id, role=role, now=NOW)
    assert house.people.owner_addresses(tenant_id=ada.tenant.id) == ["ada@example.com", "user240@example.com"]
