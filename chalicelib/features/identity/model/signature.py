"""HMAC under one secret, one purpose at a time: a signature made for one purpose is noise for every other.

Links in letters and refresh tokens are texts signed this way, so nothing that could be used is at rest anywhere.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.core.encoding import b64url


@dataclass(frozen=True)
class Signer:
    secret: Callable[[], str]
    purpose: str

    def digest(self, text: str) -> bytes:
        return hmac.digest(self.secret().encode(), f"{self.purpose}\0{text}".encode(), "sha256")

    def sign(self, text: str) -> str:
        return f"{text}_{b64url(self.digest(text))}"

    def is_genuine(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(b64url(self.digest(text)).encode(), signature.encode())
