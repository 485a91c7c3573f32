"""Signing in by a tenant's own identity provider: there, back, and our code exchanged for that tenant's tokens.

It speaks for the tenant that named it and for nobody's account: whom it lets in gets a session of this tenant alone,
as a member it has made itself, or as one who has opened their membership for it with their password.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model import saml
from chalicelib.features.identity.model.credentials import InvalidCredentials, clean_email, same_spelling
from chalicelib.features.identity.model.oauth import (
    CODE_LASTS,
    Link,
    PasswordRequired,
    is_browser,
    new_browser,
    password_mark,
)
from chalicelib.features.identity.model.person import NOBODY, InvalidToken, Member, User
from chalicelib.features.identity.model.saml import (
    Expected,
    NotAdmitted,
    OwnersNeedPassword,
    Place,
    Request,
    Said,
    SsoArrival,
    SsoFailed,
    Statement,
)
from chalicelib.features.identity.model.saml_letters import door_opened
from chalicelib.features.identity.model.session import Session, Tokens, start
from chalicelib.features.identity.service.arrivals import ArrivalStore, counted, new_mark, spend
from chalicelib.features.identity.service.oauth import Claim, Departure, Signers
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.sessions import Hasher, Sessions
from chalicelib.features.identity.service.suspicion import Suspicion
from chalicelib.features.identity.service.throttle import Throttle
from chalicelib.features.tenants.model import clean_name


class DoorStore(Protocol):
    def get(self, tenant_id: str) -> saml.Sso | None:
        """What the tenant says of its identity provider."""
        ...

    def door(self, tenant_id: str, key: str) -> Link | None:
        """Whom somebody there is here."""
        ...

    def put_door(self, tenant_id: str, link: Link, *, instead_of: Link | None) -> None:
        """Raises Stale when it was written meanwhile."""
        ...

    def welcome(self, *, user: User, member: Member, session: Session, link: Link, mailbox: str) -> None:
        """All of it or nothing. Raises Stale, and NotAdmitted for whose mailbox was a member's who is gone."""
        ...


class Residents(Protocol):
    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...

    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def member(self, tenant_id: str, user_id: str) -> Member | None:
        """One membership."""
        ...


class RoleStore(Protocol):
    def change_role(self, member: Member, role: Role, *, witness: Member | None) -> None:
        """Raises Stale."""
        ...


class Departures(Protocol):
    def url(self, request: Request, *, sso_url: str, relay_state: str) -> str:
        """Where the browser goes."""
        ...


class Reader(Protocol):
    def read(self, encoded: str, *, expected: Expected) -> Said:
        """Raises SsoFailed for all that cannot be believed."""
        ...


@dataclass(frozen=True)
class Posted:
    """What the identity provider has the browser post, and what the browser has kept."""

    answer: str
    relay_state: str
    browser: str


@dataclass(frozen=True)
class _Resident:
    user: User
    member: Member


