"""Identity on DynamoDB, with argon2, Ed25519 and the mail queue."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.access import Authenticator
from chalicelib.features.identity.service.accounts import Accounts
from chalicelib.features.identity.service.addresses import Addresses
from chalicelib.features.identity.service.api_keys import ApiKeys
from chalicelib.features.identity.service.blocks import Blocks
from chalicelib.features.identity.service.entrance import Entrance
from chalicelib.features.identity.service.identity import Identity
from chalicelib.features.identity.service.invitations import Invitations
from chalicelib.features.identity.service.oauth import OAuth, Provider, Signers
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.own_account import OwnAccount
from chalicelib.features.identity.service.people import People
from chalicelib.features.identity.service.proof import Proof
from chalicelib.features.identity.service.record import Recorder
from chalicelib.features.identity.service.recovery import Recovery
from chalicelib.features.identity.service.saml import Saml
from chalicelib.features.identity.service.second_factor import SecondFactors
from chalicelib.features.identity.service.sessions import Hasher, Sessions
from chalicelib.features.identity.service.sso import SsoSettings
from chalicelib.features.identity.service.suspicion import Outside, Suspicion
from chalicelib.features.identity.service.team import Team
from chalicelib.features.identity.service.throttle import Throttle

if TYPE_CHECKING:
    from chalicelib.features.identity.adapters.access_tokens import AccessTokens
    from chalicelib.features.identity.adapters.oidc.provider import OidcProvider
    from chalicelib.features.identity.adapters.oidc.terms import Terms
    from chalicelib.features.identity.adapters.oidc.wire import Wire
    from chalicelib.features.identity.store.person import PersonRows
    from chalicelib.features.identity.store.session import SessionRows
    from chalicelib.features.identity.store.sso import SsoRows
    from chalicelib.features.identity.store.standing import StandingRows


@cache
def identity() -> Identity:
    from chalicelib.features.identity.adapters.passwords import Argon2

    return furnished(hasher=Argon2())


def furnished(*, hasher: Hasher) -> Identity:
    """With a hasher of one's own: tests and demo data hash by the dozen, and argon2 is slow by design."""
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.identity.store.api_key import ApiKeyRows
    from chalicelib.features.identity.store.email_change import EmailChangeRows
    from chalicelib.features.identity.store.password_reset import PasswordResetRows
    from chalicelib.features.identity.store.person import PersonRows
    from chalicelib.features.identity.store.session import SessionRows
    from chalicelib.features.sites.wiring import sites
    from chalicelib.features.tenants.wiring import opening_write, tenants

    pepper = partial(secret, settings().secret_pepper)
    people, rows, office = PersonRows(tenant_write=opening_write()), SessionRows(), _office()
    second_factors = _second_factors(people, rows, office)
    sessions = _sessions(people, rows, second_factors, hasher, office)
    standings = _standings()
    proof = Proof(bearers=standings, session_rows=rows, sessions=sessions, second_factors=second_factors, hasher=hasher)
    return Identity(
        accounts=Accounts(store=people, sessions=sessions, hasher=hasher, office=office),
        recovery=Recovery(resets=PasswordResetRows(), people=people, hasher=hasher, office=office),
        own_account=OwnAccount(
            session_rows=rows,
            people=people,
            seats=standings,
            sessions=sessions,
            proof=proof,
            hasher=hasher,
            office=office,
            cursor_secret=pepper,
        ),
        addresses=Addresses(
            changes=EmailChangeRows(), people=people, session_rows=rows, proof=proof, hasher=hasher, office=office
        ),
        sessions=sessions,
        api_keys=ApiKeys(
            store=ApiKeyRows(),
            blocks=suspicion().blocks,
            sites=sites(),
            signer=_signer("api key", settings().secret_pepper),
            cursor_secret=pepper,
        ),
        people=People(store=people, tenants=tenants(), cursor_secret=pepper),
        second_factors=second_factors,
        team=_team(people, office),
        invitations=_invitations(people, sessions, hasher, office),
    )


def _sessions(
    people: PersonRows, rows: SessionRows, second_factors: SecondFactors, hasher: Hasher, office: Office
) -> Sessions:
    from chalicelib.config import settings
    from chalicelib.features.tenants.wiring import tenants

    return Sessions(
        sessions=rows,
        people=people,
        tenants=tenants(),
        hasher=hasher,
        mint=_access_tokens(),
        second_factors=second_factors,
        mailboxes=office.mailboxes,
        refresh_signer=_signer("refresh", settings().secret_pepper),
    )


