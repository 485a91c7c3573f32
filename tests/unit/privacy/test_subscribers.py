"""Subscribers, people and nights over memory: who is found, told and removed, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.paging import Page
from chalicelib.features.due.model import ROUND, Entry, next_night
from chalicelib.features.due.model import Kind as DueKind
from chalicelib.features.identity.model.person import User
from chalicelib.features.identity.model.team import LastOwner, Leaver
from chalicelib.features.privacy.model import Invited, Job, Kind, Portion, Retention
from chalicelib.features.privacy.service.people import OwnAccounts
from chalicelib.features.privacy.service.retention import Retaining
from chalicelib.features.privacy.service.subscribers import Subscribers
from chalicelib.features.sites.model import Site
from chalicelib.features.subscriptions.model import Packed, Subscription
from chalicelib.features.subscriptions.service.subscriptions import Filter
from tests.unit.privacy.memory import ADA, NOW, House

AT_ONCE = 2


class Audience:
    """Sites, subscriptions and all else that is kept, for one tenant; an index that names so many browsers at once."""

    def __init__(self) -> None:
        self.on_site: dict[str, list[Subscription]] = {"site_a": [], "site_b": [], "site_closed": []}
        self.answers: list[Sequence[str]] = []
        self.invitations = [Invited("ada@example.com", "editor", NOW, "INVITE#1")]
        self.exports = 1
        self.kept_out: set[bytes] = set()
        self.removed: list[set[bytes]] = []

    def add(self, site_id: str, number: int, external_id: str = "ada") -> Subscription:
        made = Subscription(
            ADA,
            site_id,
            bytes([number]) * 16,
            "vap_a",
            Packed("https://p.example", b"", b""),
            0,
            external_id=external_id,
        )
        self.on_site[site_id].append(made)
        return made

    # Sites and Subscriptions

    def sites(self) -> Any:
        audience = self

        class Sites:
            def list(self, *, tenant_id: str, limit: int, cursor: str | None) -> Page[Site]:
                names = sorted(audience.on_site)
                at = int(cursor or 0)
                page: list[Any] = [type("Named", (), {"id": names[at]})()]
                return Page(page, str(at + 1) if at + 1 < len(names) else None)

        return Sites()

    def line(self, *, tenant_id: str, site_id: str, subscription_id: str) -> Sequence[Subscription]:
        found = [each for each in self.on_site[site_id] if each.id == subscription_id]
        while found and found[-1].successor:
            found += [each for each in self.on_site[site_id] if each.key == found[-1].successor]
        if not found:
            raise NotFound
        return found

    def list(
        self, *, tenant_id: str, site_id: str, wanted: Filter, limit: int, cursor: str | None
    ) -> Page[Subscription]:
        if site_id == "site_closed":
            raise NotFound
        found = [each for each in self.on_site[site_id] if each.external_id == wanted.external_id]
        at = int(cursor or 0)
        return Page(found[at : at + AT_ONCE], str(at + AT_ONCE) if at + AT_ONCE < len(found) else None)

    # Rows

    def keep_out(self, *, tenant_id: str, site_id: str, keys: Sequence[bytes], now: datetime) -> None:
        self.kept_out |= {*keys}

    def remove(self, tenant_id: str, site_id: str, found: Iterable[bytes]) -> int:
        gone = set(found)
        self.removed.append(gone)
        self.on_site[site_id] = [each for each in self.on_site[site_id] if each.key not in gone]
        return len(gone)

    def forget_answers(self, tenant_id: str, words: Sequence[str], *, position: str) -> Portion:
        self.answers.append(words)
        return Portion(1, None if position else "more")

    def forget_exports(self, tenant_id: str, about: Mapping[str, str]) -> int:
        gone, self.exports = self.exports, 0
        return gone

    def invited(self, tenant_id: str, email: str) -> Sequence[Invited]:
        return [each for each in self.invitations if each.email == email]

    def disinvite(self, tenant_id: str, invited: Iterable[Invited]) -> int:
        gone = [*invited]
        self.invitations = [each for each in self.invitations if each not in gone]
        return len(gone)


class Desk:
    def __init__(self) -> None:
        self.house, self.audience = House(), Audience()
        self.subscribers = Subscribers(
            sites=self.audience.sites(), subscriptions=self.audience, rows=self.audience, jobs=lambda: self.house.jobs
        )
        stages = (self.subscribers.forget_answers, self.subscribers.remove, self.subscribers.remove)
        self.house.stages[Kind.ERASURE] = stages

    def erase(self, **about: str) -> Job:
        job = self.subscribers.erase(tenant_id=ADA, about=about, asked_by="usr_a", now=NOW)
        for _ in range(3):
            self.house.go_on(job)
        done = self.house.rows.get(ADA, job.id)
        assert done is not None
        return done


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_all_browsers_of_a_person_go_however_many_on_every_site(desk: Desk) -> None:
    ids = {desk.audience.add("site_a", number).id for number in range(1, 6)} | {desk.audience.add("site_b", 9).id}
    other = desk.audience.add("site_b", 7, "ben")
    job = desk.erase(external_id="ada")
    assert desk.audience.on_site == {"site_a": [], "site_b": [other], "site_closed": []}
    assert (job.is_over, job.removed, job.about) == (True, 2 + 6 + 1, {})  # answers, browsers, an export
    assert {word for words in desk.audience.answers for word in words} <= {"ada", *ids}
    assert [delay for _, delay in desk.house.wakes.sent] == [0, 5]  # the index is late


def test_one_browser_goes_and_the_persons_others_stay(desk: Desk) -> None:
    gone, stays = desk.audience.add("site_b", 1), desk.audience.add("site_b", 2)
    assert desk.erase(subscription_id=gone.id).is_over
    assert desk.audience.on_site["site_b"] == [stays]
    assert desk.audience.kept_out == {gone.key}


def test_a_browser_goes_with_what_it_became_since_and_the_last_row_first(desk: Desk) -> None:
    """Whoever is killed on the way finds the rest by the first."""
    first, second, third = (desk.audience.add("site_b", number) for number in (1, 2, 3))
    desk.audience.on_site["site_b"] = [
        replace(first, successor=second.key), replace(second, successor=third.key), third
    ]  # fmt: skip
    assert desk.erase(subscription_id=first.id).is_over
    assert desk.audience.on_site["site_b"] == []
    assert desk.audience.removed == [{third.key}, {second.key}, {first.key}]
    assert desk.audience.kept_out == {first.key, second.key, third.key}


def test_an_address_is_disinvited_and_no_site_is_looked_at(desk: Desk) -> None:
    desk.audience.on_site = {}
    assert desk.erase(email="ada@example.com").removed == 2 + 1 + 1
    assert desk.audience.invitations == []


def test_an_export_reads_what_there_is_when_it_is_asked(desk: Desk) -> None:
    job = desk.subscribers.export(tenant_id=ADA, about={"external_id": "ada"}, asked_by="usr_a", now=NOW)
    assert job.is_over
    assert desk.subscribers.disclose(job).subscriptions == []
    made = desk.audience.add("site_a", 1)
    assert desk.subscribers.disclose(job).subscriptions == [made]
    more = [desk.audience.add("site_a", number) for number in range(2, 2 + 2 * AT_ONCE)]
    assert desk.subscribers.disclose(job).subscriptions == [made, *more]
    by_mail = desk.subscribers.export(tenant_id=ADA, about={"email": "ada@example.com"}, asked_by="usr_a", now=NOW)
    assert desk.subscribers.disclose(by_mail).invitations == desk.audience.invitations


# --- People ---


class Team:
    """`fault` comes before the last of two memberships is over."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.fault: Exception | None = None

    def about_to_leave(self, *, user_id: str) -> Leaver:
        return Leaver(User(user_id, "ada@example.com", "mailbox", "hash", NOW), ())

    def leave_everything(self, leaver: Leaver, *, but_noted_in: str, request_id: str, now: datetime) -> None:
        self.people.tenants = []
        if self.fault is not None:
            self.people.tenants = ["ten_b"]
            raise self.fault


