"""HMAC under one secret, one purpose at a time: a signature made for one purpose is noise for every other.

Links in letters and refresh tokens are texts signed this way, so nothing that could be used is at rest anywhere.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.core.encoding import b64url

_SIGNED = re.compile(r"(.*)_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Signer:
    secret: Callable[[], str]
    purpose: str

    def digest(self, text: str) -> bytes:
        return hmac.digest(self.secret().encode(), f"{self.purpose}\0{text}".encode(), "sha256")

    def sign(self, text: str, *, bound_to: str = "") -> str:
        return f"{text}_{b64url(self.digest(f'{text} {bound_to}' if bound_to else text))}"

    def read(self, token: str, form: re.Pattern[str], *, bound_to: str = "") -> tuple[str, ...] | None:
        """What `form` captures of a genuine token's text; None for every other. Costs a hash, and no look-up."""
        signed = _SIGNED.fullmatch(token)
        parts = form.fullmatch(signed[1]) if signed else None
        if signed is None or parts is None:
            return None
        genuine = self.sign(signed[1], bound_to=bound_to)
        return parts.groups() if hmac.compare_digest(genuine.encode(), token.encode()) else None
