"""A message to a few people by name: answered before it is pushed, and carried in a lane of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.channels.message import Message
from chalicelib.core import drive, ids
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import LONGEST_RUN
from chalicelib.features.campaigns.service import must_fit
from chalicelib.features.sending.model.run import Chosen, Order, Run, Source, State
from chalicelib.features.sending.service.plan import launch
from chalicelib.features.sending.service.ports import Ports

MOST_NAMED = 1_000
_SHORTEST = timedelta(minutes=1)
_UNKNOWN, _ENDED = "not_found", "not_subscribed"


class People(Protocol):
    """Both raise NotFound for a site that is not this tenant's."""

    def browsers(self, *, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Those of these that exist, and whether they are subscribed."""
        ...

    def browsers_of(
        self, *, tenant_id: str, site_id: str, external_ids: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[bytes, bool]]]:
        """Keys of each person's browsers, and whether they are subscribed; who has none is missing."""
        ...


@dataclass(frozen=True)
class Skipped:
    """`id` as it was asked for."""

    id: str
    reason: str


@dataclass(frozen=True)
class Notified:
    """`browsers` will be pushed to; a person may have several."""

    run: Run
    browsers: int
    skipped: tuple[Skipped, ...]


class Notifications:
    def __init__(self, *, ports: Ports, people: People, clicks: str) -> None:
        self._clicks = clicks
        self._ports = ports
        self._people = people

    def send(
        self,
        *,
        tenant_id: str,
        site_id: str,
        message: Message,
        mode: Mode,
        now: datetime,
        keys: Sequence[bytes] = (),
        external_ids: Sequence[str] = (),
    ) -> Notified:
        """To keys or to people. The run stands before this returns; the push follows within a second or so."""
        must_fit(message, clicks=self._clicks)
        named = self._keys(tenant_id, site_id, keys) if keys else self._people_named(tenant_id, site_id, external_ids)
        chosen, skipped = named
        run = Run(
            id=ids.new("run"),
            tenant_id=tenant_id,
            site_id=site_id,
            source=Source.NOTIFICATION,
            mode=mode,
            order=Order(message=message, cutoff=in_milliseconds(now), chosen=chosen),
            created_at=now,
            expires_at=now + min(LONGEST_RUN, max(_SHORTEST, timedelta(seconds=message.ttl_seconds))),
        )
        return Notified(self._launched(run, now=now), len(chosen), skipped)

    def _launched(self, run: Run, *, now: datetime) -> Run:
        if run.order.chosen:
            return drive.run(launch(self._ports, run))
        nobody = replace(run, state=State.SENT, finished_at=now)
        return drive.run(self._ports.runs.add(run.tenant_id, nobody))

    def _keys(
        self, tenant_id: str, site_id: str, keys: Sequence[bytes]
    ) -> tuple[tuple[Chosen, ...], tuple[Skipped, ...]]:
        keys = sorted(set(keys))
        found = self._people.browsers(tenant_id=tenant_id, site_id=site_id, keys=keys)
        skipped = [
            Skipped(f"sub_{key.hex()}", _ENDED if key in found else _UNKNOWN) for key in keys if not found.get(key)
        ]
        return tuple(Chosen(key) for key in keys if found.get(key)), tuple(skipped)

    def _people_named(
        self, tenant_id: str, site_id: str, external_ids: Sequence[str]
    ) -> tuple[tuple[Chosen, ...], tuple[Skipped, ...]]:
        named = list(dict.fromkeys(external_ids))
        persons = self._ports.persons(tenant_id)
        browsers = self._people.browsers_of(tenant_id=tenant_id, site_id=site_id, external_ids=named)
        chosen: dict[bytes, Chosen] = {}
        skipped = []
        for person in named:
            active = [key for key, is_subscribed in browsers.get(person, ()) if is_subscribed]
            chosen |= {key: persons.chosen(key, person) for key in active}
            if not active:
                skipped.append(Skipped(person, _ENDED if browsers.get(person) else _UNKNOWN))
        return tuple(chosen[key] for key in sorted(chosen)), tuple(skipped)
