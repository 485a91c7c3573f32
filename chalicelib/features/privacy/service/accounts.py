"""Closing an account: nothing is sent any more, keys and sessions end; a month later everything is removed, unless an
owner has reopened it by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page
from chalicelib.features.privacy.model import Job, Kind, Portion
from chalicelib.features.privacy.service.jobs import Jobs
from chalicelib.features.sites.model import Site
from chalicelib.features.tenants.model import Tenant

GRACE = timedelta(days=30)
_CLOSES_WITHIN = timedelta(minutes=2)  # of the request that asks for it
_BELIEVED_FOR = timedelta(minutes=17)  # access tokens of the last moment, and what is then begun with them
_KNOWN_FOR = timedelta(minutes=1)  # API keys, to processes that have just looked one up
_SITES_A_PORTION = 25
_PEOPLE_A_PORTION = 50


class Tenants(Protocol):
    def get(self, *, tenant_id: str) -> Tenant:
        """Raises NotFound."""
        ...

    def close(self, *, tenant_id: str, closes_at: datetime) -> Tenant:
        """Of two who close it, the first one's day holds."""
        ...

    def reopen(self, *, tenant_id: str, now: datetime) -> Tenant:
        """Raises NotFound when it is too late."""
        ...


class Switch(Protocol):
    def stop_closing(self, *, tenant_id: str, now: datetime) -> None:
        """Nothing is sent from now on."""
        ...

    def start_reopened(self, *, tenant_id: str) -> None:
        """Unless an operator has stopped it as well."""
        ...


class Sites(Protocol):
    def list(self, *, tenant_id: str, limit: int, cursor: str | None) -> Page[Site]:
        """Those that are open."""
        ...

    def close(self, *, tenant_id: str, site_id: str, now: datetime) -> object:
        """From now on it is unknown, also to browsers."""
        ...


class Rows(Protocol):
    def shut_out(self, tenant_id: str) -> int:
        """Keys and sessions."""
        ...

    def members(self, tenant_id: str) -> Sequence[str]:
        """Their user ids, in order."""
        ...

    def tenants_of(self, user_id: str) -> Sequence[str]:
        """Where somebody is a member."""
        ...

    def kept_by(self, tenant_id: str, *, position: str) -> tuple[Sequence[str], str | None]:
        """User ids of those whom only the tenant's identity provider knew, also of who is no member any more."""
        ...

    def person(self, user_id: str) -> Mapping[str, Any] | None:
        """As last written."""
        ...

    def remove_blobs(self, tenant_id: str) -> int:
        """All files of the tenant's."""
        ...

    def remove_tenant(self, job: Job) -> Portion:
        """A portion of everything that names it, but its jobs."""
        ...

    def remove_other_jobs(self, job: Job) -> int:
        """Of the same tenant's."""
        ...


class Goodbye(Protocol):
    def __call__(self, *, user_id: str, mailbox: str, email: str, now: datetime) -> object:
        """Erases somebody."""
        ...