def _second_factors(people: PersonRows, session_rows: SessionRows, office: Office) -> SecondFactors:
    from chalicelib.aws import envelope
    from chalicelib.config import settings
    from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
    from chalicelib.features.identity.store.second_factor import SecondFactorRows

    return SecondFactors(
        rows=SecondFactorRows(),
        people=people,
        session_rows=session_rows,
        vault=envelope,
        app=AuthenticatorApp(),
        signer=_signer("recovery code", settings().secret_pepper),
        office=office,
    )


def _team(people: PersonRows, office: Office) -> Team:
    from chalicelib.features.due.wiring import due
    from chalicelib.features.identity.store.membership import MembershipRows
    from chalicelib.features.tenants.wiring import standing_tenant

    return Team(people=people, memberships=MembershipRows(tenant=standing_tenant()), calendar=due(), office=office)


def _invitations(people: PersonRows, sessions: Sessions, hasher: Hasher, office: Office) -> Invitations:
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.identity.store.invitation import InvitationRows
    from chalicelib.features.tenants.wiring import standing_tenant

    return Invitations(
        store=InvitationRows(tenant=standing_tenant()),
        people=people,
        sessions=sessions,
        hasher=hasher,
        office=office,
        cursor_secret=partial(secret, settings().secret_pepper),
    )


@cache
def entrance() -> Entrance:
    """What strangers may ask, and how often. Who calls from the inside (tests, demo) goes past it."""
    return guarded(identity())


def guarded(inside: Identity) -> Entrance:
    from chalicelib.aws.attempts import StoredAttempts
    from chalicelib.config import settings
    from chalicelib.features.identity.store.person import PersonRows
    from chalicelib.features.tenants.wiring import opening_write

    return Entrance(
        throttle=Throttle(StoredAttempts()),
        suspicion=suspicion(),
        people=PersonRows(tenant_write=opening_write()),
        accounts=inside.accounts,
        sessions=inside.sessions,
        recovery=inside.recovery,
        addresses=inside.addresses,
        mailboxes=_signer("mailbox", settings().secret_installation),
        links=_signer("link", settings().secret_pepper),
        device_signer=_signer("device", settings().secret_pepper),
    )


@cache
def suspicion() -> Suspicion:
    """One for a process: it remembers who is blocked, and what it has seen."""
    from chalicelib.aws import telemetry
    from chalicelib.aws.attempts import StoredAttempts
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.identity.adapters.post import MailQueue
    from chalicelib.features.identity.store.person import PersonRows
    from chalicelib.features.identity.store.suspicion import BlockRows, ScoreRows, SightingRows
    from chalicelib.features.tenants.wiring import opening_write

    outside = Outside(
        accounts=PersonRows(tenant_write=opening_write()),
        owners=people(),
        post=MailQueue(),
        recorder=_office().recorder,
        throttle=Throttle(StoredAttempts()),
        note=telemetry.note,
        alarm=telemetry.alarm,
        public_url=settings().public_url,
    )
    return Suspicion(
        blocks=Blocks(store=BlockRows(), cursor_secret=partial(secret, settings().secret_pepper)),
        scores=ScoreRows(),
        sightings=SightingRows(),
        outside=outside,
        signer=_signer("suspicion", settings().secret_pepper),
        scale=lambda: settings().limits_scale,
    )


@cache
def oauth() -> OAuth:
    from chalicelib.aws.attempts import StoredAttempts
    from chalicelib.config import settings
    from chalicelib.features.identity.adapters.passwords import Argon2
    from chalicelib.features.identity.model.oauth import Arrival
    from chalicelib.features.identity.store.arrival import ArrivalRows
    from chalicelib.features.identity.store.link import LinkRows
    from chalicelib.features.identity.store.person import PersonRows
    from chalicelib.features.tenants.wiring import opening_write

    return OAuth(
        providers=_provider,
        arrivals=ArrivalRows(Arrival, prefix="OAUTH"),
        links=LinkRows(tenant_write=opening_write()),
        people=PersonRows(tenant_write=opening_write()),
        sessions=identity().sessions,
        throttle=Throttle(StoredAttempts()),
        suspicion=suspicion(),
        hasher=Argon2(),
        office=_office(),
        signers=Signers(
            trips=_signer("oauth trip", settings().secret_pepper),
            codes=_signer("oauth code", settings().secret_pepper),
            links=_signer("oauth link", settings().secret_installation),
        ),
    )


