"""A run's pushes: its message packed once, its site's keys at hand, each browser's row unpacked only here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.channels import registry
from chalicelib.channels.outcome import Outcome
from chalicelib.channels.webpush.payload import envelope
from chalicelib.channels.webpush.sender import Order, WebPush
from chalicelib.channels.webpush.vapid import Identity, Signer
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.ports import Recipient
from chalicelib.features.sites.model import SigningKey
from chalicelib.features.subscriptions.model import Recipient as Row
from chalicelib.features.subscriptions.model import unpack

_MOST_SIGNERS = 500
_signers: dict[tuple[str, str, str], Signer] = {}


class Keys(Protocol):
    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:
        """The key a subscription was made with."""
        ...


class WebPushChannel:
    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def open(self, run: Run) -> RunPushes:
        return RunPushes(run, registry.webpush(run.mode), self._keys)


class RunPushes:
    def __init__(self, run: Run, sender: WebPush, keys: Keys) -> None:
        self._run = run
        self._sender = sender
        self._keys = keys
        self._payload = envelope(run.order.message, tag=run.id)

    def start(self, recipient: Recipient) -> str:
        assert isinstance(recipient, Row), "this channel reads the subscriptions' own rows"
        packed = unpack(recipient.packed)
        message = self._run.order.message
        order = Order(
            ticket=recipient.key,
            endpoint=packed.endpoint,
            p256dh=packed.p256dh,
            auth=packed.auth,
            payload=self._payload,
            ttl_seconds=message.ttl_seconds,
            urgency=message.urgency,
            topic=message.topic,
        )
        return self._sender.start(order, self._signer(recipient.key_id))

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        return self._sender.outcomes(wait_seconds)

    def abandon(self) -> None:
        self._sender.abandon()

    def _signer(self, key_id: str) -> Signer:
        place = (self._run.tenant_id, self._run.site_id, key_id)
        if place not in _signers:
            if len(_signers) >= _MOST_SIGNERS:
                _signers.clear()
            key = self._keys.signing_key(tenant_id=place[0], site_id=place[1], key_id=key_id)
            _signers[place] = Signer(Identity(key.private_scalar, key.subject))
        return _signers[place]
