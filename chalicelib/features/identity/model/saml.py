"""Signing in by a tenant's own identity provider (SAML 2.0): what its admins say of it, and what it says of somebody.

The way there needs no row: the id of our request is an HMAC over all that the way back has to fit (docs/adr/0013).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.core import chance
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import b64url
from chalicelib.core.errors import Forbidden, Unauthenticated
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.oauth import Arrival, Profile
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.signature import Signer

PROVIDER = "saml"
TRIP_LASTS = timedelta(minutes=10)
SESSION_LASTS = timedelta(hours=12)  # who is sent away at the identity provider is out by then
MOST_CERTIFICATES = 5
_TRIP_BYTES = 16
_NO_CHALLENGE = "-"
_RELAY_STATE = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9]{10})\.(-|[A-Za-z0-9_-]{43})")
_CODE = re.compile(r"sc_([0-9a-f]{32})")
_GRANTED = (Role.ADMIN, Role.EDITOR, Role.ANALYST, Role.AGENT)  # the most first; nobody is made an owner
_EMAIL_ATTRIBUTES = (
    "email",
    "mail",
    "emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)


class SsoFailed(Unauthenticated):
    """What the identity provider has sent cannot be believed, or does not fit what we asked it. Nobody was signed in.

    When: Signing in was begun in another browser or more than ten minutes ago, the same answer is brought twice, or the
    identity provider and this tenant's settings do not agree: `reason` says in what. Also when a member's password is
    given by somebody else than who began (`trip`, `unsolicited`).

    Do: Begin again at `GET /v1/auth/saml/{tenant_id}/start`. If it stays, compare the settings at
    `GET /v1/tenant/sso` with those of the identity provider.

    Members:
    - reason: one of unreadable, shape, encrypted, unsigned, algorithm, signature, status, issuer, audience, recipient,
      time, subject, trip, unsolicited, replayed, email
    """

    code = "sso_failed"
    title = "The identity provider's answer was not accepted."

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail, reason=reason)


class NotAdmitted(Forbidden):
    """The identity provider knows you, and this tenant has no place for you.

    When: The tenant's settings give your groups no role; or somebody has removed you from the tenant.

    Do: Ask an admin of the tenant: for a role, or for an invitation.
    """

    code = "sso_not_admitted"
    title = "The identity provider knows you, but this tenant has no role for you."


class OwnersNeedPassword(Forbidden):
    """An owner does not come in by the identity provider: whoever sets it up, or breaks into it, would own the tenant.

    When: An owner of the tenant signs in with SAML.

    Do: Sign in with your password, or with Google or Microsoft. That works also where single sign-on is required.
    """

    code = "owners_need_password"
    title = "Owners sign in with their own account, not by the identity provider."


@dataclass(frozen=True)
class Sso:
    """What a tenant has said of its identity provider. `certificates` are DER, in base64; `roles` are by the values of
    `role_attribute`. `epoch` is the tenant's, and counts what was believed once and is no longer.
    """

    tenant_id: str
    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]
    email_attribute: str = ""
    name_attribute: str = ""
    role_attribute: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)
    default_role: Role | None = None
    allows_idp_initiated: bool = False
    changed_at: datetime | None = None
    epoch: int = 0
    rev: int = 1

    @property
    def version(self) -> str:
        """Another after each change, also when it was removed in between."""
        return f"{self.epoch}.{self.rev}"

    def role_for(self, values: Sequence[str]) -> Role | None:
        """The most that any of these values gives; else what everybody gets, if anything."""
        given = {self.roles[value] for value in values if value and value in self.roles}
        return next((role for role in _GRANTED if role in given), self.default_role)


@dataclass(frozen=True)
class Place:
    """What we are to an identity provider: to each tenant's something of its own, so that none answers for another."""

    entity_id: str
    acs_url: str
    start_url: str


@dataclass(frozen=True)
class Request:
    """`is_fresh` asks for more than an old session there."""

    id: str
    place: Place
    at: datetime
    is_fresh: bool = False


class Unfit(Exception):
    """A certificate that will not do. The message says why."""


@dataclass(frozen=True)
class Certificate:
    """What is shown of one. The fingerprint is of SHA-256."""

    fingerprint: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True)
class Said:
    """What a signed assertion says, all of it read from what the signature covers."""

    assertion_id: str
    issuer: str
    subject: str
    in_response_to: str | None
    attributes: Mapping[str, Sequence[str]]
    authenticated_at: datetime
    expires_at: datetime
    session_ends_at: datetime | None = None


@dataclass(frozen=True)
class Expected:
    """What an answer has to fit."""

    idp: Sso
    place: Place
    now: datetime


