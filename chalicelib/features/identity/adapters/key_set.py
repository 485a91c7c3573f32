"""The JWK set that access tokens are signed with: the first key signs, all verify, so that keys can be rotated.

It is one secret, which functions remember for minutes. To rotate, a new key goes behind, then in front, and the old one
is dropped when all that it has signed has run out: infra/deploy/signing_key.py does so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chalicelib.core import ids
from chalicelib.core.encoding import b64url, unb64url

Key = dict[str, Any]
_NEXT = "next"  # a mark of ours, on the key that is to sign when everybody knows it


@dataclass(frozen=True)
class KeySet:
    kid: str
    private_key: Ed25519PrivateKey
    public_keys: dict[str, Ed25519PublicKey]


def new_key_set() -> str:
    """For a new installation."""
    return json.dumps({"keys": [_new_key()]})


def with_next(text: str) -> str:
    """A new key behind those there are: it verifies, and does not sign yet."""
    return json.dumps({"keys": [*_keys(text), _new_key() | {_NEXT: True}]})


def with_next_in_front(text: str) -> str:
    """It signs from now on. That it was the next one, it says no longer."""
    following = [{name: value for name, value in key.items() if name != _NEXT} for key in _keys(text) if _NEXT in key]
    return json.dumps({"keys": following + [key for key in _keys(text) if _NEXT not in key]})


def with_first_alone(text: str) -> str:
    return json.dumps({"keys": _keys(text)[:1]})


def is_one(text: str) -> bool:
    return len(_keys(text)) == 1


def has_next(text: str) -> bool:
    return any(_NEXT in key for key in _keys(text))


def _new_key() -> Key:
    private_key = Ed25519PrivateKey.generate()
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": ids.ulid(),
        "d": b64url(private_key.private_bytes_raw()),
        "x": b64url(private_key.public_key().public_bytes_raw()),
    }


def _keys(text: str) -> list[Key]:
    keys: list[Key] = json.loads(text)["keys"]
    return keys


@lru_cache(maxsize=2)
def read_key_set(text: str) -> KeySet:
    keys = json.loads(text)["keys"]
    first = keys[0]
    return KeySet(
        kid=first["kid"],
        private_key=Ed25519PrivateKey.from_private_bytes(unb64url(first["d"])),
        public_keys={key["kid"]: Ed25519PublicKey.from_public_bytes(unb64url(key["x"])) for key in keys},
    )
