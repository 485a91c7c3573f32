"""Keys that proved good a moment ago: a warm function looks each of them up once in twenty seconds, not at every call.

So a key that was revoked elsewhere is good here for as long, and no longer. Its secret and its end are looked at each
time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.features.identity.model.api_key import ApiKey

KNOWN_FOR = timedelta(seconds=20)
MOST_KEYS = 1_000


class KeyMemory:
    def __init__(self) -> None:
        self._known: dict[str, tuple[ApiKey, datetime]] = {}

    def recall(self, prefix: str, *, now: datetime) -> ApiKey | None:
        key, since = self._known.get(prefix, (None, now))
        return key if timedelta() <= now - since < KNOWN_FOR else None

    def last(self, prefix: str) -> ApiKey | None:
        """However long ago that was: good for its id, and for nothing that may have changed."""
        key, _ = self._known.get(prefix, (None, None))
        return key

    def keep(self, key: ApiKey, *, now: datetime) -> None:
        if len(self._known) >= MOST_KEYS:
            self._known.clear()
        self._known[key.prefix] = (key, now)

    def forget(self, prefix: str) -> None:
        self._known.pop(prefix, None)
