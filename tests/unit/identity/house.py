"""The slice over memory: everything real but its outside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.core.identity import Role
from chalicelib.features.identity.model.person import User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.session import Access, Tokens, open_refresh_token
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.accounts import Accounts
from chalicelib.features.identity.service.addresses import Addresses
from chalicelib.features.identity.service.blocks import Blocks
from chalicelib.features.identity.service.entrance import Entrance
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.own_account import OwnAccount
from chalicelib.features.identity.service.people import People
from chalicelib.features.identity.service.proof import Proof
from chalicelib.features.identity.service.record import Recorder
from chalicelib.features.identity.service.recovery import Recovery
from chalicelib.features.identity.service.second_factor import SecondFactors
from chalicelib.features.identity.service.sessions import Sessions
from chalicelib.features.identity.service.suspicion import Outside, Suspicion
from chalicelib.features.identity.service.throttle import Throttle
from chalicelib.features.tenants.service import Tenants
from tests.fakes.audit import RememberedTrail
from tests.fakes.identity import (
    Calls,
    LetterBox,
    MemoryEmailChanges,
    MemoryPeople,
    MemoryResets,
    MemorySessions,
    PlainHasher,
)
from tests.fakes.limits import MemoryAttempts
from tests.fakes.second_factor import MemorySecondFactors, MemoryStandings, PlainApp, PlainVault
from tests.fakes.suspicion import MemoryBlocks, MemoryScores, MemorySightings
from tests.fakes.tenants import MemoryTenants

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "correct horse"
MAILBOXES = Signer(lambda: "installation", "mailbox")
LINKS = Signer(lambda: "pepper", "link")
REFRESH = Signer(lambda: "pepper", "refresh")
RECOVERY = Signer(lambda: "pepper", "recovery code")
DEVICES = Signer(lambda: "pepper", "device")
_TOKEN = re.compile(r"vt_\S+")
_RESET = re.compile(r"pt_\S+")
_CHANGE = re.compile(r"token=(et_\S+)")


class PlainMint:
    def issue(self, access: Access, *, now: datetime) -> tuple[str, int]:
        owes = " owes" if access.owes_second_factor else ""
        return f"{access.user_id} {access.tenant_id} {access.session_id} {access.role}{owes}", 900


class _PeopleWithTenants(MemoryPeople):
    """In the real store one transaction opens both; here the tenant goes to its own fake."""

    def __init__(self, calls: Calls, tenants: MemoryTenants, sessions: MemorySessions) -> None:
        super().__init__(calls)
        self.tenants = tenants.tenants
        self.sessions = sessions.sessions


@dataclass
class House:
    now: datetime = NOW
    calls: Calls = field(default_factory=list)
    hasher: PlainHasher = field(default_factory=PlainHasher)
    trail: RememberedTrail = field(default_factory=RememberedTrail)
    alarms: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        tenant_store, self.session_store = MemoryTenants(), MemorySessions(self.calls)
        self.people_store = _PeopleWithTenants(self.calls, tenant_store, self.session_store)
        self.letters = LetterBox(self.calls)
        recorder = Recorder(trail=self.trail, post=self.letters, alarm=lambda event, **_: self.alarms.append(event))
        office = Office(self.letters, recorder, MAILBOXES, LINKS, "https://push.example")
        tenants = Tenants(store=tenant_store)
        people, hasher, rows = self.people_store, self.hasher, self.session_store
        self.second_factors = self._second_factors(office)
        self.sessions = Sessions(
            sessions=self.session_store,
            people=people,
            tenants=tenants,
            hasher=hasher,
            mint=PlainMint(),
            second_factors=self.second_factors,
            mailboxes=MAILBOXES,
            refresh_signer=REFRESH,
        )
        self.accounts = Accounts(store=people, sessions=self.sessions, hasher=hasher, office=office)
        self.resets, self.changes = MemoryResets(self.calls), MemoryEmailChanges(people)
        self.recovery = Recovery(resets=self.resets, people=people, hasher=hasher, office=office)
        self.standings = MemoryStandings(people, rows, self.factor_store)
        proof = Proof(
            bearers=self.standings,
            session_rows=rows,
            sessions=self.sessions,
            second_factors=self.second_factors,
            hasher=hasher,
        )
        self.own_account = OwnAccount(
            session_rows=rows,
            people=people,
            seats=self.standings,
            sessions=self.sessions,
            proof=proof,
            hasher=hasher,
            office=office,
            cursor_secret=lambda: "pepper",
        )
        self.addresses = Addresses(
            changes=self.changes, people=people, session_rows=rows, proof=proof, hasher=hasher, office=office
        )
        self.people = People(store=people, tenants=tenants, cursor_secret=lambda: "pepper")
        self.attempts = MemoryAttempts(self.calls)
        self.blocks, self.scores, self.sightings = MemoryBlocks(), MemoryScores(), MemorySightings()
        self.suspicion = self._suspicion(recorder)
        self.entrance = self._entrance()

    def _entrance(self) -> Entrance:
        return Entrance(
            throttle=Throttle(self.attempts),
            suspicion=self.suspicion,
            people=self.people_store,
            accounts=self.accounts,
            sessions=self.sessions,
            recovery=self.recovery,
            addresses=self.addresses,
            mailboxes=MAILBOXES,
            links=LINKS,
            device_signer=DEVICES,
        )

    def _suspicion(self, recorder: Recorder) -> Suspicion:
        outside = Outside(
            accounts=self.people_store,
            owners=self.people,
            post=self.letters,
            recorder=recorder,
            throttle=Throttle(self.attempts),
            note=lambda event, **_: self.notes.append(event),
            alarm=lambda event, **_: self.alarms.append(event),
            public_url="https://push.example",
        )
        blocks = Blocks(store=self.blocks, cursor_secret=lambda: "pepper")
        return Suspicion(
            blocks=blocks,
            scores=self.scores,
            sightings=self.sightings,
            outside=outside,
            signer=Signer(lambda: "pepper", "suspicion"),
            scale=lambda: 1,
        )

    def later(self, **length: float) -> datetime:
        self.now += timedelta(**length)
        return self.now

    def register(self, email: str = "ada@example.com", password: str = PASSWORD) -> str:
        """The token of the letter."""
        self.accounts.register(email=email, password=password, tenant_name="Ada's company", now=self.now)
        found = _TOKEN.findall(self.letters.letters[-1].text)
        return str(found[0]) if found else ""

    def verify(self, token: str, password: str = PASSWORD) -> Tokens:
        return self.accounts.verify_email(token=token, password=password, request_id="req_1", now=self.now)

    def open(self, email: str = "ada@example.com") -> Tokens:
        return self.accounts.open_tenant(
            email=email, password=PASSWORD, tenant_name="A company", plan="free", now=self.now
        )

    def login(
        self,
        email: str = "ada@example.com",
        password: str = PASSWORD,
        tenant_id: str | None = None,
        otp: str | None = None,
    ) -> Tokens:
        return self.sessions.login(
            email=email, password=password, tenant_id=tenant_id, otp=otp, request_id="req_5", now=self.now
        )

    def refresh(self, token: str) -> Tokens:
        return self.sessions.refresh(token=token, now=self.now)

    def add_member(self, tenant_id: str, email: str, role: Role = Role.EDITOR) -> User:
        return self.accounts.add_member(tenant_id=tenant_id, email=email, password=PASSWORD, role=role, now=self.now)

    def forgot(self, email: str = "ada@example.com") -> str:
        """The token of the letter; empty when none was sent."""
        self.letters.letters.clear()
        self.recovery.forgot(email=email, now=self.now)
        found = [token for letter in self.letters.letters for token in _RESET.findall(letter.text)]
        return str(found[-1]) if found else ""

    def reset(self, token: str, password: str = "a new password") -> None:
        self.recovery.reset(token=token, password=password, request_id="req_2", now=self.now)

    def asking(self, tokens: Tokens) -> dict[str, str]:
        """Who asks, as the door tells use cases."""
        claim = open_refresh_token(tokens.refresh_token, REFRESH)
        return {"user_id": claim.user_id, "session_id": claim.session_id}

    def ask_for_email(self, tokens: Tokens, email: str = "new@example.com", password: str = PASSWORD) -> str:
        """The token of the letter."""
        self.letters.letters.clear()
        who = self.asking(tokens)
        self.addresses.ask(**who, email=email, password=password, request_id="req_3", now=self.now)
        (found,) = _CHANGE.findall(next(letter.text for letter in self.letters.letters if letter.to == email))
        return str(found)

    def confirm_email(self, token: str, password: str = PASSWORD) -> None:
        self.addresses.confirm(token=token, password=password, request_id="req_4", now=self.now)

    def change_password(self, tokens: Tokens, current: str = PASSWORD, password: str = "a new password") -> None:
        who = self.asking(tokens)
        self.own_account.change_password(**who, current=current, password=password, request_id="r", now=self.now)

    def step_up(self, tokens: Tokens, password: str = PASSWORD, otp: str | None = None) -> Tokens:
        return self.own_account.step_up(
            **self.asking(tokens), password=password, otp=otp, request_id="req_6", now=self.now
        )

    def code(self, *, steps: int = 0) -> str:
        """What Ada's app shows, so many steps of time from now."""
        factor = self.factor()
        secret = self.vault.unseal(factor.sealed_secret, {"user": factor.user_id, "key": "totp"})
        return self.app.code(secret, int(self.now.timestamp()) // 30 + steps)

    def switch_on(self, tokens: Tokens) -> list[str]:
        """The recovery codes. The next login is a step later, whose code is still to be used."""
        who = self.asking(tokens)
        self.second_factors.begin(user_id=who["user_id"], now=self.now)
        codes = self.second_factors.confirm(**who, otp=self.code(), request_id="req_7", now=self.now)
        self.later(seconds=30)
        return codes

    def factor(self) -> SecondFactor:
        (factor,) = self.factor_store.factors.values()
        return factor

    def subjects(self) -> list[str]:
        return [letter.subject for letter in self.letters.letters]

    def _second_factors(self, office: Office) -> SecondFactors:
        people, rows = self.people_store, self.session_store
        self.factor_store, self.app, self.vault = MemorySecondFactors(people, rows), PlainApp(), PlainVault()
        return SecondFactors(
            rows=self.factor_store,
            people=people,
            session_rows=rows,
            vault=self.vault,
            app=self.app,
            signer=RECOVERY,
            office=office,
        )

    def during(self) -> Calls:
        """The calls since the last question."""
        seen = list(self.calls)
        self.calls.clear()
        return seen
