"""The events table: each event once, whoever counts it, whatever gets lost; and the queue's worker in front of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.aws.queues import Queue
from chalicelib.core import clock, drive
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import FromTheFuture, Unavailable
from chalicelib.features.analytics.model import MARKS_KEPT_FOR, Event, Figures, Kind, Life, Report, figures_of
from chalicelib.features.analytics.schemas.messages import ReportMessage
from chalicelib.features.analytics.service.portions import MOST_SUMS
from chalicelib.features.analytics.store import EventRows, RunReading
from chalicelib.features.analytics.worker import count_events
from chalicelib.features.campaigns.model import RUNS_KEPT_FOR
from chalicelib.features.sending.store.runs import RunRows
from chalicelib.features.sending.wiring import run_reading
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import ADA, AT, CYD, a_run
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation
from tests.fakes.lambdas import Lambdas, context

RUN = a_run()
SITE = RUN.site_id
BEGAN = in_seconds(AT)


@pytest.fixture
def rows(aws: Installation) -> Iterator[EventRows]:
    """On the day that everything here happens."""
    clock.use(ManualClock(AT + timedelta(hours=1)))
    drive.run(RunRows().add(ADA, RUN))
    yield EventRows(reading=RunReading(*run_reading()))
    clock.use(clock.SystemClock())


def event(number: int = 1, kind: Kind = Kind.DISPLAYED, **changes: Any) -> Event:
    told = Event(kind, RUN.id, number.to_bytes(2) * 8, BEGAN, BEGAN + 60, 1)
    return msgspec.structs.replace(told, **changes)


def figures(rows: EventRows, tenant_id: str = ADA) -> Figures:
    found = rows.run_with_figures(tenant_id, RUN.id)
    assert found is not None
    return found[1]


def displayed(rows: EventRows) -> int:
    return figures(rows).count(Kind.DISPLAYED)


def many(count: int) -> list[Event]:
    return [event(number * 997 % 65_521) for number in range(count)]


def test_what_is_counted_is_read_with_its_run(rows: EventRows) -> None:
    assert rows.add(ADA, RUN.id, [event(), event(kind=Kind.CLICKED), event(2, kind=Kind.CONVERTED, value=798_000)]) == 3
    run, found = rows.run_with_figures(ADA, RUN.id) or pytest.fail("it stands")
    assert run == RUN == rows.run(ADA, RUN.id)
    assert {kind: n for kind, n in found.told.items() if n} == {Kind.DISPLAYED: 1, Kind.CLICKED: 1, Kind.CONVERTED: 1}
    assert (found.value, found.by_browser) == (79.8, {"chrome": {"displayed": 1, "clicked": 1, "converted": 1}})
    assert found.by_hour == {"2026-03-01T12:00:00Z": {"displayed": 1, "clicked": 1, "converted": 1}}


def test_a_foreign_tenant_has_neither_run_nor_figures(rows: EventRows) -> None:
    rows.add(ADA, RUN.id, [event()])
    assert rows.run(CYD, RUN.id) is None
    assert rows.run_with_figures(CYD, RUN.id) is None


def test_a_run_nobody_told_of_has_no_figures(rows: EventRows) -> None:
    assert figures(rows) == Figures(told=dict.fromkeys(Kind, 0))


def test_the_same_again_counts_nothing(rows: EventRows) -> None:
    assert rows.add(ADA, RUN.id, [event(1), event(2)]) == 2
    assert rows.add(ADA, RUN.id, [event(1), event(2)]) == 0
    assert rows.add(ADA, RUN.id, [event(2), event(3), event(1, at=BEGAN + 3_600, browser=2)]) == 1
    assert displayed(rows) == 3
    assert figures(rows).by_browser == {"chrome": {"displayed": 3}}


def test_another_kind_of_the_same_recipient_is_another_event(rows: EventRows) -> None:
    assert rows.add(ADA, RUN.id, [event(kind=kind) for kind in Kind]) == len(Kind)


def test_as_many_as_a_transaction_takes_go_at_once(rows: EventRows, faults: Faults) -> None:
    assert rows.add(ADA, RUN.id, many(97)) == 97
    assert faults.calls == ["dynamodb.TransactWriteItems"]
    assert displayed(rows) == 97


def test_as_many_sums_as_are_changed_at_once_fit_into_an_expression(rows: EventRows, faults: Faults) -> None:
    """The longest names there are, and each event with as many of its own as it can have."""
    told = [
        event(
            number,
            Kind.CONVERTED,
            at=BEGAN + (71 - number) * 3_600,
            browser=255 - number,
            variant=255 - number,
            value=1,
        )
        for number in range(26)
    ]
    assert MOST_SUMS - 3 < len(figures_of(told)) <= MOST_SUMS
    assert rows.add(ADA, RUN.id, told) == 26
    assert faults.calls == ["dynamodb.TransactWriteItems"]


def test_side_by_side_each_counts_once(rows: EventRows) -> None:
    told = many(60)
    portions = [told[start : start + 30] for start in (0, 10, 20, 30, 0, 10, 20, 30)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        counted = list(pool.map(lambda portion: patiently(rows, portion), portions))
    assert sum(counted) == displayed(rows) == 60


def patiently(rows: EventRows, portion: Sequence[Event]) -> int:
    for _ in range(20):
        try:
            return rows.add(ADA, RUN.id, portion)
        except Unavailable:
            continue
    raise AssertionError("it is never let in")


def test_an_answer_that_is_lost_counts_once(rows: EventRows, faults: Faults) -> None:
    faults.silence("dynamodb.TransactWriteItems")
    assert rows.add(ADA, RUN.id, [event(1), event(2)]) == 2
    assert faults.calls == ["dynamodb.TransactWriteItems"], "the SDK's own repeat is heard nowhere"
    assert displayed(rows) == 2


def test_answers_that_are_all_lost_count_once_when_it_is_tried_again(rows: EventRows, faults: Faults) -> None:
    faults.silence("dynamodb.TransactWriteItems", times=4)
    rows.add(ADA, RUN.id, [event(1), event(2)])
    assert rows.add(ADA, RUN.id, [event(1), event(2), event(3)]) == 1
    assert displayed(rows) == 3


def test_a_lost_answer_is_not_taken_for_somebody_elses_mark(rows: EventRows, faults: Faults) -> None:
    """The other's mark looks like ours but for its writer; what is new must not be lost over it."""
    rows.add(ADA, RUN.id, [event(1)])
    faults.silence("dynamodb.TransactWriteItems")
    assert rows.add(ADA, RUN.id, [event(1), event(2)]) == 1
    assert displayed(rows) == 2


