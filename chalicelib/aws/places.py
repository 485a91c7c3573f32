"""Under which key something is counted: by a keyed hash, because addresses are people's, and backups keep them."""

from __future__ import annotations

import hmac

from chalicelib.aws.secrets import secret
from chalicelib.config import settings
from chalicelib.core.encoding import b64url
from chalicelib.core.limits import Rule

_BYTES = 16


def place_of(rule: Rule, whose: str) -> str:
    key = secret(settings().secret_pepper).encode()
    digest = hmac.digest(key, f"limits\0{rule.name}\0{whose}".encode(), "sha256")
    return f"{rule.name}#{b64url(digest[:_BYTES])}"