class Saml:
    def __init__(
        self,
        *,
        doors: DoorStore,
        arrivals: ArrivalStore[SsoArrival],
        people: Residents,
        roles: RoleStore,
        sessions: Sessions,
        departures: Departures,
        introduce: Callable[[Place], str],
        reader: Reader,
        throttle: Throttle,
        suspicion: Suspicion,
        hasher: Hasher,
        office: Office,
        signers: Signers,
    ) -> None:
        self._doors = doors
        self._arrivals = arrivals
        self._people = people
        self._roles = roles
        self._sessions = sessions
        self._departures = departures
        self._introduce = introduce
        self._reader = reader
        self._throttle = throttle
        self._suspicion = suspicion
        self._hasher = hasher
        self._office = office
        self._signers = signers

    def metadata(self, *, tenant_id: str) -> str:
        """What an identity provider is told of us. Of any tenant there could be: whether it exists is nobody's
        business, and it is needed before all else.
        """
        if not ids.is_id(tenant_id, "ten"):
            raise NotFound
        return self._introduce(self._place(tenant_id))

    def begin(self, *, tenant_id: str, browser: str, challenge: str, is_fresh: bool, now: datetime) -> Departure:
        """Writes nothing."""
        sso = self._sso(tenant_id)
        kept = browser if is_browser(browser) else new_browser()
        errand = saml.set_out(challenge=challenge, now=now)
        request_id = saml.request_id(errand, tenant_id=tenant_id, browser=kept, signer=self._signers.trips)
        request = Request(request_id, self._place(tenant_id), now, is_fresh=is_fresh)
        url = self._departures.url(request, sso_url=sso.sso_url, relay_state=errand.relay_state)
        return Departure(url, kept)

    def arrive(self, *, tenant_id: str, posted: Posted, now: datetime) -> str:
        """Our one-time code."""
        sso = self._sso(tenant_id)
        said = self._reader.read(posted.answer, expected=Expected(sso, self._place(tenant_id), now))
        errand = self._errand(said, sso, posted, now)
        statement = self._statement(said, sso, posted.browser if errand else "", now)
        until, challenge = (errand.expires_at, errand.challenge) if errand else (said.expires_at, "")
        arrival = SsoArrival(saml.answer_key(said, tenant_id), until, challenge, mark=new_mark())
        try:
            self._arrivals.claim(arrival)
        except Stale:
            raise SsoFailed("replayed", "This answer was brought before.") from None
        self._arrivals.prove(arrival, profile=statement, expires_at=now + CODE_LASTS)
        return saml.one_time_code(arrival.id, self._signers.codes)

    def exchange(self, *, claim: Claim, request_id: str, now: datetime) -> Tokens:
        tokens = self._exchange(claim, request_id, now)
        self._suspicion.note_sign_in(tokens, device=claim.device, request_id=request_id, now=now)
        return tokens

    def _exchange(self, claim: Claim, request_id: str, now: datetime) -> Tokens:
        arrival = counted(self._arrivals, saml.open_code(claim.code, self._signers.codes), now=now)
        statement = arrival.profile
        if statement is None or not arrival.fits(claim.verifier):
            raise InvalidToken
        sso = self._sso(statement.tenant_id)
        if not statement.holds(sso, now):
            raise InvalidToken
        key = saml.door_key(statement, self._signers.links)
        link = self._doors.door(statement.tenant_id, key)
        resident = self._resident(statement, link)
        if resident is None:
            return self._welcome(arrival, statement, sso, key, claim, request_id, now)
        role = self._role_of(resident, statement)
        is_open = link is not None and link.user_id == resident.user.id and link.mark == self._mark_of(resident.user)
        if not is_open:
            self._check_beginner(arrival, statement, claim)
            self._prove(resident.user, statement, claim, request_id, now)
        spend(self._arrivals, arrival)
        if not is_open:
            self._open_door(self._link(key, resident.user, now), link, resident.user, statement, request_id, now)
        if role is not resident.member.role:
            self._roles.change_role(resident.member, role, witness=None)
            self._note("member.role_changed", resident.user, statement, request_id, now)
        session = _bound(
            start(user=resident.user, tenant_id=sso.tenant_id, now=now, device=claim.device), statement, sso
        )
        return self._sessions.begin(session, user=resident.user, role=role, now=now)

    def _sso(self, tenant_id: str) -> saml.Sso:
        found = self._doors.get(tenant_id) if ids.is_id(tenant_id, "ten") else None
        if found is None:
            raise NotFound
        return found

    def _place(self, tenant_id: str) -> Place:
        return saml.place_of(tenant_id, self._office.public_url)

    def _errand(self, said: Said, sso: saml.Sso, posted: Posted, now: datetime) -> saml.Errand | None:
        """That it comes back from; None for what nobody has asked for, where a tenant takes that."""
        if said.in_response_to is None:
            if not sso.allows_idp_initiated:
                raise SsoFailed("unsolicited", "This tenant takes no answers that nobody has asked for.")
            return None
        errand = saml.read_relay_state(posted.relay_state, now=now)
        tenant_id, signer = sso.tenant_id, self._signers.trips
        if errand is None or not saml.fits(said, errand, tenant_id=tenant_id, browser=posted.browser, signer=signer):
            raise SsoFailed("trip", "Signing in was begun elsewhere, or more than ten minutes ago.")
        return errand

    def _statement(self, said: Said, sso: saml.Sso, browser: str, now: datetime) -> Statement:
        try:
            email = clean_email(saml.email_in(said, sso.email_attribute))
        except Invalid:
            raise SsoFailed("email", "The identity provider sends no e-mail address.") from None
        latest = now + saml.SESSION_LASTS
        return Statement(
            provider=saml.PROVIDER,
            issuer=said.issuer,
            subject=said.subject,
            email=email,
            name=_visible(saml.name_in(said, sso.name_attribute)),
            tenant_id=sso.tenant_id,
            settings=sso.version,
            browser=saml.browser_mark(browser, self._signers.trips) if browser else "",
            role=sso.role_for(said.attributes.get(sso.role_attribute, ())) if sso.role_attribute else sso.default_role,
            is_role_told=bool(sso.role_attribute),
            proven_at=said.authenticated_at,
            ends_at=min(said.session_ends_at or latest, latest),
        )

    def _resident(self, statement: Statement, link: Link | None) -> _Resident | None:
        """Who is linked, by that alone; else a member with this address. Whoever else has it is not looked for."""
        tenant_id = statement.tenant_id
        linked = self._member(tenant_id, link.user_id) if link is not None else None
        if linked is not None:
            return linked
        by_address = self._people.user_id_at(self._office.mailbox(statement.email)) or NOBODY
        found = self._member(tenant_id, by_address)
        if found is None and link is not None:
            raise NotAdmitted("You were a member of this tenant, and have been removed.")
        return found

    def _member(self, tenant_id: str, user_id: str) -> _Resident | None:
        user, member = self._people.user(user_id), self._people.member(tenant_id, user_id)
        return _Resident(user, member) if user is not None and member is not None else None

    def _role_of(self, resident: _Resident, statement: Statement) -> Role:
        """The identity provider says it each time, or never."""
        if resident.member.role is Role.OWNER:
            raise OwnersNeedPassword
        if not statement.is_role_told:
            return resident.member.role
        if statement.role is None:
            raise NotAdmitted
        return statement.role

    def _check_beginner(self, arrival: SsoArrival, statement: Statement, claim: Claim) -> None:
        """Nobody is led to open their membership for somebody else's name there: who gives the password has begun the
        trip, as a front end with a challenge, which fits, or in the browser that still keeps its cookie.
        """
        if not statement.browser:
            raise SsoFailed("unsolicited", "The first time, begin at the start_url of this tenant.")
        mark = saml.browser_mark(claim.browser, self._signers.trips)
        if not arrival.challenge and not hmac.compare_digest(mark, statement.browser):
            raise SsoFailed("trip", "The first time, come with the browser that has begun, or with a code_challenge.")

    def _open_door(
        self, link: Link, before: Link | None, user: User, statement: Statement, request_id: str, now: datetime
    ) -> None:
        self._doors.put_door(statement.tenant_id, link, instead_of=before)
        self._note("sso.linked", user, statement, request_id, now)
        letter = door_opened(to=user.email, entity_id=statement.issuer, public_url=self._office.public_url)
        self._office.recorder.tell(letter, request_id=request_id)

    def _prove(self, user: User, statement: Statement, claim: Claim, request_id: str, now: datetime) -> None:
        """All that signing in asks of them, once."""
        if claim.password is None or user.kept_by:
            raise PasswordRequired
        self._suspicion.check_address(claim.address, now=now)
        with (
            self._suspicion.noting_failure(mailbox=user.mailbox, address=claim.address, request_id=request_id, now=now),
            self._throttle.guess(account=user.mailbox, address=claim.address, now=now),
        ):
            if not self._hasher.verify(user.password_hash, same_spelling(claim.password)):
                raise InvalidCredentials
            self._sessions.admit(
                user, otp=claim.otp, tenant_id=statement.tenant_id, device=claim.device, request_id=request_id, now=now
            )

    def _welcome(
        self,
        arrival: SsoArrival,
        statement: Statement,
        sso: saml.Sso,
        key: str,
        claim: Claim,
        request_id: str,
        now: datetime,
    ) -> Tokens:
        """A member of the tenant's own making. Another account with the same address is another's, and stays so."""
        if statement.role is None:
            raise NotAdmitted
        tenant = self._sessions.open_tenant(statement.tenant_id, now=now)
        user = User(
            id=ids.new("usr"),
            email=statement.email,
            mailbox="",
            password_hash=self._hasher.decoy,
            created_at=now,
            name=statement.name,
            kept_by=statement.tenant_id,
        )
        member = Member(statement.tenant_id, user.id, statement.role, now)
        session = _bound(start(user=user, tenant_id=statement.tenant_id, now=now, device=claim.device), statement, sso)
        spend(self._arrivals, arrival)
        mailbox, link = self._office.mailbox(statement.email), self._link(key, user, now)
        self._doors.welcome(user=user, member=member, session=session, link=link, mailbox=mailbox)
        self._note("member.joined", user, statement, request_id, now)
        return self._sessions.issue(session, user=user, role=member.role, now=now, tenant=tenant)

    def _link(self, key: str, user: User, now: datetime) -> Link:
        return Link(key, user.id, saml.PROVIDER, now, self._mark_of(user))

    def _mark_of(self, user: User) -> str:
        return password_mark(user, self._signers.links)

    def _note(self, action: str, user: User, statement: Statement, request_id: str, now: datetime) -> None:
        self._office.recorder.note(
            action, tenant_id=statement.tenant_id, actor=user.id, subject=user.id, request_id=request_id, now=now
        )


def _bound(session: Session, statement: Statement, sso: saml.Sso) -> Session:
    """To the tenant, to this identity provider, and to what it said of when."""
    return replace(
        session, is_by_sso=True, sso_epoch=sso.epoch, proven_at=statement.proven_at, ends_at=statement.ends_at
    )


def _visible(name: str) -> str:
    try:
        return clean_name(name) if name else ""
    except Invalid:
        return ""
