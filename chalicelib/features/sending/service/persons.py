"""Whom a browser was picked for, as a run remembers it: by a keyed hash of the external id, which nobody can grind."""

from __future__ import annotations

import hashlib
import hmac

from chalicelib.features.sending.model.run import Chosen

_BYTES = 8


class Persons:
    """Of one tenant."""

    def __init__(self, *, secret: bytes, tenant_id: str) -> None:
        self._secret = secret
        self._tenant_id = tenant_id

    def chosen(self, key: bytes, external_id: str) -> Chosen:
        return Chosen(key, self.hash(external_id))

    def hash(self, external_id: str) -> bytes:
        return hmac.digest(self._secret, f"person\0{self._tenant_id}\0{external_id}".encode(), "sha256")[:_BYTES]

    def is_same(self, person: bytes, external_id: str) -> bool:
        """Runs from before there was a key have a plain hash."""
        return person in {self.hash(external_id), hashlib.sha256(external_id.encode()).digest()[:_BYTES]}
