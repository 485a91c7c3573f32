"""argon2id with OWASP's parameters. A hash made with older ones still verifies, and is made anew at the next login."""

from __future__ import annotations

import base64

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chalicelib.core import chance

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
_SALT_BYTES = 16
_HASH_BYTES = 32


class Argon2:
    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=lanes, hash_len=_HASH_BYTES, salt_len=_SALT_BYTES
        )
        shape = f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}"
        self.decoy = f"{shape}${_b64(chance.token(_SALT_BYTES))}${_b64(chance.token(_HASH_BYTES))}"

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, hashed: str) -> bool:
        return self._hasher.check_needs_rehash(hashed)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")
