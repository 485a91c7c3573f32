"""Web push as the sending engine sees it: orders in, outcomes out. Encrypts, signs, pushes and judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Protocol

import msgspec

from chalicelib.channels import endpoints
from chalicelib.channels.endpoints import Vendor
from chalicelib.channels.message import Urgency
from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.channels.webpush.answers import TAKEN, judge
from chalicelib.channels.webpush.encrypt import BadKey, encrypt
from chalicelib.channels.webpush.transport import Refused, Reply
from chalicelib.channels.webpush.vapid import Signer

_TTL_RANGE = (1, 2_419_200)  # WNS refuses 0; nobody keeps longer than four weeks
_HEADERS_KEPT = 256  # a site has one set for each push service and message


class Order(msgspec.Struct, frozen=True):
    """One message to one browser. `ticket` comes back with the outcome."""

    ticket: bytes
    endpoint: str
    p256dh: bytes
    auth: bytes
    payload: bytes
    ttl_seconds: int
    urgency: Urgency
    topic: str | None = None


class Wire(Protocol):
    def start(self, ticket: bytes, *, url: str, host: str, headers: Sequence[str], body: bytes) -> None:
        """Puts one request under way."""
        ...

    def replies(self, wait_seconds: float) -> list[tuple[bytes, Reply]]:
        """What has come back."""
        ...

    def abandon(self) -> None:
        """Forgets what is under way."""
        ...


class Sink:
    """The end of the line for test mode: everything was done but the socket, and the answer is 201."""

    def __init__(self) -> None:
        self._tickets: list[bytes] = []

    def start(self, ticket: bytes, *, url: str, host: str, headers: Sequence[str], body: bytes) -> None:  # noqa: ARG002 -- it ends here
        self._tickets.append(ticket)

    def replies(self, wait_seconds: float) -> list[tuple[bytes, Reply]]:  # noqa: ARG002 -- at once
        found, self._tickets = self._tickets, []
        return [(ticket, Reply(201)) for ticket in found]

    def abandon(self) -> None:
        self._tickets = []


class WebPush:
    """For one run at a time: `signer` belongs to the site's key."""

    def __init__(self, wire: Wire, *, now: Callable[[], datetime]) -> None:
        self._wire = wire
        self._now = now
        self._looked_at = now()
        self._under_way: dict[bytes, Vendor] = {}
        self._settled: list[tuple[bytes, Outcome]] = []

    def start(self, order: Order, signer: Signer) -> str:
        """Returns the host. An order that cannot leave is settled on the spot and comes back with the next outcomes."""
        host = ""
        try:
            target = endpoints.parse(order.endpoint)
            host = target.host
            body = encrypt(order.payload, p256dh=order.p256dh, auth=order.auth)
            authorization = signer.authorization(target.origin, now=self._looked_at)
            headers = _headers(authorization, order.ttl_seconds, order.urgency, order.topic)
            self._wire.start(order.ticket, url=order.endpoint, host=host, headers=headers, body=body)
        except BadKey:
            self.settle(order.ticket, Outcome(Verdict.FAILED, "bad_key"))
        except (endpoints.BadEndpoint, Refused):
            self.settle(order.ticket, Outcome(Verdict.FAILED, "endpoint_refused"))
        else:
            self._under_way[order.ticket] = target.vendor
        return host

    def settle(self, ticket: bytes, outcome: Outcome) -> None:
        """For what need not be tried: it comes back with the next outcomes."""
        self._settled.append((ticket, outcome))

    def outcomes(self, wait_seconds: float) -> list[tuple[bytes, Outcome]]:
        self._looked_at = self._now()  # what is started until the next look can do with this time
        settled, self._settled = self._settled, []
        replies = self._wire.replies(0.0 if settled else wait_seconds)
        return settled + [(ticket, self._judge(self._under_way.pop(ticket), reply)) for ticket, reply in replies]

    def abandon(self) -> None:
        self._looked_at = self._now()
        self._wire.abandon()
        self._under_way.clear()
        self._settled.clear()

    def _judge(self, vendor: Vendor, reply: Reply) -> Outcome:
        if reply.status in TAKEN:
            return ACCEPTED  # what nearly all say needs no clock and none of the rest
        if reply.status:
            return judge(vendor, reply.status, reply.headers, reply.body, now=self._now())
        return Outcome(Verdict.UNKNOWN, "no_answer") if reply.left else Outcome(Verdict.UNREACHED, "unreachable")


@lru_cache(maxsize=_HEADERS_KEPT)
def _headers(authorization: str, ttl_seconds: int, urgency: Urgency, topic: str | None) -> tuple[str, ...]:
    """The same for thousands: of a push only its address and its body are its own."""
    shortest, longest = _TTL_RANGE
    headers = (
        f"TTL: {min(longest, max(shortest, ttl_seconds))}",
        f"Urgency: {urgency}",
        "Content-Encoding: aes128gcm",
        "Content-Type: application/octet-stream",
        f"Authorization: {authorization}",
        "Expect:",
    )
    return (*headers, f"Topic: {topic}") if topic else headers