@cache
def saml() -> Saml:
    """XML and its signatures are slow to load: nobody else does."""
    from chalicelib.aws.attempts import StoredAttempts
    from chalicelib.config import settings
    from chalicelib.features.identity.adapters.passwords import Argon2
    from chalicelib.features.identity.adapters.saml.answer import AnswerReader
    from chalicelib.features.identity.adapters.saml.metadata import of_ours
    from chalicelib.features.identity.adapters.saml.request import Departures
    from chalicelib.features.identity.model.saml import SsoArrival
    from chalicelib.features.identity.store.arrival import ArrivalRows
    from chalicelib.features.identity.store.membership import MembershipRows
    from chalicelib.features.identity.store.person import PersonRows
    from chalicelib.features.tenants.wiring import opening_write, standing_tenant

    return Saml(
        doors=_sso_rows(),
        arrivals=ArrivalRows(SsoArrival, prefix="SAML"),
        people=PersonRows(tenant_write=opening_write()),
        roles=MembershipRows(tenant=standing_tenant()),
        sessions=identity().sessions,
        departures=Departures(),
        introduce=of_ours,
        reader=AnswerReader(),
        throttle=Throttle(StoredAttempts()),
        suspicion=suspicion(),
        hasher=Argon2(),
        office=_office(),
        signers=Signers(
            trips=_signer("saml trip", settings().secret_pepper),
            codes=_signer("saml code", settings().secret_pepper),
            links=_signer("saml link", settings().secret_installation),
        ),
    )


@cache
def sso_settings() -> SsoSettings:
    from chalicelib.features.identity.adapters.saml.certificates import Certificates

    return SsoSettings(store=_sso_rows(), certificates=Certificates(), owners=people(), office=_office())


def _sso_rows() -> SsoRows:
    from chalicelib.features.identity.store.sso import SsoRows
    from chalicelib.features.tenants.wiring import sso_write, standing_tenant

    return SsoRows(tenant=standing_tenant(), tenant_write=sso_write())


def _provider(name: str) -> Provider | None:
    from chalicelib.config import settings
    from chalicelib.features.identity.adapters.oidc import terms

    secret_names = {"google": settings().secret_oauth_google, "microsoft": settings().secret_oauth_microsoft}
    secret_name, known = secret_names.get(name), terms.known(name)
    return _oidc(name, secret_name, *known) if secret_name and known else None


@cache
def _oidc(name: str, secret_name: str, terms: Terms, wire: Wire) -> OidcProvider:
    """Kept, because it keeps the provider's keys."""
    import msgspec

    from chalicelib.aws.secrets import secret
    from chalicelib.features.identity.adapters.oidc.keys import Keys
    from chalicelib.features.identity.adapters.oidc.provider import Credentials, OidcProvider

    return OidcProvider(
        name,
        terms=terms,
        wire=wire,
        keys=Keys(terms.keys_url, wire),
        credentials=lambda: msgspec.json.decode(secret(secret_name), type=Credentials),
    )


def _office() -> Office:
    from chalicelib.aws import telemetry
    from chalicelib.config import settings
    from chalicelib.features.audit.wiring import audit
    from chalicelib.features.identity.adapters.post import MailQueue

    post = MailQueue()
    return Office(
        post=post,
        recorder=Recorder(trail=audit(), post=post, alarm=telemetry.alarm),
        mailboxes=_signer("mailbox", settings().secret_installation),
        link_signer=_signer("link", settings().secret_pepper),
        public_url=settings().public_url,
    )


@cache
def people() -> People:
    """Without what signs, hashes and mints: for neighbours who only ask who is where."""
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.identity.store.person import PersonRows
    from chalicelib.features.tenants.wiring import opening_write, tenants

    store = PersonRows(tenant_write=opening_write())
    return People(store=store, tenants=tenants(), cursor_secret=partial(secret, settings().secret_pepper))


@cache
def authenticator() -> Authenticator:
    return Authenticator(access_tokens=_access_tokens(), api_keys=identity().api_keys, standings=_standings())


def _standings() -> StandingRows:
    from chalicelib.features.identity.store.standing import StandingRows
    from chalicelib.features.tenants.wiring import standing_tenant

    return StandingRows(tenant=standing_tenant())


def _signer(purpose: str, secret_name: str) -> Signer:
    from chalicelib.aws.secrets import secret

    return Signer(partial(secret, secret_name), purpose)


@cache
def _access_tokens() -> AccessTokens:
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.identity.adapters.access_tokens import AccessTokens
    from chalicelib.features.identity.adapters.key_set import read_key_set

    return AccessTokens(issuer=settings().public_url, keys=lambda: read_key_set(secret(settings().secret_jwt)))
