"""The people every test knows: Ada (owner), Ben (her editor), and Cyd, a stranger from another tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from chalicelib.core.identity import Role, Scope
from chalicelib.features.identity.adapters.passwords import Argon2
from chalicelib.features.identity.model.session import Tokens
from chalicelib.features.identity.wiring import furnished, identity
from tests.fakes.clock import ManualClock
from tests.fakes.cold import meet_nobody
from tests.fakes.gateway import Client
from tests.fakes.installation import Installation, SentMail
from tests.fakes.lambdas import Lambdas

PASSWORD = "correct horse battery"
_IDENTITY = furnished(hasher=Argon2(memory_kib=8, passes=1))  # a world is made for every file


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    user_id: str
    tenant_id: str
    access_token: str
    refresh_token: str
    password: str = PASSWORD


@dataclass(frozen=True)
class Kept:
    """A world, from which another is made in a twentieth of the time."""

    rows: bytes
    at: datetime
    people: tuple[Person, Person, Person]


@dataclass(frozen=True)
class World:
    aws: Installation
    clock: ManualClock
    ada: Person
    ben: Person
    cyd: Person

    @classmethod
    def with_people(cls, aws: Installation, clock: ManualClock) -> World:
        ada = open_tenant("Ada", clock)
        return cls(aws, clock, ada, add_member("Ben", ada, Role.EDITOR, clock), open_tenant("Cyd", clock))

    @classmethod
    def as_it_was(cls, aws: Installation, clock: ManualClock, kept: Kept) -> World:
        """The same people at the same moment, before a process that has met none of them."""
        aws.put_back(kept.rows)
        meet_nobody()
        clock.stand(kept.at)
        return cls(aws, clock, *kept.people)

    def kept(self) -> Kept:
        return Kept(self.aws.keep(), self.clock.now(), (self.ada, self.ben, self.cyd))

    @cached_property
    def client(self) -> Client:
        return Client()

    @cached_property
    def lambdas(self) -> Lambdas:
        return Lambdas(self.aws.prefix)

    def api_key(self, person: Person, *scopes: Scope, **words: Any) -> str:
        """A key of this person's tenant, made over HTTP."""
        asked = {"name": "test key", "scopes": [str(scope) for scope in scopes], **words}
        answer = self.client.post("/v1/api-keys", as_=person, json=asked)
        assert answer.status == 201, answer.text
        return str(answer.json()["key"])

    def operator_key(self) -> str:
        return identity().issue_operator_key(name="test operator", now=self.clock.now()).key

    def mail_to(self, email: str) -> list[SentMail]:
        """What the mail worker has sent to this address, after it has worked off its queue."""
        self.lambdas.work("mail")
        return self.aws.outbox(email)


def open_tenant(name: str, clock: ManualClock) -> Person:
    email = f"{name.lower()}@example.com"
    opened = _IDENTITY.open_tenant(
        email=email, password=PASSWORD, tenant_name=f"{name}'s company", plan="free", now=clock.now()
    )
    return _person(name, opened)


def add_member(name: str, owner: Person, role: Role, clock: ManualClock) -> Person:
    email = f"{name.lower()}@example.com"
    _IDENTITY.accounts.add_member(tenant_id=owner.tenant_id, email=email, password=PASSWORD, role=role, now=clock.now())
    return _person(name, _IDENTITY.sessions.login(email=email, password=PASSWORD, now=clock.now()))


def _person(name: str, tokens: Tokens) -> Person:
    return Person(
        name=name,
        email=tokens.user.email,
        user_id=tokens.user.id,
        tenant_id=tokens.tenant.id,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
    )
