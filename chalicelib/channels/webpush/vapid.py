"""RFC 8292: one signed token per key and push service, kept for hours. The private key never leaves this object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core.encoding import b64url

_VALID_FOR = timedelta(hours=12)
_USED_FOR = timedelta(hours=6)
_HEADER = b64url(b'{"typ":"JWT","alg":"ES256"}')
_COORDINATE_BYTES = 32
_MOST_ORIGINS = 200  # a few would do, but a page may invent subscriptions under any number of a vendor's sub-domains


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a site is to push services: its key and how to reach its owner."""

    private_scalar: bytes
    subject: str


class Signer:
    """One site key. Makes the Authorization header, once per origin and six hours."""

    def __init__(self, identity: Identity) -> None:
        self._private: EllipticCurvePrivateKey = derive_private_key(
            int.from_bytes(identity.private_scalar), SECP256R1()
        )
        self._subject = identity.subject
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._public = b64url(point)
        self._headers: dict[str, tuple[datetime, str]] = {}

    def authorization(self, origin: str, *, now: datetime) -> str:
        kept = self._headers.get(origin)
        if kept and timedelta() <= now - kept[0] < _USED_FOR:
            return kept[1]
        if len(self._headers) >= _MOST_ORIGINS:
            self._headers.clear()
        header = f"vapid t={self._token(origin, now)}, k={self._public}"
        self._headers[origin] = (now, header)
        return header

    def _token(self, origin: str, now: datetime) -> str:
        claims = {"aud": origin, "exp": int((now + _VALID_FOR).timestamp()), "sub": self._subject}
        signed = f"{_HEADER}.{b64url(msgspec.json.encode(claims))}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ECDSA(SHA256())))
        return f"{signed}.{b64url(r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES))}"