def test_who_meets_another_tries_again(rows: EventRows, faults: Faults) -> None:
    rows.add(ADA, RUN.id, [event(1)])
    faults.clash()  # what is cancelled next looks so
    assert rows.add(ADA, RUN.id, [event(1), event(2)]) == 1
    assert displayed(rows) == 2


def test_a_table_that_is_down_is_told_after_five_tries(rows: EventRows, faults: Faults) -> None:
    faults.reject("dynamodb.TransactWriteItems", times=5 * 4)
    with pytest.raises(Unavailable):
        rows.add(ADA, RUN.id, [event()])
    assert faults.calls == ["dynamodb.TransactWriteItems"] * 5
    faults.clear()
    assert rows.add(ADA, RUN.id, [event()]) == 1


def test_reading_takes_one_call(rows: EventRows, faults: Faults) -> None:
    rows.add(ADA, RUN.id, many(20))
    faults.calls.clear()
    rows.run_with_figures(ADA, RUN.id)
    assert faults.calls == ["dynamodb.BatchGetItem"]


def test_rows_leave_when_nothing_asks_for_them_any_more(rows: EventRows, aws: Installation) -> None:
    rows.add(ADA, RUN.id, many(30))
    found = aws.rows("events")
    marks = [row for row in found if row["sk"].startswith("M#")]
    assert {row["ttl"] for row in marks} == {BEGAN + int((MARKS_KEPT_FOR).total_seconds())}
    totals = [row for row in found if row["sk"] == "TOTAL"]
    assert {row["ttl"] for row in totals} == {BEGAN + int(RUNS_KEPT_FOR.total_seconds())}
    assert {row["pk"].rsplit("#", 1)[0] for row in found} == {f"E#{ADA}#{RUN.id}"}


