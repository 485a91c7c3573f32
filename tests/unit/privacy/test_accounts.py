"""Closing accounts over memory: meant or not, who goes along, and who has another account to stay for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.paging import Page
from chalicelib.features.identity.adapters.access_tokens import LEEWAY, LIVES
from chalicelib.features.identity.service.key_memory import KNOWN_FOR
from chalicelib.features.privacy.model import Job, Kind, Portion
from chalicelib.features.privacy.service.accounts import GRACE, Accounts
from chalicelib.features.sites.model import Site
from chalicelib.features.tenants.model import Tenant, open_tenant
from chalicelib.features.tenants.service import Tenants
from tests.fakes.tenants import MemoryTenants
from tests.unit.privacy.memory import NOW, House

Person = dict[str, Any]
DAY = NOW + GRACE + timedelta(minutes=17)


class Switch:
    """`rival` is somebody who is a moment faster, once."""

    def __init__(self) -> None:
        self.stopped: set[str] = set()
        self.rival: Callable[[], object] = lambda: None

    def stop_closing(self, *, tenant_id: str, now: datetime) -> None:
        rival, self.rival = self.rival, lambda: None
        rival()
        self.stopped.add(tenant_id)

    def start_reopened(self, *, tenant_id: str) -> None:
        self.stopped.discard(tenant_id)


class Sites:
    """Only what is asked of them here. One that somebody else has closed meanwhile is `lost`."""

    def __init__(self) -> None:
        self.open: list[Any] = []
        self.lost: set[str] = set()

    def list(self, *, tenant_id: str, limit: int, cursor: str | None) -> Page[Site]:
        return Page(self.open[:limit], None)

    def close(self, *, tenant_id: str, site_id: str, now: datetime) -> object:
        self.open = [site for site in self.open if site.id != site_id]
        if site_id in self.lost:
            raise NotFound
        return site_id


class Rows:
    def __init__(self) -> None:
        self.teams: dict[str, list[str]] = {}
        self.people: dict[str, Person] = {}
        self.kept: list[str] = []

    def shut_out(self, tenant_id: str) -> int:
        return 3

    def members(self, tenant_id: str) -> list[str]:
        return sorted(self.teams[tenant_id])

    def tenants_of(self, user_id: str) -> list[str]:
        return [tenant_id for tenant_id, members in self.teams.items() if user_id in members]

    def kept_by(self, tenant_id: str, *, position: str) -> tuple[list[str], str | None]:
        at = int(position or 0)
        return self.kept[at : at + 1], str(at + 1) if at + 1 < len(self.kept) else None

    def person(self, user_id: str) -> Mapping[str, Any] | None:
        return self.people.get(user_id)

    def remove_blobs(self, tenant_id: str) -> int:
        return 2

    def remove_tenant(self, job: Job) -> Portion:
        return Portion(40)

    def remove_other_jobs(self, job: Job) -> int:
        return 5


class Company:
    """Two tenants, with Ada in the first, Ben in both, and the ghost of a member whose person is gone."""

    def __init__(self) -> None:
        self.house, self.switch, self.sites, self.rows, self.store = House(), Switch(), Sites(), Rows(), MemoryTenants()
        first, second = (open_tenant(name=name, plan="free", now=NOW) for name in ("One", "Two"))
        self.store.tenants = {tenant.id: tenant for tenant in (first, second)}
        self.first, self.second = first.id, second.id
        self.rows.teams = {first.id: ["usr_ada", "usr_ben", "usr_ghost"], second.id: ["usr_ben"]}
        self.rows.people = {name: {"mailbox": f"m {name}", "email": f"{name}@x"} for name in ("usr_ada", "usr_ben")}
        self.erased: list[str] = []
        self.accounts = Accounts(
            tenants=Tenants(store=self.store),
            switch=self.switch,
            sites=self.sites,
            rows=self.rows,
            erase=lambda *, user_id, mailbox, email, now: self.erased.append(f"{user_id} {mailbox} {email}"),
            jobs=lambda: self.house.jobs,
        )

    def close(self, *, now: datetime = NOW) -> Tenant:
        return self.accounts.close(tenant_id=self.first, asked_by="usr_ada", now=now)

    @property
    def job(self) -> Job:
        return list(self.house.rows.jobs.values())[-1]

    def let_go(self, tenant_id: str, *, now: datetime) -> list[str]:
        self.erased.clear()
        job = replace(self.job, tenant_id=tenant_id)
        while (portion := self.accounts.let_people_go(job, now)).position is not None:
            job = replace(job, position=portion.position)
        return [line.split()[0] for line in self.erased]


@pytest.fixture
def company() -> Company:
    return Company()


def test_it_is_quiet_at_once_and_gone_in_a_month(company: Company) -> None:
    closed = company.close()
    assert (closed.closes_at, company.switch.stopped) == (NOW + GRACE, {company.first})
    assert company.house.wakes.sent == [(company.job.id, 0)]
    assert company.job.kind is Kind.ACCOUNT
    (_, _, at) = company.house.calendar.entries[0]
    assert (
        NOW < at <= NOW + timedelta(minutes=5)
    )  # a wake-up that is lost leaves keys alive for minutes, not for a month
    assert company.accounts.shut_out(company.job, NOW) == Portion(3)
    for now in (NOW, NOW + GRACE):  # who has asked to reopen it a moment ago may be under way yet
        assert company.accounts.wait(company.job, now) == Portion(until=DAY)
    assert company.accounts.wait(company.job, DAY) == Portion()
    assert DAY - (NOW + GRACE) > LIVES + LEEWAY
    begun = company.accounts.wait_for_keys(company.job, DAY)
    waiting = replace(company.job, position=begun.position or "")
    until = company.accounts.wait_for_keys(waiting, DAY).until
    assert until is not None
    assert until - DAY > KNOWN_FOR
    assert company.accounts.wait_for_keys(waiting, until) == Portion()
    assert company.accounts.remove_files(company.job, NOW).removed == 2
    assert company.accounts.remove(company.job, NOW).removed == 40
    assert company.accounts.forget(company.job, NOW).removed == 5
    assert company.house.rows.jobs == {}


def test_of_two_days_the_first_one_holds(company: Company) -> None:
    company.close()
    assert company.close(now=NOW + timedelta(days=3)).closes_at == NOW + GRACE
    assert all(job.about == company.job.about for job in company.house.rows.jobs.values())


def test_who_reopens_it_is_sent_for_again_and_the_job_gives_up(company: Company) -> None:
    company.close()
    job = company.job
    assert company.accounts.reopen(tenant_id=company.first, now=NOW).closes_at is None
    assert company.switch.stopped == set()
    assert company.accounts.shut_out(job, NOW) == Portion()
    assert company.accounts.wait(job, NOW) == Portion()
    assert company.house.rows.jobs == {}


def test_while_nobody_can_say_that_it_is_given_up_nothing_goes_on(company: Company) -> None:
    """Or the next stage would begin, of an account that was reopened."""
    company.close()
    company.accounts.reopen(tenant_id=company.first, now=NOW)
    company.house.rows.is_away = True
    with pytest.raises(Unavailable):
        company.accounts.wait(company.job, DAY)


def test_whoever_dies_before_all_is_quiet_has_it_quiet_within_minutes(company: Company) -> None:
    def die() -> None:
        raise Unavailable

    company.switch.rival = die
    with pytest.raises(Unavailable):
        company.close()
    assert company.switch.stopped == set()
    assert company.accounts.shut_out(company.job, NOW) == Portion(3)
    assert company.switch.stopped == {company.first}


def test_one_that_is_reopened_while_it_is_made_quiet_is_sent_for(company: Company) -> None:
    company.close()
    company.switch.rival = lambda: company.accounts.reopen(tenant_id=company.first, now=NOW)
    assert company.accounts.shut_out(company.job, NOW) == Portion()
    assert company.switch.stopped == set()


def test_one_that_is_closed_anew_while_it_is_made_quiet_stays_quiet(company: Company) -> None:
    company.close()
    job = company.job

    def close_anew() -> None:
        company.accounts.reopen(tenant_id=company.first, now=NOW)
        company.close(now=NOW + timedelta(hours=1))

    company.switch.rival = close_anew
    assert company.accounts.shut_out(job, NOW) == Portion()
    assert company.switch.stopped == {company.first}


def test_whoever_reopens_it_and_dies_before_it_is_started_has_it_started_in_the_end(company: Company) -> None:
    company.close()
    company.store.tenants[company.first] = replace(company.store.tenants[company.first], closes_at=None)
    company.accounts.wait(company.job, DAY)
    assert company.switch.stopped == set()


def test_one_that_is_closed_anew_is_another_jobs(company: Company) -> None:
    company.close()
    old = company.job
    company.accounts.reopen(tenant_id=company.first, now=NOW)
    company.close(now=NOW + timedelta(days=1))
    company.accounts.wait(old, NOW + GRACE)
    assert [job.about["closes_at"] for job in company.house.rows.jobs.values()] == [
        (NOW + GRACE + timedelta(days=1)).isoformat()
    ]


def test_after_its_day_nobody_reopens_it(company: Company) -> None:
    company.close()
    with pytest.raises(NotFound):
        company.accounts.reopen(tenant_id=company.first, now=NOW + GRACE)


def test_one_that_is_gone_already_is_meant(company: Company) -> None:
    company.close()
    company.store.tenants.clear()
    assert company.accounts.shut_out(company.job, NOW) == Portion()
    assert company.accounts.wait(company.job, NOW).until is not None
    assert company.switch.stopped == set()


def test_one_that_another_job_has_removed_is_left_no_stop(company: Company) -> None:
    company.close()
    company.switch.rival = company.store.tenants.clear
    assert company.accounts.shut_out(company.job, NOW) == Portion()
    assert company.switch.stopped == set()


def test_its_sites_are_closed_a_few_at_a_time(company: Company) -> None:
    company.close()
    company.sites.open = [type("Named", (), {"id": f"site_{number}"})() for number in range(30)]
    company.sites.lost = {"site_3"}
    assert company.accounts.close_sites(company.job, NOW).position == ""
    assert len(company.sites.open) == 5
    assert company.accounts.close_sites(company.job, NOW).position == ""
    assert company.accounts.close_sites(company.job, NOW).position is None


def test_who_has_another_account_stays(company: Company) -> None:
    company.close()
    assert company.let_go(company.first, now=NOW + GRACE) == ["usr_ada"]
    assert company.erased == ["usr_ada m usr_ada usr_ada@x"]


def test_another_account_that_goes_as_well_keeps_nobody(company: Company) -> None:
    company.close()
    company.accounts.close(tenant_id=company.second, asked_by="usr_ben", now=NOW)
    assert company.let_go(company.first, now=NOW + GRACE) == ["usr_ada", "usr_ben"]
    assert company.let_go(company.first, now=NOW + GRACE - timedelta(days=1)) == []  # both could be reopened yet
    del company.store.tenants[company.second]
    assert company.let_go(company.first, now=NOW + GRACE) == ["usr_ada", "usr_ben"]


def test_whom_only_it_has_known_goes_member_or_not(company: Company) -> None:
    company.close()
    company.rows.kept = ["usr_ada", "usr_ghost", "usr_ben"]
    job = company.job
    while (portion := company.accounts.let_kept_people_go(job, NOW)).position is not None:
        job = replace(job, position=portion.position)
    assert [line.split()[0] for line in company.erased] == ["usr_ada", "usr_ben"]