class People:
    def __init__(self) -> None:
        self.last: list[Job] = []
        self.tenants = [ADA, "ten_b"]
        self.known: Mapping[str, Any] | None = {"mailbox": "mailbox", "email": "ada@example.com"}

    def of_person(self, user_id: str) -> Sequence[Mapping[str, Any]]:
        return [
            {"pk": f"USER#{user_id}", "sk": "-", "v": 1, "email": "a@x", "name": "", "password_hash": "secret"},
            {"pk": f"USER#{user_id}", "sk": "NOVELTY#1", "v": 1, "size": 3},
        ]

    def tenants_of(self, user_id: str) -> Sequence[str]:
        return self.tenants

    def person(self, user_id: str) -> Mapping[str, Any] | None:
        return self.known

    def looked_for_at(self, user_id: str) -> datetime | None:
        return NOW

    def remove_person(self, job: Job) -> Portion:
        return Portion(4)

    def forget_answers(self, job: Job) -> Portion:
        return Portion(1)

    def remove_last(self, job: Job) -> None:
        self.last.append(job)


class Home:
    def __init__(self) -> None:
        self.house, self.people = House(), People()
        self.team = Team(self.people)
        self.own = OwnAccounts(
            team=self.team, rows=self.people, calendar=self.house.calendar, jobs=lambda: self.house.jobs
        )

    def leave(self) -> Job:
        return self.own.leave(user_id="usr_a", tenant_id=ADA, request_id="req_1", now=NOW)

    def be_gone(self, *, minutes: int = 0) -> Portion:
        return self.own.be_gone(self.house.only, NOW + timedelta(minutes=minutes))


