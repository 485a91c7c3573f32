"""A subscription: one browser of one site, what is known of it, and how it comes, changes and goes. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from msgspec import UNSET, UnsetType

from chalicelib.channels import endpoints
from chalicelib.channels.endpoints import Vendor
from chalicelib.core.clock import from_milliseconds
from chalicelib.core.encoding import unb64url
from chalicelib.core.errors import Conflict, Invalid

T = TypeVar("T")
Attribute = str | bool | int | float

KEY_BYTES = 16
MOST_TAGS = 64
LONGEST_TAG = 64
MOST_ATTRIBUTES = 32
LONGEST_NAME = 64
LONGEST_TEXT = 256
LONGEST_CONSENT = 2_000
LARGEST_INTEGER = 2**53 - 1  # JavaScript's: what every browser reads back as it was written

BURIED_FOR = timedelta(days=30)
_AUTH_BYTES = 16
_POINT_BYTES = 65  # uncompressed: 0x04, x, y
_SEEN_EVERY_MS = 3_600_000  # a page that subscribes on every view must not write on every view
_PROVEN_EVERY_MS = 86_400_000  # nor a browser for every notification it shows
_ID = re.compile(r"sub_([0-9a-f]{32})")
_BROWSERS = {Vendor.FCM: "chrome", Vendor.MOZILLA: "firefox", Vendor.APPLE: "safari", Vendor.WNS: "edge"}


class Status(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class EndReason(StrEnum):
    GONE = "gone"  # its push service said so
    UNSUBSCRIBED = "unsubscribed"  # the visitor did
    REPLACED = "replaced"  # the same browser has a newer endpoint
    REMOVED = "removed"  # the site's owner did
    SUNSET = "sunset"  # nothing was heard of it for longer than its site waits


UNWILLING = frozenset({EndReason.GONE, EndReason.SUNSET})  # whose visitor has not said anything
NEEDS_RESUBSCRIBE = "needs_resubscribe"  # its push service knows it under another key
ERASED = "erased"  # there is no such row any more, nor shall there be by itself


class SubscriptionEnded(Conflict):
    """The browser no longer takes part, so there is nothing to change about it.

    When: The visitor unsubscribed, the push service ended the subscription, or it was removed.

    Do: Subscribe the browser again; it gets the same id if its push service gives it the same endpoint. Not one that
    was removed: its site does not want it back. One that was erased comes back only if its visitor asks for it, by a
    new push subscription that does not name the one before.

    Members:
    - ended_reason: one of gone, unsubscribed, replaced, removed, sunset, needs_resubscribe, erased
    """

    code = "subscription_ended"
    title = "This subscription has ended."


class Consent(msgspec.Struct, frozen=True, array_like=True):
    """What a visitor agreed to, in the words shown, and when."""

    at_ms: int
    text: str | None = None
    version: str | None = None


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """What the send path reads of a row, in one binary. Fields are only ever added, at the end, with a default.

    `said_ms`, `identified_ms`, `parted_ms`: when the page said its last word, its last about whose browser this is, and
    that it is no longer whose it was, by the browser's clock; 0 if it does not tell.
    """

    endpoint: str
    p256dh: bytes
    auth: bytes
    zone: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, Attribute] = {}
    created_ms: int = 0
    seen_ms: int = 0
    consent: Consent | None = None
    country: str | None = None
    family: str | None = None
    said_ms: int = 0
    identified_ms: int = 0
    parted_ms: int = 0


pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Packed).decode


class Recipient(msgspec.Struct, frozen=True):
    """A row as the sender reads it by the thousand; `packed` stays packed until it is pushed to."""

    key: bytes
    is_active: bool
    active_since: int
    key_id: str
    external_id: str | None
    packed: bytes


@dataclass(frozen=True)
class Browser:
    """What `PushSubscription.toJSON()` says, found to be true as far as one can see."""

    endpoint: str
    p256dh: bytes
    auth: bytes


@dataclass(frozen=True)
class Sight:
    """What a call of the browser itself shows without a word, as far as it does: where it is, and which browser."""

    country: str | None = None
    family: str | None = None


@dataclass(frozen=True)
class TagEdit:
    """Says only what is to change: two that cross each other on the way, or come from two tabs, lose nothing."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def of(self, before: tuple[str, ...]) -> tuple[str, ...]:
        tags = tuple(tag for tag in dict.fromkeys((*before, *self.add)) if tag not in self.remove)
        if len(tags) > MOST_TAGS:
            raise Invalid(f"A subscription has at most {MOST_TAGS} tags.", pointer="/tags/add")
        return tags


