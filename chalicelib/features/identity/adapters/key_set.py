"""The JWK set that access tokens are signed with: the first key signs, all verify, so that keys can be rotated.

It is one secret: to rotate, put a new key in front, and drop the old one after 15 minutes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chalicelib.core import ids
from chalicelib.core.encoding import b64url, unb64url


@dataclass(frozen=True)
class KeySet:
    kid: str
    private_key: Ed25519PrivateKey
    public_keys: dict[str, Ed25519PublicKey]


def new_key_set() -> str:
    """For a new installation, and as the first half of a rotation."""
    private_key = Ed25519PrivateKey.generate()
    key = {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": ids.ulid(),
        "d": b64url(private_key.private_bytes_raw()),
        "x": b64url(private_key.public_key().public_bytes_raw()),
    }
    return json.dumps({"keys": [key]})


@lru_cache(maxsize=2)
def read_key_set(text: str) -> KeySet:
    keys = json.loads(text)["keys"]
    first = keys[0]
    return KeySet(
        kid=first["kid"],
        private_key=Ed25519PrivateKey.from_private_bytes(unb64url(first["d"])),
        public_keys={key["kid"]: Ed25519PublicKey.from_public_bytes(unb64url(key["x"])) for key in keys},
    )
