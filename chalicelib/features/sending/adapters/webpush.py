"""A run's pushes: its message packed once, its site's keys at hand, each browser's row unpacked only here. Each gets a
receipt of its own.

What cannot be sent is an outcome like any other: one odd row, a key that is no more, or a message that no longer fits
must not hold a batch for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from chalicelib.channels import endpoints, registry
from chalicelib.channels.endpoints import Vendor
from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.channels.webpush.payload import DoesNotFit, Envelope, envelope
from chalicelib.channels.webpush.sender import Order, WebPush
from chalicelib.channels.webpush.vapid import Identity, Signer
from chalicelib.core import clock
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import PushError
from chalicelib.core.receipts import BROWSERS, Mint, Receipts, Told
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.ports import Recipient
from chalicelib.features.sites.model import SigningKey
from chalicelib.features.subscriptions.model import Packed, unpack
from chalicelib.features.subscriptions.model import Recipient as Row

_MOST_SIGNERS = 500
_TOO_LARGE = Outcome(Verdict.FAILED, "too_large")
_UNREADABLE = Outcome(Verdict.FAILED, "unreadable_subscription")
_NO_KEY = Outcome(Verdict.FAILED, "key_unavailable")
_NO_KEY_YET = Outcome(Verdict.LATER, "key_service_busy", 300.0)  # our own outage: six attempts should outlive it

_NEWS_IS_WANTED_AFTER = timedelta(days=7)  # of a browser that has given no sign of life
_BROWSERS = {
    None: BROWSERS.index("unknown"),
    Vendor.FCM: BROWSERS.index("chrome"),
    Vendor.MOZILLA: BROWSERS.index("firefox"),
    Vendor.APPLE: BROWSERS.index("safari"),
    Vendor.WNS: BROWSERS.index("edge"),
}

_signers: dict[tuple[str, str, str], tuple[SigningKey, Signer]] = {}


class Keys(Protocol):
    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:
        """The key a subscription was made with."""
        ...


class WebPushChannel:
    """`receipts` are asked for when a run is opened; `clicks` is where those are counted."""

    def __init__(self, keys: Keys, *, receipts: Callable[[], Receipts], clicks: str) -> None:
        self._keys = keys
        self._receipts = receipts
        self._clicks = clicks

    async def open(self, run: Run) -> RunPushes:
        paper = paper_of(run, self._receipts(), clicks=self._clicks)
        return RunPushes(run, registry.webpush(run.mode), self._keys, paper)


class Paper:
    """What the run says, with a receipt for each who reads it."""

    def __init__(self, envelope: Envelope, mint: Mint) -> None:
        self._envelope = envelope
        self._mint = mint
        self._lively_ms = in_milliseconds(clock.now() - _NEWS_IS_WANTED_AFTER)

    def payload(self, key: bytes, packed: Packed) -> bytes:
        browser = _BROWSERS[endpoints.vendor_of(endpoints.host_of(packed.endpoint))]
        told = Told(browser, packed.seen_ms < self._lively_ms)
        return self._envelope.addressed(self._mint.receipt(key, told))


class RunPushes:
    def __init__(self, run: Run, sender: WebPush, keys: Keys, paper: Paper | None) -> None:
        self._run = run
        self._sender = sender
        self._keys = keys
        self._paper = paper
        self._ttl_seconds = _ttl_seconds(run)
        self._known: dict[str, Signer | Outcome] = {}
        self._prepared: dict[bytes, tuple[Order, Signer] | Outcome] = {}

    def host_of(self, recipient: Recipient) -> str:
        prepared = self._prepare(recipient)
        self._prepared[recipient.key] = prepared
        return "" if isinstance(prepared, Outcome) else endpoints.host_of(prepared[0].endpoint)

    def start(self, recipient: Recipient) -> str:
        prepared = self._prepared.pop(recipient.key, None) or self._prepare(recipient)
        if isinstance(prepared, Outcome):
            self._sender.settle(recipient.key, prepared)
            return ""
        return self._sender.start(*prepared)

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        return self._sender.outcomes(wait_seconds)

    def abandon(self) -> None:
        self._sender.abandon()

    def _prepare(self, row: Recipient) -> tuple[Order, Signer] | Outcome:
        assert isinstance(row, Row), "this channel reads the subscriptions' own rows"
        if self._paper is None:
            return _TOO_LARGE
        signer = self._signer(row.key_id)
        if isinstance(signer, Outcome):
            return signer
        try:
            packed = unpack(row.packed)
        except msgspec.MsgspecError:
            return _UNREADABLE
        return self._order(row.key, packed, self._paper.payload(row.key, packed)), signer

    def _order(self, key: bytes, packed: Packed, payload: bytes) -> Order:
        message = self._run.order.message
        return Order(
            ticket=key,
            endpoint=packed.endpoint,
            p256dh=packed.p256dh,
            auth=packed.auth,
            payload=payload,
            ttl_seconds=self._ttl_seconds,
            urgency=message.urgency,
            topic=message.topic,
        )

    def _signer(self, key_id: str) -> Signer | Outcome:
        """Asked for once a batch: a key that cannot be had costs one question, not one for every browser."""
        if key_id not in self._known:
            self._known[key_id] = self._ask_for(key_id)
        return self._known[key_id]

    def _ask_for(self, key_id: str) -> Signer | Outcome:
        run = self._run
        try:
            key = self._keys.signing_key(tenant_id=run.tenant_id, site_id=run.site_id, key_id=key_id)
        except PushError as error:
            return _NO_KEY_YET if error.retryable else _NO_KEY
        return _signer_of(run, key)


def _ttl_seconds(run: Run) -> int:
    """No push service is asked to keep a message beyond its run's own end."""
    left = (run.expires_at - clock.now()).total_seconds()
    return max(1, min(run.order.message.ttl_seconds, int(left)))


def paper_of(run: Run, receipts: Receipts, *, clicks: str) -> Paper | None:
    try:
        packed = envelope(run.order.message, tag=run.id, clicks=clicks)
    except DoesNotFit:
        return None  # it did when the campaign was written
    return Paper(packed, receipts.mint(tenant_id=run.tenant_id, run_id=run.id, began_at=run.created_at))


def _signer_of(run: Run, key: SigningKey) -> Signer:
    """Kept for as long as the key and its site's subject stay the same, with the tokens it has signed."""
    place = (run.tenant_id, run.site_id, key.key_id)
    kept = _signers.get(place)
    if kept is not None and kept[0] == key:
        return kept[1]
    if len(_signers) >= _MOST_SIGNERS:
        _signers.clear()
    signer = Signer(Identity(key.private_scalar, key.subject))
    _signers[place] = (key, signer)
    return signer