class Accounts:
    def __init__(
        self, *, tenants: Tenants, switch: Switch, sites: Sites, rows: Rows, erase: Goodbye, jobs: Callable[[], Jobs]
    ) -> None:
        self._tenants = tenants
        self._switch = switch
        self._sites = sites
        self._rows = rows
        self._erase = erase
        self._jobs = jobs

    def close(self, *, tenant_id: str, asked_by: str, now: datetime) -> Tenant:
        """The job is written down before anything is done, and finds out whether it is meant: not before this has come
        to its end, one way or the other.
        """
        closes_at = self._tenants.get(tenant_id=tenant_id).closes_at or now + GRACE
        about, jobs = {"closes_at": closes_at.isoformat()}, self._jobs()
        at = now + _CLOSES_WITHIN
        job = jobs.begin(Kind.ACCOUNT, tenant_id=tenant_id, asked_by=asked_by, about=about, now=now, at=at)
        tenant = self._tenants.close(tenant_id=tenant_id, closes_at=closes_at)
        self._switch.stop_closing(tenant_id=tenant_id, now=now)
        jobs.wake(job)
        return tenant

    def reopen(self, *, tenant_id: str, now: datetime) -> Tenant:
        tenant = self._tenants.reopen(tenant_id=tenant_id, now=now)
        self._switch.start_reopened(tenant_id=tenant_id)
        return tenant

    # --- The job's stages ---

    def shut_out(self, job: Job, now: datetime) -> Portion:
        """Whoever asked may have died before all was quiet."""
        if not self._is_meant(job):
            return Portion()
        self._switch.stop_closing(tenant_id=job.tenant_id, now=now)
        if self._has_started_again(job.tenant_id) or not self._is_meant(job):
            return Portion()
        return Portion(self._rows.shut_out(job.tenant_id))

    def wait(self, job: Job, now: datetime) -> Portion:
        """Past its day nobody reopens it any more, and nobody comes in: what is meant then stays so. But who came in a
        moment before is believed for a while, and could leave something behind.
        """
        begins_at = datetime.fromisoformat(job.about["closes_at"]) + _BELIEVED_FOR
        if not self._is_meant(job):
            self._has_started_again(job.tenant_id)  # whoever reopened it may have died before that
            self._jobs().give_up(job)
            return Portion()
        return Portion(until=begins_at) if now < begins_at else Portion()

    def wait_for_keys(self, job: Job, now: datetime) -> Portion:
        """They are gone, and not forgotten."""
        if not job.position:
            return Portion(position=(now + _KNOWN_FOR).isoformat())
        until = datetime.fromisoformat(job.position)
        return Portion(until=until) if now < until else Portion()

    def close_sites(self, job: Job, now: datetime) -> Portion:
        """Browsers that subscribe meanwhile would leave rows behind."""
        page = self._sites.list(tenant_id=job.tenant_id, limit=_SITES_A_PORTION, cursor=None)
        for site in page.rows:
            with suppress(NotFound):
                self._sites.close(tenant_id=job.tenant_id, site_id=site.id, now=now)
        return Portion(position="" if page.rows else None)

    def let_people_go(self, job: Job, now: datetime) -> Portion:
        """Who is nowhere else has no way in any more to ask for it: so they are erased with the account."""
        members = [member for member in self._rows.members(job.tenant_id) if member > job.position][:_PEOPLE_A_PORTION]
        for user_id in members:
            if not any(self._stays(tenant_id, now) for tenant_id in self._rows.tenants_of(user_id)):
                self._let_go(user_id, now)
        return Portion(position=members[-1] if members else None)

    def let_kept_people_go(self, job: Job, now: datetime) -> Portion:
        """Members were a stage ago; these were removed from the team before, and nobody else has ever known them."""
        kept, following = self._rows.kept_by(job.tenant_id, position=job.position)
        for user_id in kept:
            self._let_go(user_id, now)
        return Portion(position=following)

    def _let_go(self, user_id: str, now: datetime) -> None:
        person = self._rows.person(user_id)
        if person is not None:
            self._erase(user_id=user_id, mailbox=person["mailbox"], email=person["email"], now=now)

    def _stays(self, tenant_id: str, now: datetime) -> bool:
        """Not this one, and no other whose last day is over as well."""
        with suppress(NotFound):
            closes_at = self._tenants.get(tenant_id=tenant_id).closes_at
            return closes_at is None or closes_at > now
        return False

    def remove_files(self, job: Job, _now: datetime) -> Portion:
        return Portion(self._rows.remove_blobs(job.tenant_id))

    def remove(self, job: Job, _now: datetime) -> Portion:
        return self._rows.remove_tenant(job)

    def forget(self, job: Job, _now: datetime) -> Portion:
        """The jobs are the last that know of the account, and this one of all."""
        removed = self._rows.remove_other_jobs(job)
        self._jobs().give_up(job)
        return Portion(removed)

    def _has_started_again(self, tenant_id: str) -> bool:
        """Reopened in between; or removed by another job, and then nothing of a stop may stay."""
        with suppress(NotFound):
            if self._tenants.get(tenant_id=tenant_id).closes_at is not None:
                return False
        self._switch.start_reopened(tenant_id=tenant_id)
        return True

    def _is_meant(self, job: Job) -> bool:
        try:
            tenant = self._tenants.get(tenant_id=job.tenant_id)
        except NotFound:
            return True  # removed already, by this very job
        return tenant.closes_at is not None and tenant.closes_at.isoformat() == job.about["closes_at"]
