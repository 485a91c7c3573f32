"""Jobs over memory: portion by portion, by one worker at a time, and never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.features.due.model import Entry
from chalicelib.features.due.model import Kind as DueKind
from chalicelib.features.privacy.model import Job, Kind, Portion, Status
from chalicelib.features.privacy.service.jobs import Stage
from tests.unit.privacy.memory import ADA, NOW, House


@pytest.fixture
def house() -> House:
    return House()


def three_portions(seen: list[str]) -> Stage:
    def stage(job: Job, _now: object) -> Portion:
        seen.append(job.position)
        return Portion(10, None if job.position == "bb" else job.position + "b")

    return stage


def test_it_goes_through_its_stages_portion_by_portion(house: House) -> None:
    seen: list[str] = []
    job = house.begun(Kind.SITE, {"site_id": "site_a", "who": "me"}, three_portions(seen), lambda *_: Portion(1))
    done = house.go_on(job)
    assert done is not None
    assert (done.status, done.removed, done.finished_at, done.is_over) == (Status.DONE, 31, NOW, True)
    assert (seen, done.about) == (["", "b", "bb"], {"site_id": "site_a"})
    assert house.calendar.entries == [(DueKind.JOB, f"{ADA} {job.id}", NOW)]


def test_who_has_no_time_hands_on_and_the_next_begins_there(house: House) -> None:
    seen: list[str] = []
    job = house.begun(Kind.SITE, {}, three_portions(seen))
    half = house.go_on(job, portions=2)
    assert half is not None
    assert (half.status, half.removed, house.wakes.sent) == (Status.RUNNING, 20, [(job.id, 0)])
    assert house.go_on(job) != half
    assert seen == ["", "b", "bb"]


def test_of_two_workers_one_goes_on(house: House) -> None:
    done: list[str] = []
    job = house.begun(Kind.SITE, {}, lambda job, _: Portion(5, "x", then=lambda: done.append(job.position)))
    house.rows.rival = lambda: house.rows.add(job.after(Portion(5, "y"), stages=1, now=NOW))
    left = house.go_on(job)
    assert left is not None
    assert (left.position, left.removed, done, house.wakes.sent) == ("y", 5, [], [])


def test_what_is_to_be_done_then_is_done_when_it_is_written_down(house: House) -> None:
    told: list[int] = []

    def stage(job: Job, _now: object) -> Portion:
        return Portion(7, then=lambda: told.append(house.only.removed))

    house.go_on(house.begun(Kind.SITE, {}, stage))
    assert told == [7]


def test_it_waits_when_it_is_told_to(house: House) -> None:
    job = house.begun(Kind.ERASURE, {}, lambda *_: Portion(wait_seconds=5), lambda *_: Portion(wait_seconds=5))
    first = house.go_on(job)
    assert first is not None
    assert (first.stage, house.wakes.sent) == (1, [(job.id, 5)])
    assert house.go_on(job) != first
    assert (house.only.status, house.wakes.sent) == (Status.DONE, [(job.id, 5)])  # nobody waits for nothing


def test_until_its_day_the_calendar_keeps_it(house: House) -> None:
    day = NOW + timedelta(days=30)
    job = house.begun(Kind.ACCOUNT, {}, lambda _job, now: Portion(until=day if now < day else None))
    assert house.go_on(job) == job
    assert house.calendar.entries[-1] == (DueKind.JOB, f"{ADA} {job.id}", day)
    assert house.go_on(job, now=day) != job


def test_one_that_is_over_or_unknown_is_left_alone(house: House) -> None:
    done = house.jobs.done(Kind.EXPORT, tenant_id=ADA, asked_by="usr_a", about={"email": "a"}, now=NOW)
    assert (done.status, done.about, house.go_on(done)) == (Status.DONE, {"email": "a"}, done)
    house.rows.drop(done)
    assert house.go_on(done) is None


def test_a_wake_up_that_is_lost_is_the_calendars_to_make_good(house: House) -> None:
    house.wakes.is_away = True
    job = house.begun()
    house.jobs.wake(job)
    assert house.wakes.sent == []
    entry = Entry(DueKind.JOB, ADA, job.id, NOW, 1)
    house.jobs.started(entry)
    assert house.calendar.gone == [entry]


def test_who_cannot_hand_on_fails_and_is_called_again(house: House) -> None:
    house.wakes.is_away = True
    with pytest.raises(Unavailable):
        house.go_on(house.begun(Kind.SITE, {}, lambda *_: Portion()), portions=0)


def test_one_that_is_given_up_is_as_if_it_had_not_been(house: House) -> None:
    job = house.begun()
    house.rows.is_away = True
    with pytest.raises(Unavailable):
        house.jobs.give_up(job)
    assert house.only == job
    house.rows.is_away = False
    house.jobs.give_up(job)
    assert house.rows.jobs == {}


def test_it_is_found_by_its_tenant_and_id(house: House) -> None:
    job = house.begun()
    assert house.jobs.get(tenant_id=ADA, job_id=job.id) == job
    for tenant_id, job_id in (("ten_cyd", job.id), (ADA, ids.new("job")), (ADA, "nonsense")):
        with pytest.raises(NotFound):
            house.jobs.get(tenant_id=tenant_id, job_id=job_id)