@dataclass(frozen=True)
class Profile:
    """What is said of a visitor, by `profile_of`. UNSET leaves things as they are, None takes them back. `said_ms` is
    by the browser's own clock, which orders its words among each other and nothing else.
    """

    tags: tuple[str, ...] | TagEdit | UnsetType | None = UNSET
    attributes: Mapping[str, Attribute | None] | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    external_id: str | UnsetType | None = UNSET
    said_ms: int = 0


@dataclass(frozen=True)
class Subscription:
    """`active_since` is in milliseconds and tells one life of a row from the next: a tombstone names the life it ends.

    `key_id` is the VAPID key that the browser subscribed under; its endpoint takes no other. `trouble` says why one
    that is active is not reached, `successor` which row has replaced it.
    """

    tenant_id: str
    site_id: str
    key: bytes
    key_id: str
    packed: Packed
    active_since: int
    status: Status = Status.ACTIVE
    external_id: str | None = None
    ended_at: datetime | None = None
    ended_reason: str | None = None
    trouble: str | None = None
    successor: bytes | None = None
    rev: int = 1

    @property
    def id(self) -> str:
        return f"sub_{self.key.hex()}"

    @property
    def is_active(self) -> bool:
        return self.status is Status.ACTIVE

    @property
    def reason(self) -> str | None:
        """Why it is not reached; None for all is well."""
        return self.trouble if self.is_active else self.ended_reason

    @property
    def push_host(self) -> str:
        """As much of the endpoint as may be shown: the whole is a capability."""
        return endpoints.host_of(self.packed.endpoint)

    @property
    def browser(self) -> str:
        """By its push service; of the many that share Google's, by its own word."""
        vendor = endpoints.vendor_of(self.push_host)
        if vendor is None:
            return "unknown"  # stored when the list was longer
        return (vendor is Vendor.FCM and self.packed.family) or _BROWSERS[vendor]


def key_of(subscription_id: str) -> bytes | None:
    found = _ID.fullmatch(subscription_id)
    return bytes.fromhex(found[1]) if found else None


# --- How a subscription comes, changes and goes ---


def welcomed(
    known: Subscription,
    browser: Browser,
    profile: Profile,
    *,
    consent: Consent | None,
    at_ms: int,
    sight: Sight = Sight(),
) -> Subscription:
    """A browser that shows up, again or (then `known` is `blank`) for the first time. What it does not say stays."""
    fresh_seen = known.is_active and 0 <= at_ms - known.packed.seen_ms < _SEEN_EVERY_MS
    packed = msgspec.structs.replace(
        known.packed,
        endpoint=browser.endpoint,
        p256dh=browser.p256dh,
        auth=browser.auth,
        seen_ms=known.packed.seen_ms if fresh_seen else at_ms,
        consent=consent or known.packed.consent,
        **_shown(sight),
    )
    told = _told(replace(known, packed=packed, trouble=None, successor=None), profile)
    if known.is_active:
        return told
    return replace(
        told, status=Status.ACTIVE, active_since=max(at_ms, known.active_since + 1), ended_at=None, ended_reason=None
    )


def blank(tenant_id: str, site_id: str, key: bytes, *, key_id: str, browser: Browser, at_ms: int) -> Subscription:
    """A browser about which nothing is known yet."""
    packed = Packed(browser.endpoint, browser.p256dh, browser.auth, created_ms=at_ms, seen_ms=at_ms)
    return Subscription(tenant_id, site_id, key, key_id, packed, active_since=at_ms, rev=0)


def is_unseen(subscription: Subscription, *, days: int, now: datetime) -> bool:
    """Without proof of life for so long. Whom an operator brought back has all that time again to give one."""
    last_ms = max(subscription.packed.seen_ms, subscription.active_since)
    return subscription.is_active and now - from_milliseconds(last_ms) >= timedelta(days=days)


def is_over(tombstone: Subscription, *, now: datetime) -> bool:
    """Its time is up, though the table may take days to delete it."""
    return tombstone.ended_at is not None and now - tombstone.ended_at >= BURIED_FOR


def changed(
    subscription: Subscription,
    profile: Profile,
    *,
    consent: Consent | None = None,
    seen_ms: int | None = None,
    sight: Sight = Sight(),
) -> Subscription:
    if not subscription.is_active:
        raise SubscriptionEnded(ended_reason=subscription.ended_reason)
    packed = msgspec.structs.replace(
        subscription.packed,
        seen_ms=subscription.packed.seen_ms if seen_ms is None else seen_ms,
        consent=consent or subscription.packed.consent,
        **_shown(sight),
    )
    return _told(replace(subscription, packed=packed), profile)


