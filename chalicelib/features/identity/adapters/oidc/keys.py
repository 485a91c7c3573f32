"""The keys a provider signs with: fetched when first needed, kept for an hour, and asked for again, once a minute at
most, when a token names one that is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from chalicelib.features.identity.adapters.oidc.wire import Wire
from chalicelib.features.identity.model.oauth import ProviderUnavailable

_KEPT_FOR = timedelta(hours=1)
_ASKED_EVERY = timedelta(minutes=1)
_MOST_KEYS = 50
_ALGORITHMS: Mapping[tuple[object, object], str] = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}
_SMALLEST_RSA_BITS = 2048


@dataclass(frozen=True)
class Key:
    """One key, and the one algorithm it is good for. `issuer` is whom it may speak for, where the provider says."""

    key: jwt.PyJWK
    algorithm: str
    issuer: str | None


class Keys:
    def __init__(self, url: str, wire: Wire) -> None:
        self._url = url
        self._wire = wire
        self._kept: Mapping[str, Key] = {}
        self._fetched_at: datetime | None = None

    def named(self, kid: str, *, now: datetime) -> Key | None:
        age = now - self._fetched_at if self._fetched_at is not None else None
        if age is None or age >= _KEPT_FOR or (kid not in self._kept and age >= _ASKED_EVERY):
            self._kept, self._fetched_at = _read(self._wire.get(self._url)), now
        return self._kept.get(kid)


def _read(document: Mapping[str, Any]) -> Mapping[str, Key]:
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ProviderUnavailable
    return {key.key.key_id: key for each in listed if (key := _usable(each)) is not None and key.key.key_id}


def _usable(each: object) -> Key | None:
    """What is for something else, or of a kind we do not take, is as if it were not there."""
    if not isinstance(each, dict) or each.get("use", "sig") != "sig" or not isinstance(each.get("kid"), str):
        return None
    kind = each.get("kty")
    algorithm = _ALGORITHMS.get((kind, each.get("crv") if kind == "EC" else None))
    if algorithm is None or each.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(each, algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if kind == "RSA" and key.key.key_size < _SMALLEST_RSA_BITS:
        return None
    issuer = each.get("issuer")
    return Key(key, algorithm, issuer if isinstance(issuer, str) else None)
