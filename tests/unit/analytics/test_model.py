"""What a browser may say, what is believed of it, and what it adds up to."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.receipts import GOOD_FOR, Told
from chalicelib.features.analytics.model import (
    HOURS_COUNTED,
    LARGEST_VALUE,
    Claim,
    Event,
    Figures,
    Judge,
    Kind,
    Life,
    NotTaken,
    figures_of,
    read_figures,
)
from tests.unit.analytics.desk import ADA, BEGAN_AT, CYD, NOW, RECEIPTS, RUN, claim, receipt

JUDGE = Judge(RECEIPTS, ADA, NOW)
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


def heard(said: Claim, judge: Judge = JUDGE) -> Event:
    return judge.hear(said)[0]


def refusal(said: Claim, judge: Judge = JUDGE) -> str:
    with pytest.raises(NotTaken) as caught:
        judge.hear(said)
    return caught.value.code


def seconds(at: datetime) -> int:
    return int(at.timestamp())


@pytest.mark.parametrize("kind", Kind)
def test_what_a_receipt_bears_out_is_believed(kind: Kind) -> None:
    event = heard(claim(kind.value))
    assert (event.kind, event.run_id, event.browser) == (kind, RUN, 1)
    assert event.mark == RECEIPTS.mark(RECEIPTS.read(receipt()))
    assert event.at == seconds(NOW - timedelta(minutes=30))
    assert event.began == seconds(BEGAN_AT)


@pytest.mark.parametrize("said", [None, "", "opened", "Displayed", "displayed ", 1, ["displayed"], {}, True])
def test_a_kind_that_nobody_counts_is_refused(said: object) -> None:
    assert refusal(claim(said)) == "unknown_type"


@pytest.mark.parametrize("said", [None, 5, "", "x", "A" * 96, receipt()[:-1], [receipt()], receipt() + "1"])
def test_what_is_no_receipt_is_refused(said: object) -> None:
    assert refusal(claim(receipt=said)) == "bad_receipt"


def test_another_tenants_receipt_is_as_good_as_none() -> None:
    assert refusal(claim(receipt=receipt(tenant_id=CYD))) == "bad_receipt"


def test_a_receipt_is_good_for_so_long() -> None:
    last = Judge(RECEIPTS, ADA, BEGAN_AT + GOOD_FOR - timedelta(seconds=1))
    assert heard(claim(), last).run_id == RUN
    assert refusal(claim(), Judge(RECEIPTS, ADA, BEGAN_AT + GOOD_FOR)) == "receipt_expired"


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (None, NOW),
        ("2026-03-01T11:30:00Z", NOW - timedelta(minutes=30)),
        ("2026-03-01T12:30:00+01:00", NOW - timedelta(minutes=30)),
        ("2026-03-01T11:30:00.999Z", NOW - timedelta(minutes=30)),
        ("2031-01-01T00:00:00Z", NOW),
        ("9999-12-31T23:59:59Z", NOW),
        ("1970-01-01T00:00:00Z", BEGAN_AT),
        ("0001-01-01T00:00:00Z", BEGAN_AT),
    ],
)
def test_an_instant_lies_between_the_runs_beginning_and_now(said: object, at: datetime) -> None:
    assert heard(claim(at=said)).at == seconds(at)


@pytest.mark.parametrize(
    "said",
    ["", "yesterday", "2026-03-01", "2026-03-01T11:30:00", 5, 1e308, True, [], {}, "2026-13-01T00:00:00Z", "9" * 99],
)
def test_what_is_no_instant_is_refused(said: object) -> None:
    assert refusal(claim(at=said)) == "bad_instant"


@pytest.mark.parametrize(
    ("said", "value"), [(None, 0), (0, 0), (79.8, 798_000), (LARGEST_VALUE, LARGEST_VALUE * 10_000)]
)
def test_a_conversion_may_be_worth_something(said: object, value: int) -> None:
    assert heard(claim("converted", value=said)).value == value


@pytest.mark.parametrize("said", [-1, LARGEST_VALUE + 1, float("nan"), float("inf"), "79.80", True, [], 10**400])
def test_a_worth_that_is_none_is_refused(said: object) -> None:
    assert refusal(claim("converted", value=said)) == "bad_value"


def test_only_a_conversion_is_worth_anything() -> None:
    assert heard(claim("clicked", value="not asked")).value == 0


def test_who_was_long_unseen_lives() -> None:
    _, life = JUDGE.hear(claim(receipt=receipt(told=Told(browser=2, is_wanted=True))))
    assert life == Life(b"\1" * 16, seconds(NOW - timedelta(minutes=30)))
    assert JUDGE.hear(claim())[1] is None


@given(ANYTHING, ANYTHING | st.just(receipt()), ANYTHING, ANYTHING)
def test_whatever_is_said_is_taken_or_refused(kind: Any, text: Any, at: Any, value: Any) -> None:
    with suppress(NotTaken):
        assert seconds(BEGAN_AT) <= heard(Claim(kind, text, at, value)).at <= seconds(NOW)


# --- figures ---


def event(kind: Kind, *, hours: float = 0.0, browser: int = 1, variant: int = 0, value: int = 0) -> Event:
    at = BEGAN_AT + timedelta(hours=hours)
    return Event(kind, RUN, b"m" * 16, seconds(BEGAN_AT), seconds(at), browser, variant, value)


def read(*events: Event) -> Figures:
    return read_figures([figures_of(events)], began_at=BEGAN_AT)


def test_each_event_counts_in_the_sum_its_browser_and_its_hour() -> None:
    figures = read(event(Kind.DISPLAYED), event(Kind.DISPLAYED, browser=2, hours=1), event(Kind.CLICKED))
    assert (figures.count(Kind.DISPLAYED), figures.count(Kind.CLICKED), figures.count(Kind.DISMISSED)) == (2, 1, 0)
    assert figures.by_browser == {"chrome": {"displayed": 1, "clicked": 1}, "firefox": {"displayed": 1}}
    assert figures.by_hour == {
        "2026-03-01T10:00:00Z": {"displayed": 1, "clicked": 1},
        "2026-03-01T11:00:00Z": {"displayed": 1},
    }
    assert figures.by_variant == {}


def test_a_variant_counts_once_there_is_one() -> None:
    assert read(event(Kind.CLICKED, variant=2)).by_variant == {"2": {"clicked": 1}}


def test_hours_are_counted_for_three_days_and_sums_for_ever() -> None:
    figures = read(event(Kind.CLICKED, hours=HOURS_COUNTED - 0.01), event(Kind.CLICKED, hours=HOURS_COUNTED))
    assert figures.count(Kind.CLICKED) == 2
    assert figures.by_hour == {"2026-03-04T09:00:00Z": {"clicked": 1}}


def test_what_conversions_were_worth_is_summed_exactly() -> None:
    assert read(*(event(Kind.CONVERTED, value=1_000) for _ in range(10))).value == 1.0


def test_rows_are_added_up() -> None:
    rows = [figures_of([event(Kind.CLICKED)]), figures_of([event(Kind.CLICKED), event(Kind.DISPLAYED)]), {}]
    figures = read_figures(rows, began_at=BEGAN_AT)
    assert (figures.count(Kind.CLICKED), figures.count(Kind.DISPLAYED)) == (2, 1)
    assert figures.by_browser == {"chrome": {"clicked": 2, "displayed": 1}}


def test_a_browser_of_tomorrow_is_one_of_the_unknown() -> None:
    assert read(event(Kind.CLICKED, browser=0), event(Kind.CLICKED, browser=77)).by_browser == {
        "unknown": {"clicked": 2}
    }


@pytest.mark.parametrize("name", ["n:z", "b1:z", "q1:c", "bx:c", "b:c", "nonsense", ""])
def test_what_newer_code_counts_is_left_out(name: str) -> None:
    assert read_figures([{name: 5}], began_at=BEGAN_AT) == read_figures([], began_at=BEGAN_AT)