def left(subscription: Subscription, *, said_ms: int, at: datetime) -> Subscription:
    """The same once its visitor said no, unless something was said after that. The no is kept with its time: what was
    said before it, and arrives later, does not bring it back, also of one that had left before, or was removed. Nor
    does an operator one that had ended without a word.
    """
    packed = subscription.packed
    if subscription.ended_reason == EndReason.REPLACED or 0 < said_ms < packed.said_ms:
        return subscription
    heard = replace(subscription, packed=msgspec.structs.replace(packed, said_ms=max(said_ms, packed.said_ms)))
    if not subscription.is_active and subscription.ended_reason not in UNWILLING:
        return heard
    return replace(
        heard,
        status=Status.ENDED,
        ended_at=at if subscription.is_active else subscription.ended_at,
        ended_reason=EndReason.UNSUBSCRIBED.value,
    )


def proven(subscription: Subscription, *, at_ms: int) -> Subscription:
    """The same after a sign of life that is no visit: it has shown a notification, or was clicked on. Once a day is
    enough, and nothing brings back who has ended.
    """
    if not subscription.is_active or at_ms - subscription.packed.seen_ms < _PROVEN_EVERY_MS:
        return subscription
    return replace(subscription, packed=msgspec.structs.replace(subscription.packed, seen_ms=at_ms))


def _told(subscription: Subscription, profile: Profile) -> Subscription:
    """Tags and attributes are a person's: whoever comes next begins without them, and hears no word from before."""
    old, said_ms = subscription.packed, profile.said_ms
    person, identified_ms = subscription.external_id, old.identified_ms
    is_late = 0 < said_ms < identified_ms  # a word from before the visitor signed out, or in as somebody else
    if profile.external_id is not UNSET and not is_late:
        person, identified_ms = profile.external_id, said_ms or identified_ms
    has_parted = subscription.external_id not in {None, person}
    of_another = 0 < said_ms < old.parted_ms
    packed = msgspec.structs.replace(
        old,
        zone=_said(profile.timezone, old.zone),
        language=_said(profile.language, old.language),
        tags=_tagged(() if has_parted else old.tags, UNSET if of_another else profile.tags),
        attributes=_merged({} if has_parted else old.attributes, UNSET if of_another else profile.attributes),
        said_ms=max(said_ms, old.said_ms),
        identified_ms=identified_ms,
        parted_ms=max(said_ms, old.parted_ms) if has_parted else old.parted_ms,
    )
    return replace(subscription, packed=packed, external_id=person)


def _said(said: T | UnsetType, before: T) -> T:
    return before if said is UNSET else said


def _shown(sight: Sight) -> dict[str, str]:
    """What a call does not show stays as the last one showed it."""
    return {name: value for name, value in asdict(sight).items() if value is not None}


def _tagged(before: tuple[str, ...], said: tuple[str, ...] | TagEdit | UnsetType | None) -> tuple[str, ...]:
    if isinstance(said, TagEdit):
        return said.of(before)
    return before if said is UNSET else said or ()


def _merged(
    before: dict[str, Attribute], said: Mapping[str, Attribute | None] | UnsetType | None
) -> dict[str, Attribute]:
    """By name, as RFC 7396 merges: None takes a name away."""
    if said is UNSET:
        return before
    if said is None:
        return {}
    merged = {name: value for name, value in {**before, **said}.items() if value is not None}
    if len(merged) > MOST_ATTRIBUTES:
        raise Invalid(f"A subscription has at most {MOST_ATTRIBUTES} attributes.", pointer="/attributes")
    return merged


# --- What may be said ---


def read_browser(*, endpoint: str, p256dh: str, auth: str) -> Browser:
    """Raises BadEndpoint, or Invalid for keys that no message could be encrypted for."""
    endpoints.parse(endpoint)
    return Browser(
        endpoint,
        _point(_bytes(p256dh, _POINT_BYTES, "/subscription/keys/p256dh")),
        _bytes(auth, _AUTH_BYTES, "/subscription/keys/auth"),
    )


def _bytes(text: str, size: int, pointer: str) -> bytes:
    try:
        raw = unb64url(text)
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise Invalid(f"This key is {size} bytes in base64url.", pointer=pointer)
    return raw


def _point(raw: bytes) -> bytes:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    except ValueError:
        raise Invalid("This is not a point on the curve P-256.", pointer="/subscription/keys/p256dh") from None
    return raw
