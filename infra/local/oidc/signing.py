"""Keys of the stand-in providers: one each, made anew with every start."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chalicelib.core import ids

_RSA_BITS = 2048
_EXPONENT = 65_537


@dataclass(frozen=True)
class SigningKey:
    kid: str
    algorithm: str
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def public(self) -> dict[str, Any]:
        if isinstance(self.private, rsa.RSAPrivateKey):
            text = RSAAlgorithm.to_jwk(self.private.public_key())
        else:
            text = ECAlgorithm.to_jwk(self.private.public_key())
        return {**json.loads(text), "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def new_key(algorithm: str) -> SigningKey:
    """RS256 or ES256."""
    if algorithm == "ES256":
        return SigningKey(ids.ulid(), algorithm, ec.generate_private_key(ec.SECP256R1()))
    return SigningKey(ids.ulid(), algorithm, rsa.generate_private_key(_EXPONENT, _RSA_BITS))
