"""Signing in with an account that somebody has elsewhere: the trip to the provider, what it says, and the way back.

A trip is a signed text, bound to the browser that began it; nothing is stored before the provider has sent it back.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.core import chance, ids
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import b64url
from chalicelib.core.errors import Forbidden, Unauthenticated, Unavailable
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, InvalidToken, User
from chalicelib.features.identity.model.signature import Signer

TRIP_LASTS = timedelta(minutes=10)
CODE_LASTS = timedelta(minutes=2)
_BROWSER_BYTES = 32
_NO_CHALLENGE = "-"
_ULID = "[0-9a-hjkmnp-tv-z]{26}"
_STATE = re.compile(rf"os_([a-z]{{1,20}})_({_ULID})_([0-9]{{1,12}})_(-|[A-Za-z0-9_-]{{43}})")
_CODE = re.compile(rf"oc_({_ULID})")
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")


class SignInFailed(Unauthenticated):
    """The way back from the provider does not fit the way there, or the provider has not let this person in. Nothing
    more is said of it, because whoever forges such answers would like to know.

    When: It was cancelled at the provider, took longer than ten minutes, was begun in another browser, or the same
    answer is brought a second time. Also when what the provider says cannot be believed.

    Do: Begin again at `GET /v1/auth/oauth/{provider}/start`, in the browser that shall be signed in.
    """

    code = "sign_in_failed"
    title = "Signing in with the provider did not work. Begin again."


class ProviderUnavailable(Unavailable):
    """The provider did not answer in time, or with something that is no answer. The way there has to be begun again.

    When: Google or Microsoft is slow, down, or answers more than a sign-in can hold.

    Do: Begin again at `GET /v1/auth/oauth/{provider}/start` after a few seconds, or sign in with your password.
    """

    code = "provider_unavailable"
    title = "The provider is not answering. Begin again, or sign in with your password."


class EmailUnverified(Forbidden):
    """The provider does not vouch for the e-mail address, so it proves nothing about who reads that mailbox.

    When: Somebody comes for the first time, with an address that the provider has not verified; with Microsoft, where
    the organisation has not proven that its domain is its own.

    Do: Verify the address at the provider, or register with a password.
    """

    code = "email_unverified"
    title = "The provider has not verified this e-mail address."


class PasswordRequired(Unauthenticated):
    """There is an account with this address. A provider opens no account that its owner has not opened for it.

    When: An account is met by a provider's for the first time, or for the first time since its password was changed.

    Do: Exchange the same code again with `password`, and `otp` where a second factor is on. Who has forgotten the
    password, or never had one, chooses one by `POST /v1/auth/password/forgot`.
    """

    code = "password_required"
    title = "This account exists. Give its password once, and the provider opens it from then on."


@dataclass(frozen=True)
class Profile:
    """What a provider says of somebody. `issuer` and `subject` name them for good; all else may change."""

    provider: str
    issuer: str
    subject: str
    email: str
    is_email_verified: bool = False
    name: str = ""


@dataclass(frozen=True)
class Trip:
    """`challenge` is the client's own (RFC 7636, S256), for the exchange of our code; empty when it has set none."""

    id: str
    provider: str
    expires_at: datetime
    challenge: str = ""


@dataclass(frozen=True)
class Arrival:
    """A trip that has come back; the row stays for as long as its state could come again."""

    id: str
    expires_at: datetime
    challenge: str = ""
    mark: str = ""
    profile: Profile | None = None
    attempts: int = 0
    last_attempt: str = ""
    is_spent: bool = False
    rev: int = 1

    def is_open(self, now: datetime) -> bool:
        return (
            self.profile is not None and not self.is_spent and self.attempts < MOST_ATTEMPTS and now < self.expires_at
        )

    def fits(self, verifier: str | None) -> bool:
        """Whether who brings the code is who began the trip. One without a challenge fits nobody who has a verifier: a
        stranger's code does not sign a front end in that began a trip of its own.
        """
        if not self.challenge:
            return verifier is None
        return hmac.compare_digest(self.challenge, challenge_of(verifier or ""))


@dataclass(frozen=True)
class Link:
    """That somebody's account at a provider opens this user's. `mark` is of the password that it was opened with: after
    a new one the provider has to be let in once more, so that a thief's link goes with the thief's password.
    """

    key: str
    user_id: str
    provider: str
    linked_at: datetime
    mark: str
    rev: int = 1


def set_out(*, provider: str, challenge: str, now: datetime) -> Trip:
    return Trip(ids.ulid(), provider, now + TRIP_LASTS, challenge)


def new_browser() -> str:
    """What a browser keeps while its trips last."""
    return b64url(chance.token(_BROWSER_BYTES))


def is_browser(text: str) -> bool:
    return _BROWSER.fullmatch(text) is not None


def state_of(trip: Trip, *, browser: str, signer: Signer) -> str:
    """`os_<provider>_<trip>_<until>_<challenge>_<HMAC>`, genuine in this browser only."""
    text = f"os_{trip.provider}_{trip.id}_{in_seconds(trip.expires_at)}_{trip.challenge or _NO_CHALLENGE}"
    return signer.sign(text, bound_to=browser)


def read_state(state: str, *, provider: str, browser: str, signer: Signer, now: datetime) -> Trip:
    """Forged, foreign or late: nobody is told which."""
    parts = signer.read(state, _STATE, bound_to=browser)
    if parts is None:
        raise SignInFailed
    named, trip_id, expires, challenge = parts
    until = datetime.fromtimestamp(int(expires), UTC)
    if named != provider or until <= now:
        raise SignInFailed
    return Trip(trip_id, provider, until, "" if challenge == _NO_CHALLENGE else challenge)


def verifier_of(trip: Trip, *, browser: str, signer: Signer) -> str:
    """Ours, towards the provider: made again when it is needed, never stored."""
    return b64url(signer.digest(f"verifier {trip.id} {browser}"))


def nonce_of(trip: Trip, *, browser: str, signer: Signer) -> str:
    return b64url(signer.digest(f"nonce {trip.id} {browser}"))


def challenge_of(verifier: str) -> str:
    """S256."""
    return b64url(hashlib.sha256(verifier.encode()).digest())


def one_time_code(arrival_id: str, signer: Signer) -> str:
    """`oc_<arrival>_<HMAC>`."""
    return signer.sign(f"oc_{arrival_id}")


def open_code(code: str, signer: Signer) -> str:
    """The arrival's id."""
    parts = signer.read(code, _CODE)
    if parts is None:
        raise InvalidToken
    return parts[0]


def link_key(profile: Profile, signer: Signer) -> str:
    return signer.digest(f"{profile.issuer} {profile.subject}").hex()[:32]


def password_mark(user: User, signer: Signer) -> str:
    return signer.digest(f"{user.id} {user.password_hash}").hex()[:16]