def test_a_mark_names_nobody(rows: EventRows, aws: Installation) -> None:
    rows.add(ADA, RUN.id, [event()])
    (mark,) = [row for row in aws.rows("events") if row["sk"].startswith("M#")]
    assert mark.keys() == {"pk", "sk", "v", "ttl", "by"}
    assert mark["pk"].endswith("#00")
    assert mark["sk"] == f"M#displayed#{'0001' * 8}"


def test_sums_of_newer_code_are_left_to_newer_code(rows: EventRows, aws: Installation) -> None:
    from chalicelib.aws.dynamo import Table

    Table("events").put({"pk": f"E#{ADA}#{RUN.id}#0", "sk": "TOTAL", "v": 2, "n:d": 5})
    with pytest.raises(FromTheFuture):
        rows.run_with_figures(ADA, RUN.id)


# --- the queue's worker ---


def report(*events: Event, lives: tuple[Life, ...] = ()) -> ReportMessage:
    return ReportMessage.of(Report(ADA, SITE, events, lives))


def work(aws: Installation, *reports: ReportMessage) -> int:
    Queue("events").send_many(reports, group=ADA)
    return Lambdas(aws.prefix).work("events")


def test_a_message_is_what_it_was() -> None:
    told = report(event(kind=Kind.CONVERTED, value=5, variant=1), lives=(Life(b"\0\xff" * 8, 5),))
    body = msgspec.json.encode(told)
    assert msgspec.json.decode(body, type=ReportMessage) == told
    assert told.report.events[0].mark == b"\0\1" * 8


def test_many_messages_are_one_piece_of_work(rows: EventRows, aws: Installation, faults: Faults) -> None:
    told = [report(event(number)) for number in range(25)]
    assert work(aws, *told, *told) == 50
    assert displayed(rows) == 25
    assert faults.calls.count("dynamodb.TransactWriteItems") == 1


def invoke(*told: ReportMessage) -> list[str]:
    """The places of those that come again."""
    records = [
        {"messageId": str(place), "body": msgspec.json.encode(each).decode(), "attributes": {}}
        for place, each in enumerate(told)
    ]
    answer = count_events({"Records": records}, context("count_events"))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_only_the_messages_that_failed_come_again(rows: EventRows, faults: Faults) -> None:
    """Which of two runs is first is chance: they are counted side by side."""
    other = replace(RUN, id="run_01kjmv5dz0000000000000000b")
    drive.run(RunRows().add(ADA, other))
    told = [report(event(1)), report(msgspec.structs.replace(event(2), run_id=other.id)), report(event(3))]
    faults.fail("dynamodb.TransactWriteItems", "ValidationException")
    again = invoke(*told)
    assert again in (["0", "2"], ["1"])
    assert displayed(rows) == (0 if again == ["0", "2"] else 2)
    assert invoke(*(told[int(place)] for place in again)) == []
    assert displayed(rows) == 2
    assert (rows.run_with_figures(ADA, other.id) or pytest.fail("it stands"))[1].count(Kind.DISPLAYED) == 1


def test_what_one_browser_tells_of_days_stops_nobody_elses(rows: EventRows, faults: Faults) -> None:
    """Each hour of each kind is a sum of its own, and DynamoDB takes 4,096 bytes of an expression."""
    told = [event(hour, kind, at=BEGAN + hour * 3_600, browser=hour % 5) for hour in range(20) for kind in Kind]
    assert invoke(report(*told), report(event(77))) == []
    assert displayed(rows) == 21
    assert 1 < faults.calls.count("dynamodb.TransactWriteItems") < 4
