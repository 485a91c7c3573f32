"""What every push service insists on before it takes a message. The desk calls `check`; a refusal names its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

from infra.local.push_service.exchange import Request
from infra.local.push_service.subscriber import Holder
from infra.local.push_service.vapid import BadToken, Tokens
from infra.local.push_service.vendors import Fault, Vendor

LARGEST_BODY_BYTES = 4096
_TTL = re.compile(r"[0-9]{1,15}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})


@dataclass
class Refused(Exception):
    fault: Fault
    detail: str


def check(request: Request, *, vendor: Vendor, subscriber: Holder | None, tokens: Tokens, now_seconds: float) -> None:
    """Raises Refused. The endpoint itself was found before; an unknown but tolerated one has no subscriber."""
    _check_ttl(request, vendor)
    _check_body(request)
    _check_topic_and_urgency(request)
    _check_sender(request, vendor=vendor, subscriber=subscriber, tokens=tokens, now_seconds=now_seconds)


def _check_ttl(request: Request, vendor: Vendor) -> None:
    ttl = request.headers.get("ttl")
    if ttl is None:
        raise Refused(Fault.TTL_MISSING, "Missing TTL header")
    if not _TTL.fullmatch(ttl):
        raise Refused(Fault.TTL_INVALID, "TTL is not a number of seconds")
    if vendor.ttl_conflicts(int(ttl), request.headers):
        raise Refused(Fault.TTL_CONFLICT, "Ttl value conflicts with X-WNS-Cache-Policy or exceeds the limit.")


def _check_body(request: Request) -> None:
    if request.body_size > LARGEST_BODY_BYTES:
        raise Refused(Fault.TOO_LARGE, f"This message is intended for a device with a {LARGEST_BODY_BYTES} byte limit")
    # A push without payload is legal (RFC 8030); what has a body is encrypted (RFC 8291).
    if request.body_size and request.headers.get("content-encoding") != "aes128gcm":
        raise Refused(Fault.ENCODING_INVALID, "Content-Encoding is not aes128gcm")


def _check_topic_and_urgency(request: Request) -> None:
    topic = request.headers.get("topic")
    if topic is not None and not _TOPIC.fullmatch(topic):
        raise Refused(Fault.TOPIC_INVALID, "Topic is not 1 to 32 characters of base64url")
    urgency = request.headers.get("urgency")
    if urgency is not None and urgency not in _URGENCIES:
        raise Refused(Fault.URGENCY_INVALID, "Urgency is not one of very-low, low, normal, high")


def _check_sender(
    request: Request, *, vendor: Vendor, subscriber: Holder | None, tokens: Tokens, now_seconds: float
) -> None:
    authorization = request.headers.get("authorization")
    if authorization is None:
        raise Refused(Fault.TOKEN_MISSING, "Missing Authorization header")
    try:
        sender = tokens.verify(authorization, origin=f"https://{request.authority}", now_seconds=now_seconds)
    except BadToken as error:
        raise Refused(Fault.TOKEN_INVALID, str(error)) from error
    if not vendor.accepts_subject(sender.subject):
        raise Refused(Fault.TOKEN_INVALID, "sub names no real domain")
    if subscriber is not None and not subscriber.accepts(sender.key_print):
        raise Refused(Fault.KEY_MISMATCH, "VAPID public key mismatch")
