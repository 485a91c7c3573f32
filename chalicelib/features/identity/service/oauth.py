"""Signing in with a provider's account: there, back, and our own code exchanged for tokens.

A provider proves who somebody is there. What that opens here is decided at the exchange, by what the account asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model import second_factor_letters as letters
from chalicelib.features.identity.model.credentials import InvalidCredentials, clean_email, same_spelling
from chalicelib.features.identity.model.device import UNKNOWN, Device
from chalicelib.features.identity.model.oauth import (
    CODE_LASTS,
    Arrival,
    EmailUnverified,
    Link,
    PasswordRequired,
    Profile,
    SignInFailed,
    challenge_of,
    is_browser,
    link_key,
    new_browser,
    nonce_of,
    one_time_code,
    open_code,
    password_mark,
    read_state,
    set_out,
    state_of,
    verifier_of,
)
from chalicelib.features.identity.model.person import NOBODY, InvalidToken, Member, User
from chalicelib.features.identity.model.session import Session, Tokens, start
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.arrivals import ArrivalStore, counted, new_mark, spend
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.sessions import Hasher, Sessions
from chalicelib.features.identity.service.suspicion import Suspicion
from chalicelib.features.identity.service.throttle import Throttle
from chalicelib.features.tenants.model import FIRST_PLAN, LONGEST_NAME, Tenant, clean_name, open_tenant

_MOST_MEMBERSHIPS = 100


class Provider(Protocol):
    def departure(self, *, state: str, nonce: str, challenge: str, redirect_uri: str) -> str:
        """Where the browser goes."""
        ...

    def is_named(self, issuer: str | None) -> bool:
        """Whether an answer that names its issuer (RFC 9207) can be this one's; None names nobody."""
        ...

    def redeem(self, *, code: str, verifier: str, nonce: str, redirect_uri: str, now: datetime) -> Profile:
        """Who came. Raises SignInFailed for what cannot be believed, ProviderUnavailable for no answer."""
        ...


class LinkStore(Protocol):
    def at(self, key: str) -> Link | None:
        """Whom this account at a provider opens."""
        ...

    def put(self, link: Link, *, instead_of: Link | None) -> None:
        """Raises Stale when it was written meanwhile."""
        ...

    def open_account(self, *, user: User, tenant: Tenant, session: Session, link: Link) -> None:
        """All of it and the owner's membership, or nothing. Raises EmailTaken, or Conflict."""
        ...


class Residents(Protocol):
    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...

    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        """Of one person, by tenant id."""
        ...


@dataclass(frozen=True)
class Departure:
    """`browser` is for the browser to keep, and to show when it comes back."""

    url: str
    browser: str


@dataclass(frozen=True)
class Return:
    """What a provider sends a browser back with, and what the browser has kept."""

    state: str
    code: str | None
    error: str | None
    issuer: str | None
    browser: str


@dataclass(frozen=True)
class Claim:
    """What a client brings with our code; most of it only where it was asked for. `browser` is what a browser keeps."""

    code: str
    verifier: str | None = None
    password: str | None = None
    otp: str | None = None
    tenant_id: str | None = None
    tenant_name: str | None = None
    address: str = ""
    browser: str = ""
    device: Device = UNKNOWN


@dataclass(frozen=True)
class Signers:
    """One purpose each."""

    trips: Signer
    codes: Signer
    links: Signer


