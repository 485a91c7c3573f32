"""VAPID as a push service sees it (RFC 8292): who signed, for which origin, until when. `checks` asks per request.

A sender uses one token for hours, so a token that verified once is only compared with the clock afterwards.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from chalicelib.core.encoding import unb64url
from infra.local.push_service.subscriber import print_of

LONGEST_LIFE_SECONDS = 24 * 3600
_HEADER = re.compile(r"vapid\s+(.+)", re.IGNORECASE)
_PARAMETER = re.compile(r'\s*([tk])\s*=\s*"?([A-Za-z0-9._-]+)"?\s*')
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SUBJECT = re.compile(r"mailto:[^\s<>@]+@[^\s<>@]+|https://[^\s/]+(/\S*)?")
_POINT_SIZE = 65
_UNCOMPRESSED = 4


class BadToken(ValueError):
    """The Authorization header names no sender that can be believed; says why."""


@dataclass(frozen=True, slots=True)
class Sender:
    key_print: str
    subject: str
    expires_at_seconds: float


class Tokens:
    """Verifies Authorization headers and remembers those that were sound, up to a limit."""

    def __init__(self, *, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._sound: dict[tuple[str, str], Sender] = {}

    def verify(self, authorization: str, *, origin: str, now_seconds: float) -> Sender:
        sender = self._sound.get((authorization, origin))
        if sender is None:
            sender = _verify(authorization, origin=origin)
            self._remember(authorization, origin, sender)
        if sender.expires_at_seconds <= now_seconds:
            raise BadToken("exp has passed")
        if sender.expires_at_seconds > now_seconds + LONGEST_LIFE_SECONDS:
            raise BadToken("exp is more than 24 hours ahead")
        return sender

    def _remember(self, authorization: str, origin: str, sender: Sender) -> None:
        if len(self._sound) >= self._capacity:
            del self._sound[next(iter(self._sound))]
        self._sound[authorization, origin] = sender


def _verify(authorization: str, *, origin: str) -> Sender:
    token, key = _parameters(authorization)
    point = _point(key)
    claims = _claims(token, point)
    if claims.get("aud") != origin:
        raise BadToken(f"aud is not {origin}")
    expires_at_seconds = claims.get("exp")
    if isinstance(expires_at_seconds, bool) or not isinstance(expires_at_seconds, int | float):
        raise BadToken("exp is not a number")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise BadToken("sub is neither mailto: nor https:")
    return Sender(print_of(point), subject, expires_at_seconds)


def _parameters(authorization: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(authorization)
    if found is None:
        raise BadToken("the scheme is not vapid")
    parameters: dict[str, str] = {}
    for part in found[1].split(","):
        pair = _PARAMETER.fullmatch(part)
        if pair is None or pair[1] in parameters:
            raise BadToken("not of the form t=…, k=…")
        parameters[pair[1]] = pair[2]
    if parameters.keys() != {"t", "k"}:
        raise BadToken("t or k is missing")
    return parameters["t"], parameters["k"]


def _point(key: str) -> bytes:
    try:
        point = unb64url(key)
    except ValueError as error:
        raise BadToken("k is not base64url") from error
    if len(point) != _POINT_SIZE or point[0] != _UNCOMPRESSED:
        raise BadToken("k is not an uncompressed P-256 point")
    return point


def _claims(token: str, point: bytes) -> dict[str, Any]:
    if not _TOKEN.fullmatch(token):
        raise BadToken("t is not a compact JWT")
    try:
        key = ECKey.import_key(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
        payload = jws.deserialize_compact(token, key, algorithms=["ES256"]).payload
        claims = json.loads(payload, parse_constant=_refuse_constant)
    except (JoseError, ValueError) as error:
        raise BadToken(f"the token does not verify: {error}") from error
    if not isinstance(claims, dict):
        raise BadToken("the claims are not an object")
    return claims


def _refuse_constant(name: str) -> None:
    """NaN would pass every comparison with the clock."""
    raise ValueError(f"{name} is not JSON")
