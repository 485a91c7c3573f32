"""What admins say of their identity provider, over memory: whoever else writes meanwhile; and a few plain rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.saml import (
    Certificate,
    Said,
    Sso,
    Unfit,
    answer_key,
    email_in,
    epoch_after,
    name_in,
    read_relay_state,
    set_out,
)
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.record import Recorder
from chalicelib.features.identity.service.sso import SsoSettings, Wish
from chalicelib.features.tenants.model import Tenant
from tests.fakes.audit import RememberedTrail
from tests.fakes.identity import Calls, LetterBox
from tests.fakes.tenants import MemoryTenants
from tests.unit.identity.house import LINKS, MAILBOXES, NOW

TENANT = Tenant(f"ten_{'0' * 26}", "Ada's", NOW)
WISH = Wish(entity_id="https://idp.example", sso_url="https://idp.example/sso", certificates=("good",))


def _unheard(event: str, **facts: str) -> None:
    """Nothing goes wrong here."""


class Store:
    """`rivals` is how often somebody else is first."""

    def __init__(self, tenants: MemoryTenants) -> None:
        self.tenants, self.rivals = tenants, 0
        self.sso: Sso | None = None

    def of(self, tenant_id: str) -> tuple[Sso | None, Tenant]:
        return self.sso, self.tenants.tenants[tenant_id]

    def put(self, sso: Sso, *, instead_of: Sso | None, tenant: Tenant) -> None:
        self._race()
        self.sso = replace(sso, rev=instead_of.rev + 1 if instead_of else 1)
        self.tenants.tenants[tenant.id] = tenant

    def remove(self, sso: Sso, *, tenant: Tenant) -> None:
        self._race()
        self.sso = None
        self.tenants.tenants[tenant.id] = tenant

    def _race(self) -> None:
        if self.rivals:
            self.rivals -= 1
            raise Stale


class Certificates:
    def clean(self, text: str, *, now: datetime) -> str:
        if text == "bad":
            raise Unfit("It is bad.")
        return text.strip()

    def describe(self, cleaned: str) -> Certificate:
        return Certificate(cleaned, NOW, NOW)

    def of_metadata(self, text: str) -> tuple[str, str, list[str]]:
        return text, "https://idp.example/sso", ["good"]


class Owners:
    def owner_addresses(self, *, tenant_id: str) -> list[str]:
        return ["ada@example.com", "eve@example.com"]


class Desk:
    def __init__(self, public_url: str = "https://push.example") -> None:
        tenants, self.lifted = MemoryTenants(), list[bool]()
        tenants.tenants[TENANT.id] = TENANT
        self.letters, self.store = LetterBox(Calls()), Store(tenants)
        recorder = Recorder(trail=RememberedTrail(), post=self.letters, alarm=_unheard)
        office = Office(self.letters, recorder, MAILBOXES, LINKS, public_url)
        self.settings = SsoSettings(
            store=self.store,
            certificates=Certificates(),
            owners=Owners(),
            office=office,
        )

    def change(self, wish: Wish = WISH) -> object:
        return self.settings.change(tenant_id=TENANT.id, wish=wish, request_id="req", now=NOW)

    def remove(self) -> None:
        self.settings.remove(tenant_id=TENANT.id, lift=lambda: self.lifted.append(True), request_id="req")


@pytest.mark.parametrize("rivals", [1, 7])
def test_who_comes_second_looks_again(rivals: int) -> None:
    desk = Desk()
    desk.store.rivals = rivals
    desk.change(replace(WISH, requires_sso=True))
    desk.store.rivals = rivals
    desk.remove()
    assert desk.store.sso is None
    assert len(desk.letters.letters) == 4  # both owners, each time, and once


def test_nobody_looks_for_ever() -> None:
    desk = Desk()
    desk.store.rivals = 8
    with pytest.raises(Stale):
        desk.change()
    desk.change()
    desk.store.rivals = 8
    with pytest.raises(Stale):
        desk.remove()


def test_what_is_not_there_is_not_removed() -> None:
    with pytest.raises(NotFound):
        Desk().remove()


@pytest.mark.parametrize(("required", "lifted"), [(True, [True]), (False, [])])
def test_what_an_owner_has_required_is_lifted_by_who_may(required: bool, lifted: list[bool]) -> None:
    desk = Desk()
    desk.change(replace(WISH, requires_sso=required))
    desk.remove()
    assert desk.lifted == lifted


@pytest.mark.parametrize(
    ("before", "after", "epoch"),
    [
        (None, ("idp", "a"), 4),
        (("idp", "a"), ("idp", "a"), 4),
        (("idp", "a"), ("idp", "ab"), 4),
        (("idp", "ab"), ("idp", "ba"), 4),
        (("idp", "ab"), ("idp", "a"), 5),
        (("idp", "a"), ("idp", "b"), 5),
        (("idp", "a"), ("other", "a"), 5),
        (("idp", "a"), None, 5),
    ],
)
def test_what_it_has_opened_is_over_when_another_speaks_or_with_less(
    before: tuple[str, str] | None, after: tuple[str, str] | None, epoch: int
) -> None:
    def sso(told: tuple[str, str] | None) -> Sso | None:
        return Sso("ten", told[0], "url", tuple(told[1])) if told else None

    assert epoch_after(4, sso(before), sso(after)) == epoch


def test_no_two_settings_are_of_the_same_version() -> None:
    desk, versions = Desk(), list[str]()
    for wish in (WISH, WISH, replace(WISH, entity_id="https://other.example")):
        desk.change(wish)
        assert desk.store.sso is not None
        versions.append(desk.store.sso.version)
    desk.remove()
    desk.change()
    assert desk.store.sso is not None
    versions.append(desk.store.sso.version)
    assert len(set(versions)) == len(versions)


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        (Wish(metadata=""), "/entity_id"),
        (Wish(metadata="x" * 1025), "/entity_id"),
        (Wish(metadata="idp\n\nAll is well."), "/entity_id"),
        (Wish(metadata="an idp"), "/entity_id"),
        (replace(WISH, roles={"": Role.AGENT}), "/roles"),
        (replace(WISH, roles={"x" * 1025: Role.AGENT}), "/roles"),
        (Wish(metadata="idp\u202e"), "/entity_id"),
        (replace(WISH, sso_url="https://idp.example/" + "x" * 2048), "/sso_url"),
        (replace(WISH, sso_url="http://127.0.0.1/sso"), "/sso_url"),
        (replace(WISH, certificates=("good", "bad")), "/certificates/1"),
        (Wish(metadata="idp", certificates=("good",)), "/metadata"),
        (replace(WISH, certificates=[f"good {number}" for number in range(6)]), "/certificates"),
    ],
)
def test_what_will_not_do_is_told_by_its_place(wish: Wish, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        Desk().change(wish)
    assert refused.value.facts["errors"][0]["pointer"] == pointer


def test_the_local_product_alone_speaks_plain_http() -> None:
    plain = replace(WISH, sso_url="http://127.0.0.1:8000/local/saml/sso")
    desk = Desk("http://127.0.0.1:8000")
    desk.change(plain)
    with pytest.raises(Invalid):
        desk.change(replace(WISH, sso_url="http://idp.example/sso"))


def said(**words: object) -> Said:
    facts: Mapping[str, object] = {
        "assertion_id": "_a",
        "issuer": "idp",
        "subject": "1906",
        "in_response_to": None,
        "attributes": {},
        "authenticated_at": NOW,
        "expires_at": NOW,
    }
    return Said(**{**facts, **words})  # type: ignore[arg-type]  # facts by their names


@pytest.mark.parametrize(
    ("attributes", "subject", "attribute", "email"),
    [
        ({"Mail": ["a@x.example"]}, "1906", "", "a@x.example"),
        ({"mail": [], "urn:oid:0.9.2342.19200300.100.1.3": ["b@x.example"]}, "1906", "", "b@x.example"),
        ({"EMAIL": ["a@x.example"], "email": ["b@x.example"]}, "1906", "", ""),
        ({"EMAIL": ["a@x.example"], "email": ["b@x.example"], "mail": ["c@x.example"]}, "1906", "", "c@x.example"),
        ({}, "c@x.example", "", "c@x.example"),
        ({}, "1906", "", ""),
        ({"mail": ["a@x.example"], "work": ["d@x.example", "e@x.example"]}, "f@x.example", "work", "d@x.example"),
        ({"mail": ["a@x.example"]}, "f@x.example", "work", ""),
    ],
)
def test_where_an_address_is_found(
    attributes: Mapping[str, Sequence[str]], subject: str, attribute: str, email: str
) -> None:
    assert email_in(said(attributes=attributes, subject=subject), attribute) == email


def test_a_name_is_where_it_was_said_to_be_or_nowhere() -> None:
    told = said(attributes={"displayName": ["Grace"]})
    assert [name_in(told, each) for each in ("displayName", "cn", "")] == ["Grace", "", ""]


def test_the_most_of_what_groups_give_and_else_what_all_get() -> None:
    sso = Sso("ten", "idp", "url", (), roles={"a": Role.AGENT, "e": Role.EDITOR}, default_role=Role.ANALYST)
    assert [sso.role_for(values) for values in (["a", "e"], ["a"], ["x"], [])] == [
        Role.EDITOR, Role.AGENT, Role.ANALYST, Role.ANALYST,
    ]  # fmt: skip
    assert replace(sso, default_role=None).role_for(["x"]) is None
    assert replace(sso, roles={"": Role.ADMIN}).role_for([""]) is Role.ANALYST  # as older settings may have it


def test_an_answer_is_known_by_its_question_or_by_itself() -> None:
    keys = {
        answer_key(said(in_response_to="_q", assertion_id="_a"), "ten_a"),
        answer_key(said(in_response_to="_q", assertion_id="_b"), "ten_a"),
    }
    assert len(keys) == 1
    unasked = [answer_key(said(assertion_id=each), tenant) for each in "ab" for tenant in ("ten_a", "ten_b")]
    assert len({*keys, *unasked}) == 5


def test_what_goes_there_comes_back_and_nothing_else_does() -> None:
    errand = set_out(challenge="", now=NOW)
    assert read_relay_state(errand.relay_state, now=NOW) == replace(
        errand, expires_at=errand.expires_at.astimezone(UTC)
    )
    assert read_relay_state(errand.relay_state, now=NOW + timedelta(minutes=10)) is None
    assert read_relay_state(errand.relay_state.replace(".", "_"), now=NOW) is None
