"""How bytes are spelled: base64url without padding, as the web push world does, and letters that people can type."""

from __future__ import annotations

import base64
import re

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"  # no letter looks like another
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """Raises ValueError for anything but base64url; trailing padding is forgiven."""
    bare = text.rstrip("=")
    if not _ALPHABET.fullmatch(bare) or len(bare) % 4 == 1:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def letters(raw: bytes) -> str:
    """One of 32 for each byte: five bits of it."""
    return "".join(CROCKFORD[byte & 31] for byte in raw)