@dataclass(frozen=True)
class Statement(Profile):
    """What is kept of it until our code is exchanged. `is_role_told`: the identity provider says the role each time.
    `settings` is the version of those by which it was believed, `browser` tells whose trip it was; empty for what
    nobody has asked for.
    """

    tenant_id: str = ""
    settings: str = ""
    browser: str = ""
    role: Role | None = None
    is_role_told: bool = False
    proven_at: datetime | None = None
    ends_at: datetime | None = None

    def holds(self, sso: Sso, now: datetime) -> bool:
        """Still: nothing that it hangs on was changed, and the session there is not over."""
        return self.settings == sso.version and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True)
class SsoArrival(Arrival):
    """An answer that has come; the row stays for as long as it could come again."""

    profile: Statement | None = None


@dataclass(frozen=True)
class Errand:
    """A trip to the identity provider. `challenge` as in a trip to Google."""

    id: str
    expires_at: datetime
    challenge: str = ""

    @property
    def relay_state(self) -> str:
        """At most 80 bytes, as the standard has it. Nothing in it is secret, and it is worth nothing by itself."""
        return f"{self.id}.{in_seconds(self.expires_at)}.{self.challenge or _NO_CHALLENGE}"


def epoch_after(epoch: int, before: Sso | None, after: Sso | None) -> int:
    """The next where another speaks from now on, or with less: what it has opened before is over."""
    if before is None:
        return epoch
    is_another = after is None or after.entity_id != before.entity_id
    is_less = after is None or not set(before.certificates) <= set(after.certificates)
    return epoch + 1 if is_another or is_less else epoch


def place_of(tenant_id: str, public_url: str) -> Place:
    base = f"{public_url}/v1/auth/saml/{tenant_id}"
    return Place(f"{base}/metadata", f"{base}/acs", f"{base}/start")


def set_out(*, challenge: str, now: datetime) -> Errand:
    return Errand(b64url(chance.token(_TRIP_BYTES)), now + TRIP_LASTS, challenge)


def read_relay_state(text: str, *, now: datetime) -> Errand | None:
    """None where there is none of ours, or a late one."""
    parts = _RELAY_STATE.fullmatch(text)
    if parts is None or int(parts[2]) <= now.timestamp():
        return None
    challenge = "" if parts[3] == _NO_CHALLENGE else parts[3]
    return Errand(parts[1], datetime.fromtimestamp(int(parts[2]), UTC), challenge)


def request_id(errand: Errand, *, tenant_id: str, browser: str, signer: Signer) -> str:
    """Comes back as InResponseTo, under the identity provider's signature, and fits one trip of one browser."""
    return f"_{b64url(signer.digest(f'{tenant_id} {errand.relay_state} {browser}'))}"


def fits(said: Said, errand: Errand, *, tenant_id: str, browser: str, signer: Signer) -> bool:
    expected = request_id(errand, tenant_id=tenant_id, browser=browser, signer=signer)
    return hmac.compare_digest(expected.encode(), (said.in_response_to or "").encode())


def browser_mark(browser: str, signer: Signer) -> str:
    """Kept with what was said, instead of what the browser keeps."""
    return signer.digest(f"browser {browser}").hex()[:32]


def answer_key(said: Said, tenant_id: str) -> str:
    """One for each request of ours; for what nobody asked for, one for each assertion."""
    what = said.in_response_to or f"{said.issuer} {said.assertion_id}"
    return hashlib.sha256(f"{tenant_id} {what}".encode()).hexdigest()[:32]


def one_time_code(arrival_id: str, signer: Signer) -> str:
    """`sc_<arrival>_<HMAC>`."""
    return signer.sign(f"sc_{arrival_id}")


def open_code(code: str, signer: Signer) -> str:
    """The arrival's id."""
    parts = signer.read(code, _CODE)
    if parts is None:
        raise InvalidToken
    return parts[0]


def door_key(statement: Statement, signer: Signer) -> str:
    """Who somebody is at the identity provider. The tenant is in it, so that no other tenant's can name the same."""
    return signer.digest(f"{statement.tenant_id} {statement.issuer} {statement.subject}").hex()[:32]


def email_in(said: Said, attribute: str) -> str:
    """As the tenant has named it; else where identity providers put it; else the name of the subject itself."""
    if attribute:
        return _first(said.attributes.get(attribute, ()))
    spelled = [(name.lower(), values) for name, values in said.attributes.items()]
    found = (_only([values for known, values in spelled if known == name]) for name in _EMAIL_ATTRIBUTES)
    return next((email for email in found if email), said.subject if "@" in said.subject else "")


def name_in(said: Said, attribute: str) -> str:
    return _first(said.attributes.get(attribute, ())) if attribute else ""


def _only(spellings: Sequence[Sequence[str]]) -> str:
    """Two attributes whose names differ by capitals alone are nobody's word."""
    return _first(spellings[0]) if len(spellings) == 1 else ""


def _first(values: Sequence[str]) -> str:
    return values[0] if values else ""