class OAuth:
    def __init__(
        self,
        *,
        providers: Callable[[str], Provider | None],
        arrivals: ArrivalStore[Arrival],
        links: LinkStore,
        people: Residents,
        sessions: Sessions,
        throttle: Throttle,
        suspicion: Suspicion,
        hasher: Hasher,
        office: Office,
        signers: Signers,
    ) -> None:
        self._providers = providers
        self._arrivals = arrivals
        self._links = links
        self._people = people
        self._sessions = sessions
        self._throttle = throttle
        self._suspicion = suspicion
        self._hasher = hasher
        self._office = office
        self._signers = signers

    def begin(self, *, provider: str, browser: str, challenge: str, now: datetime) -> Departure:
        """Writes nothing. A browser that is on its way already keeps what it has: two trips at once are fine."""
        found = self._provider(provider)
        kept = browser if is_browser(browser) else new_browser()
        trip, signer = set_out(provider=provider, challenge=challenge, now=now), self._signers.trips
        url = found.departure(
            state=state_of(trip, browser=kept, signer=signer),
            nonce=nonce_of(trip, browser=kept, signer=signer),
            challenge=challenge_of(verifier_of(trip, browser=kept, signer=signer)),
            redirect_uri=self._redirect_uri(provider),
        )
        return Departure(url, kept)

    def arrive(self, *, provider: str, back: Return, now: datetime) -> str:
        """Our one-time code. The trip is spent before the provider is asked anything."""
        found, signer = self._provider(provider), self._signers.trips
        trip = read_state(back.state, provider=provider, browser=back.browser, signer=signer, now=now)
        if not found.is_named(back.issuer):
            raise SignInFailed
        arrival = Arrival(trip.id, trip.expires_at, trip.challenge, mark=new_mark())
        try:
            self._arrivals.claim(arrival)
        except Stale:
            raise SignInFailed from None
        if back.error is not None or not back.code:
            raise SignInFailed
        profile = found.redeem(
            code=back.code,
            verifier=verifier_of(trip, browser=back.browser, signer=signer),
            nonce=nonce_of(trip, browser=back.browser, signer=signer),
            redirect_uri=self._redirect_uri(provider),
            now=now,
        )
        self._arrivals.prove(arrival, profile=profile, expires_at=now + CODE_LASTS)
        return one_time_code(arrival.id, self._signers.codes)

    def exchange(self, *, claim: Claim, request_id: str, now: datetime) -> Tokens:
        tokens = self._exchange(claim, request_id, now)
        self._suspicion.note_sign_in(tokens, device=claim.device, request_id=request_id, now=now)
        return tokens

    def _exchange(self, claim: Claim, request_id: str, now: datetime) -> Tokens:
        arrival = counted(self._arrivals, open_code(claim.code, self._signers.codes), now=now)
        profile = arrival.profile
        if profile is None or not arrival.fits(claim.verifier):
            raise InvalidToken
        key = link_key(profile, self._signers.links)
        link = self._links.at(key)
        user = self._resident(link, profile)
        if user is None:
            return self._welcome(arrival, profile, key, claim, request_id, now)
        session, role = self._admitted(user, link, claim, request_id, now)
        spend(self._arrivals, arrival)
        if not self._is_good(link, user):
            self._let_in(Link(key, user.id, profile.provider, now, self._mark_of(user)), link, user, request_id, now)
        return self._sessions.begin(session, user=user, role=role, now=now)

    def _provider(self, name: str) -> Provider:
        found = self._providers(name)
        if found is None:
            raise NotFound
        return found

    def _redirect_uri(self, provider: str) -> str:
        return f"{self._office.public_url}/v1/auth/oauth/{provider}/callback"

    def _resident(self, link: Link | None, profile: Profile) -> User | None:
        """Who was let in here before goes by that alone; their address at the provider may be another by now."""
        if link is not None:
            return self._people.user(link.user_id)
        if not profile.is_email_verified:
            raise EmailUnverified
        mailbox = self._office.mailbox(clean_email(profile.email))
        return self._people.user(self._people.user_id_at(mailbox) or NOBODY)

    def _admitted(
        self, user: User, link: Link | None, claim: Claim, request_id: str, now: datetime
    ) -> tuple[Session, Role]:
        """A session for who has given all that the account asks for; not written yet. Nobody guesses at an account with
        an open link, and so nobody's guesses keep its owner out.
        """
        if self._is_good(link, user):
            return self._admit(user, claim, request_id, now)
        if claim.password is None:
            raise PasswordRequired
        self._suspicion.check_address(claim.address, now=now)
        with (
            self._suspicion.noting_failure(mailbox=user.mailbox, address=claim.address, request_id=request_id, now=now),
            self._throttle.guess(account=user.mailbox, address=claim.address, now=now),
        ):
            if not self._hasher.verify(user.password_hash, same_spelling(claim.password)):
                raise InvalidCredentials
            return self._admit(user, claim, request_id, now)

    def _admit(self, user: User, claim: Claim, request_id: str, now: datetime) -> tuple[Session, Role]:
        return self._sessions.admit(
            user, otp=claim.otp, tenant_id=claim.tenant_id, device=claim.device, request_id=request_id, now=now
        )

    def _is_good(self, link: Link | None, user: User) -> bool:
        return link is not None and link.mark == self._mark_of(user)

    def _mark_of(self, user: User) -> str:
        return password_mark(user, self._signers.links)

    def _let_in(self, link: Link, before: Link | None, user: User, request_id: str, now: datetime) -> None:
        self._links.put(link, instead_of=before)
        letter = letters.provider_linked(to=user.email, public_url=self._office.public_url, provider=link.provider)
        recorder = self._office.recorder
        recorder.tell(letter, request_id=request_id)
        members = self._people.memberships(user.id, limit=_MOST_MEMBERSHIPS)
        recorder.note_everywhere("provider.linked", members=members, request_id=request_id, now=now)

    def _welcome(
        self, arrival: Arrival, profile: Profile, key: str, claim: Claim, request_id: str, now: datetime
    ) -> Tokens:
        """Nobody has the address, which is proven; so an account is opened, with a tenant of its own. Its password is
        one that nobody knows.
        """
        if not profile.is_email_verified:
            raise EmailUnverified
        self._suspicion.check_address(claim.address, now=now)
        email = clean_email(profile.email)
        mailbox = self._office.mailbox(email)
        self._suspicion.note_registration(mailbox=mailbox, address=claim.address, now=now)
        named = claim.tenant_name or (profile.name or email.partition("@")[0])[:LONGEST_NAME]
        tenant = open_tenant(name=clean_name(named, pointer="/tenant_name"), plan=FIRST_PLAN, now=now)
        user = User(
            id=ids.new("usr"),
            email=email,
            mailbox=mailbox,
            password_hash=self._hasher.decoy,
            created_at=now,
            name=profile.name,
        )
        session = start(user=user, tenant_id=tenant.id, now=now, device=claim.device)
        spend(self._arrivals, arrival)
        link = Link(key, user.id, profile.provider, now, self._mark_of(user))
        self._links.open_account(user=user, tenant=tenant, session=session, link=link)
        self._office.recorder.note(
            "tenant.created", tenant_id=tenant.id, actor=user.id, subject=tenant.id, request_id=request_id, now=now
        )
        return self._sessions.issue(session, user=user, tenant=tenant, role=Role.OWNER, now=now)