@pytest.fixture
def home() -> Home:
    return Home()


def test_who_leaves_is_erased_by_a_job_of_their_own(home: Home) -> None:
    job = home.leave()
    assert (job.tenant_id, job.kind, home.house.wakes.sent) == ("usr_a", Kind.PERSON, [(job.id, 0)])
    assert job.about.items() >= {"user_id": "usr_a", "mailbox": "mailbox", "email": "ada@example.com"}.items()
    assert home.be_gone() == Portion()
    assert home.own.remove(job, NOW).removed == 4
    home.own.remove_last(job, NOW)
    assert home.people.last == [job]


@pytest.mark.parametrize(("joins", "jobs"), [([], 1), (["ten_new"], 0)])
def test_who_goes_with_an_account_stays_only_where_they_have_joined_since(
    home: Home, joins: list[str], jobs: int
) -> None:
    home.own.erase(user_id="usr_a", mailbox="mailbox", email="ada@example.com", now=NOW)
    home.people.tenants += joins
    assert home.be_gone() == Portion()
    assert len(home.house.rows.jobs) == jobs


@pytest.mark.parametrize(
    ("tenants", "known", "at", "jobs"),
    [
        ([], {"mailbox": "m", "email": "e"}, NOW, 1),
        (["ten_b"], {"mailbox": "m", "email": "e"}, NOW, 0),
        ([], None, NOW, 0),
        ([], {"mailbox": "m", "email": "e"}, NOW - timedelta(days=1), 0),
    ],
)
def test_who_is_in_no_team_is_let_go_on_the_day_of_the_last_one(
    home: Home, tenants: list[str], known: Mapping[str, Any] | None, at: datetime, jobs: int
) -> None:
    home.people.tenants, home.people.known = tenants, known
    entry = Entry.at_its_minute(DueKind.LEFT, "usr_a", "usr_a", at)
    home.own.let_go(entry, now=NOW)
    assert (len(home.house.rows.jobs), home.house.calendar.gone) == (jobs, [entry])


@pytest.mark.parametrize("is_away", [False, True])
def test_who_could_not_leave_keeps_no_job(home: Home, is_away: bool) -> None:
    """The other owner left in the same moment."""
    home.team.fault, home.house.rows.is_away = LastOwner(), is_away
    with pytest.raises(LastOwner):
        home.leave()
    assert len(home.house.rows.jobs) == is_away
    assert home.house.wakes.sent == []


