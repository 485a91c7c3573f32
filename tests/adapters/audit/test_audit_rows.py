"""What every store of the audit trail must do, the real one and the fake; and the real one under a crowd and faults."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.features.audit.model import Entry, Event, Place, chain, turn_of_month, verify
from chalicelib.features.audit.service.appending import Chain
from chalicelib.features.audit.store.entries import AuditRows
from chalicelib.features.audit.wiring import audit
from tests.adapters.aws.faults import Faults
from tests.fakes.audit import MemoryChain
from tests.fakes.lambdas import Lambdas

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

ADA, CYD = "ten_ada", "ten_cyd"
JANUARY = datetime(2026, 1, 31, 23, 0, 0, 123_000, tzinfo=UTC)
FEBRUARY = JANUARY + timedelta(hours=2)


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[Chain]:
    if request.param == "memory":
        yield MemoryChain()
    else:
        request.getfixturevalue("aws")
        yield AuditRows()


def event(number: int, at: datetime = JANUARY, tenant_id: str = ADA) -> Event:
    return Event(tenant_id, "usr_ada", "site.created", f"Seite № {number}", f"req_{number}", at)


def first(number: int = 1, tenant_id: str = ADA) -> Entry:
    return chain(event(number, tenant_id=tenant_id), place=Place("202601", 1), after=None)


def test_an_entry_comes_back_as_it_went_in(store: Chain) -> None:
    entry = first()
    assert store.put([entry])
    assert store.last_of(ADA, "202601") == entry
    assert store.at(ADA, entry.place) == entry
    assert verify([entry], tenant_id=ADA) is None


def test_an_empty_trail_has_nothing(store: Chain) -> None:
    assert store.last_of(ADA, "202601") is None
    assert store.newest_month(ADA) is None
    assert store.at(ADA, Place("202601", 1)) is None


def test_a_place_is_taken_once(store: Chain) -> None:
    entry = first()
    assert store.put([entry])
    assert store.put([first(2)]) is False
    second = chain(event(2), place=entry.place.next, after=entry)
    assert store.put([second])
    assert store.put([chain(event(3), place=entry.place.next, after=entry)]) is False
    assert store.last_of(ADA, "202601") == second


def test_a_trail_begins_once_in_whatever_month(store: Chain) -> None:
    assert store.put([first()])
    assert store.put([chain(event(2, FEBRUARY), place=Place("202602", 1), after=None)]) is False
    assert store.newest_month(ADA) == "202601"


def test_a_month_turns_as_a_whole_or_not_at_all(store: Chain) -> None:
    entry = first()
    store.put([entry])
    closed, opened = turn_of_month(event(2, FEBRUARY), entry)
    assert store.put([closed, opened])
    assert store.newest_month(ADA) == "202602"
    assert store.put(turn_of_month(event(3, FEBRUARY + timedelta(days=30)), entry)) is False
    assert store.newest_month(ADA) == "202602"
    assert store.last_of(ADA, "202601") == closed
    assert store.last_of(ADA, "202603") is None


def test_an_event_that_landed_lands_no_second_time(store: Chain) -> None:
    entry = first()
    assert store.put([entry], once=entry.event)
    again = chain(entry.event, place=entry.place.next, after=entry)
    assert store.put([again], once=entry.event)
    assert store.last_of(ADA, "202601") == entry


def test_tenants_do_not_share_a_trail(store: Chain) -> None:
    assert store.put([first()])
    assert store.put([first(tenant_id=CYD)])
    assert store.last_of(CYD, "202601") == first(tenant_id=CYD)
    assert store.newest_month("ten_other") is None


def append(number: int, at: datetime = JANUARY) -> None:
    audit().append(
        tenant_id=ADA,
        actor="usr_ada",
        action="site.created",
        subject=f"site_{number}",
        request_id=f"req_{number}",
        at=at,
    )


def whole_chain() -> list[Entry]:
    months = [str(row["sk"])[2:] for row in Table("audit").query(f"A#{ADA}").rows if row["sk"].startswith("M#")]
    places = [Place(month, number) for month in months for number in range(1, 200)]
    return [entry for place in places if (entry := AuditRows().at(ADA, place))]


@pytest.mark.usefixtures("aws")
def test_a_crowd_at_the_turn_of_a_month_all_land_in_one_sound_chain(aws: Installation) -> None:
    lambdas = Lambdas(aws.prefix)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append(number, FEBRUARY if number % 3 else JANUARY), range(40)))
    lambdas.work("audit")  # those that the crowd pushed aside
    entries = whole_chain()
    landed = [entry.event.subject for entry in entries if not entry.closes_month]
    assert sorted(landed) == sorted(f"site_{number}" for number in range(40))
    assert verify(entries, tenant_id=ADA) is None


def test_an_append_whose_answer_was_lost_is_there_once(aws: Installation) -> None:
    append(1)
    with Faults() as faults:
        faults.silence("dynamodb.PutItem")
        append(2)
    assert [entry.event.subject for entry in whole_chain()] == ["site_1", "site_2"]
    assert Lambdas(aws.prefix).waiting("audit") == 0


def test_an_append_whose_answer_never_came_is_there_once(aws: Installation) -> None:
    append(1)
    with Faults() as faults:
        faults.silence("dynamodb.PutItem", times=9)
        append(2)
        faults.clear()
        append(3)
    assert Lambdas(aws.prefix).work("audit") == 1
    assert [entry.event.subject for entry in whole_chain()] == ["site_1", "site_2", "site_3"]


@pytest.mark.parametrize("call", ["dynamodb.Query", "dynamodb.PutItem"])
def test_an_append_while_the_table_is_away_lands_later_and_once(aws: Installation, call: str) -> None:
    append(1)
    audit.cache_clear()  # another process, which has to look first
    lambdas = Lambdas(aws.prefix)
    with Faults() as faults:
        faults.reject(call)
        append(2)
    append(3)
    (body,) = lambdas.bodies("audit")
    assert lambdas.work("audit") == 1
    lambdas.deliver("audit", body, attempt=2)
    entries = whole_chain()
    assert [entry.event.subject for entry in entries] == ["site_1", "site_3", "site_2"]
    assert verify(entries, tenant_id=ADA) is None
