"""Who is signed in, by a cookie that only this shop can make; and the proof of it for the product.

There are no passwords: whoever says an address is its owner, as befits a shop that sells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from chalicelib.core import chance
from chalicelib.core.encoding import b64url

_COOKIE = "customer"
_LONGEST = 254


@dataclass(frozen=True)
class Customer:
    """`id` is what the product knows: an opaque word, never the address."""

    email: str

    @property
    def id(self) -> str:
        return f"customer-{hashlib.sha256(self.email.encode()).hexdigest()[:12]}"

    def signature(self, identity_secret: str) -> str:
        """What a shop's server makes, and nobody in a browser can."""
        return b64url(hmac.digest(identity_secret.encode(), self.id.encode(), "sha256"))


class Counter:
    """Where customers sign in. Its secret dies with the process; so do they."""

    def __init__(self) -> None:
        self._secret = chance.token(32)

    def recognise(self, cookie_header: str) -> Customer | None:
        try:
            cookie = SimpleCookie(cookie_header).get(_COOKIE)
        except CookieError:
            return None
        seal, _, hexadecimal = cookie.value.partition(".") if cookie else ("", "", "")
        if not hmac.compare_digest(seal.encode(), self._seal(hexadecimal).encode()):
            return None
        return Customer(bytes.fromhex(hexadecimal).decode())

    def sign_in(self, said: str) -> str | None:
        """The cookie to set; None for what is no address."""
        email = said.strip().lower()
        name, at, host = email.partition("@")
        if not (name and at and host) or len(email) > _LONGEST:
            return None
        hexadecimal = email.encode().hex()
        return f"{_COOKIE}={self._seal(hexadecimal)}.{hexadecimal}; Path=/; HttpOnly; SameSite=Lax"

    @staticmethod
    def sign_out() -> str:
        return f"{_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"

    def _seal(self, hexadecimal: str) -> str:
        return hmac.digest(self._secret, hexadecimal.encode(), "sha256").hex()
