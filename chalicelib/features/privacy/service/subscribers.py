"""What is kept of one subscriber: told to whoever has to answer for it, and erased.

An export makes no copy: it remembers for a day whom it is about, and reads what there is whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page
from chalicelib.features.privacy.model import Invited, Job, Kind, Portion
from chalicelib.features.privacy.service.jobs import Jobs
from chalicelib.features.sites.model import Site
from chalicelib.features.subscriptions.model import Subscription
from chalicelib.features.subscriptions.service.subscriptions import Filter

_SITES_A_READ = 100
_BROWSERS_A_READ = 1_000  # of one person on one site
_INDEX_IS_LATE_SECONDS = 5
_AGAIN = "again"


class Sites(Protocol):
    def list(self, *, tenant_id: str, limit: int, cursor: str | None) -> Page[Site]:
        """Oldest first."""
        ...


class Subscriptions(Protocol):
    def line(self, *, tenant_id: str, site_id: str, subscription_id: str) -> Sequence[Subscription]:
        """It, and those that its browser became since, each found by the one before alone. Raises NotFound."""
        ...

    def list(
        self, *, tenant_id: str, site_id: str, wanted: Filter, limit: int, cursor: str | None
    ) -> Page[Subscription]:
        """Also those that have ended."""
        ...

    def keep_out(self, *, tenant_id: str, site_id: str, keys: Sequence[bytes], now: datetime) -> None:
        """Their browsers do not bring them back."""
        ...


class Rows(Protocol):
    def remove(self, tenant_id: str, site_id: str, found: Iterable[bytes]) -> int:
        """Subscriptions, for good."""
        ...

    def forget_answers(self, tenant_id: str, words: Sequence[str], *, position: str) -> Portion:
        """Takes these words out of answers kept for a replay: the answers stay."""
        ...

    def forget_exports(self, tenant_id: str, about: Mapping[str, str]) -> int:
        """Exports about the same person."""
        ...

    def invited(self, tenant_id: str, email: str) -> Sequence[Invited]:
        """Invitations to this address."""
        ...

    def disinvite(self, tenant_id: str, invited: Iterable[Invited]) -> int:
        """As if they had not been."""
        ...


@dataclass(frozen=True)
class Disclosure:
    subscriptions: Sequence[Subscription]
    invitations: Sequence[Invited]


class Subscribers:
    """`about` has one of `external_id`, `subscription_id`, `email`."""

    def __init__(self, *, sites: Sites, subscriptions: Subscriptions, rows: Rows, jobs: Callable[[], Jobs]) -> None:
        self._sites = sites
        self._subscriptions = subscriptions
        self._rows = rows
        self._jobs = jobs

    def export(self, *, tenant_id: str, about: Mapping[str, str], asked_by: str, now: datetime) -> Job:
        return self._jobs().done(Kind.EXPORT, tenant_id=tenant_id, asked_by=asked_by, about=about, now=now)

    def erase(self, *, tenant_id: str, about: Mapping[str, str], asked_by: str, now: datetime) -> Job:
        jobs = self._jobs()
        job = jobs.begin(Kind.ERASURE, tenant_id=tenant_id, asked_by=asked_by, about=about, now=now, at=now)
        jobs.wake(job)
        return job

    def disclose(self, job: Job) -> Disclosure:
        found = [subscription for _, there in self._found(job) for subscription in there]
        return Disclosure(found, self._invited(job))

    def forget_answers(self, job: Job, _now: datetime) -> Portion:
        """While it is still known which subscriptions are theirs."""
        found = [subscription.id for _, there in self._found(job) for subscription in there]
        words = list(dict.fromkeys([*job.about.values(), *found]))
        return self._rows.forget_answers(job.tenant_id, words, position=job.position)

    def remove(self, job: Job, now: datetime) -> Portion:
        """Again until there is none: a person may have more browsers on a site than are looked up at once. Of one
        browser the last row first: nothing but the one before leads to it.
        """
        gone = 0
        for site_id, found in self._found(job):
            keys = [subscription.key for subscription in found]
            self._subscriptions.keep_out(tenant_id=job.tenant_id, site_id=site_id, keys=keys, now=now)
            portions = [[key] for key in reversed(keys)] if "subscription_id" in job.about else [keys]
            gone += sum(self._rows.remove(job.tenant_id, site_id, some) for some in portions)
        removed = gone + self._rows.forget_exports(job.tenant_id, job.about)
        removed += self._rows.disinvite(job.tenant_id, self._invited(job))
        if gone:
            return Portion(removed, _AGAIN)
        return Portion(removed, wait_seconds=_INDEX_IS_LATE_SECONDS if "external_id" in job.about else 0)

    def _invited(self, job: Job) -> Sequence[Invited]:
        return self._rows.invited(job.tenant_id, job.about["email"]) if "email" in job.about else []

    def _found(self, job: Job) -> Iterator[tuple[str, Sequence[Subscription]]]:
        if "email" not in job.about:
            for site_id in self._site_ids(job.tenant_id):
                with suppress(NotFound):  # closed meanwhile: then it goes with its site
                    yield site_id, self._on_site(job, site_id)

    def _on_site(self, job: Job, site_id: str) -> Sequence[Subscription]:
        place = {"tenant_id": job.tenant_id, "site_id": site_id}
        if "subscription_id" in job.about:
            return self._subscriptions.line(**place, subscription_id=job.about["subscription_id"])
        wanted = Filter(external_id=job.about["external_id"])
        found: list[Subscription] = []
        cursor = None
        while True:
            page = self._subscriptions.list(**place, wanted=wanted, limit=_BROWSERS_A_READ, cursor=cursor)
            found += page.rows
            cursor = page.position
            if cursor is None:
                return found

    def _site_ids(self, tenant_id: str) -> Iterator[str]:
        cursor = None
        while True:
            page = self._sites.list(tenant_id=tenant_id, limit=_SITES_A_READ, cursor=cursor)
            yield from (site.id for site in page.rows)
            cursor = page.position
            if cursor is None:
                return