def test_who_may_have_left_keeps_the_job_until_that_is_clear(home: Home) -> None:
    home.team.fault = Unavailable()
    with pytest.raises(Unavailable):
        home.leave()
    assert home.be_gone() == Portion(until=NOW + timedelta(minutes=2))  # whoever asked may be under way yet
    home.people.tenants = []
    assert home.be_gone() == Portion()
    home.people.tenants = ["ten_b"]
    assert home.house.rows.jobs != {}
    assert home.be_gone(minutes=2) == Portion()
    assert home.house.rows.jobs == {}


def test_what_is_told_holds_no_secret_and_names_what_it_withholds(home: Home) -> None:
    user, novelty = home.own.export(user_id="usr_a")
    assert (user.kind, user.fields, user.withheld) == ("user", {"email": "a@x"}, ["password_hash"])
    assert (novelty.kind, novelty.fields, novelty.withheld) == ("novelty", {}, ["size"])


# --- Nights ---


class Terms:
    def __init__(self) -> None:
        self.said = Retention()
        self.asked: list[bool] = []
        self.waits: dict[str, list[tuple[str, int]]] = {}

    def get(self, tenant_id: str) -> Retention:
        return self.said

    def put(self, tenant_id: str, wanted: Retention) -> None:
        self.said = wanted

    def drop_subscriptions(self, tenant_id: str, *, position: str, drops: Callable[[Subscription], bool]) -> Portion:
        old = NOW - timedelta(days=9)
        packed = Packed("https://p.example", b"", b"")
        self.asked.append(drops(Subscription(tenant_id, "site_a", bytes(16), "vap_a", packed, 0, ended_at=old)))
        return Portion(1, position + "x")

    def sunsets(self, tenant_id: str) -> list[tuple[str, int]]:
        return self.waits.get(tenant_id, [])

    def drop_runs(self, tenant_id: str, *, position: str, drops: Callable[[datetime], bool]) -> Portion:
        self.asked.append(drops(NOW - timedelta(days=60)))
        return Portion(2)


def test_a_night_is_planned_before_anything_is_promised_and_each_plans_the_next() -> None:
    house, terms = House(), Terms()
    retaining = Retaining(rows=terms, calendar=house.calendar, jobs=lambda: house.jobs)
    wanted = Retention(ended_subscriptions_days=7, campaign_runs_days=30)
    assert retaining.put(tenant_id=ADA, wanted=wanted, now=NOW) == retaining.get(tenant_id=ADA) == wanted
    night = next_night(ADA, after=NOW)
    assert house.calendar.entries == [(DueKind.RETENTION, f"{ADA} {ROUND}", night)]
    entry = Entry(DueKind.RETENTION, ADA, ROUND, night, 1)
    retaining.begin_round(entry, now=night)
    assert [at for kind, _, at in house.calendar.entries if kind == DueKind.RETENTION] == [
        night,
        night + timedelta(days=1),
    ]
    assert (house.only.kind, house.calendar.gone) == (Kind.RETENTION, [entry])
    assert retaining.drop_subscriptions(house.only, NOW) == Portion(1, "x", then=Portion().then)
    assert retaining.drop_runs(house.only, NOW).removed == 2
    assert terms.asked == [True, True]


def test_defaults_are_kept_by_the_tables_alone() -> None:
    house = House()
    retaining = Retaining(rows=Terms(), calendar=house.calendar, jobs=lambda: house.jobs)
    entry = Entry(DueKind.RETENTION, ADA, ROUND, NOW, 1)
    retaining.begin_round(entry, now=NOW)
    assert (house.rows.jobs, house.calendar.entries, house.calendar.gone) == ({}, [], [entry])


def test_a_site_that_does_not_wait_for_ever_needs_the_nights_too() -> None:
    house, terms = House(), Terms()
    terms.waits[ADA] = [("site_a", 90)]
    retaining = Retaining(rows=terms, calendar=house.calendar, jobs=lambda: house.jobs)
    entry = Entry(DueKind.RETENTION, ADA, ROUND, NOW, 1)
    retaining.begin_round(entry, now=NOW)
    assert (house.only.kind, house.calendar.gone) == (Kind.RETENTION, [entry])
    assert (DueKind.RETENTION, f"{ADA} {ROUND}", next_night(ADA, after=NOW)) in house.calendar.entries
