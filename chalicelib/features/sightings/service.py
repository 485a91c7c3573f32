"""Notes what comes from the pages of a site, at the door for browsers: rarely, and never at the cost of who comes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.core.errors import PushError
from chalicelib.features.sightings.model import NOTED_EVERY, Refusal, Sight, Sightings, origin_as_shown

_MOST_REMEMBERED = 1_000
Kind = tuple[str, str, str | None]  # a site's key, a route, and what the refusal is called


class Visited(Protocol):
    """The site that a browser speaks for."""

    @property
    def id(self) -> str: ...

    @property
    def tenant_id(self) -> str: ...


class SightingStore(Protocol):
    def get(self, tenant_id: str, site_id: str) -> Sightings:
        """Empty ones, of a site that nobody was seen on."""
        ...

    def put(self, tenant_id: str, site_id: str, sightings: Sightings) -> bool:
        """IF the row is still at `sightings.rev`."""
        ...


class Witness:
    """One for a process: it remembers what it has noted, and asks the store about a kind once in five minutes."""

    def __init__(self, *, store: SightingStore) -> None:
        self._store = store
        self._noted: dict[Kind, datetime] = {}

    def note(
        self,
        *,
        site_key: str,
        site: Callable[[], Visited],
        what: str,
        origin: str,
        code: str | None,
        version: str | None,
        at: datetime,
    ) -> None:
        """Of a site key that is known to be one. Nothing that goes wrong here is the matter of who came."""
        if self._is_due((site_key, what, code), at):
            shown = origin_as_shown(origin)
            with suppress(PushError):
                self._write(site(), what, Sight(shown, at, version) if code is None else Refusal(code, what, shown, at))

    def of_site(self, *, tenant_id: str, site_id: str) -> Sightings:
        return self._store.get(tenant_id, site_id)

    def _write(self, site: Visited, what: str, found: Sight | Refusal) -> None:
        """Another process may have noted the same: then there is nothing to write. Or be faster: then it is known."""
        known = self._store.get(site.tenant_id, site.id)
        news = known.with_sight(what, found) if isinstance(found, Sight) else known.with_refusal(found)
        if news is not known:
            self._store.put(site.tenant_id, site.id, news)

    def _is_due(self, kind: Kind, at: datetime) -> bool:
        noted = self._noted.get(kind)
        if noted is not None and timedelta() <= at - noted < NOTED_EVERY:
            return False
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted.clear()
        self._noted[kind] = at
        return True
