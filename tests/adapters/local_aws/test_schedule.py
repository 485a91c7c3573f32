"""When `rate` and `cron` are due, by EventBridge's rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infra.local.schedule import BadSchedule, parse

START = datetime(2026, 3, 10, 12, 7, 30, tzinfo=UTC)  # a Tuesday


def dues(expression: str, count: int = 3, start: datetime = START) -> list[str]:
    schedule, at, found = parse(expression), start, []
    for _ in range(count):
        due = schedule.next_after(at)
        if due is None:
            break
        assert due > at
        at = due
        found.append(f"{due:%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", ["2026-03-10 12:08", "2026-03-10 12:09", "2026-03-10 12:10"]),
        ("rate(5 minutes)", ["2026-03-10 12:10", "2026-03-10 12:15", "2026-03-10 12:20"]),
        ("rate(1 hour)", ["2026-03-10 13:00", "2026-03-10 14:00", "2026-03-10 15:00"]),
        ("rate(1 day)", ["2026-03-11 00:00", "2026-03-12 00:00", "2026-03-13 00:00"]),
        ("cron(* * * * ? *)", ["2026-03-10 12:08", "2026-03-10 12:09", "2026-03-10 12:10"]),
        ("cron(0 10 * * ? *)", ["2026-03-11 10:00", "2026-03-12 10:00", "2026-03-13 10:00"]),
        ("cron(15 12 * * ? *)", ["2026-03-10 12:15", "2026-03-11 12:15", "2026-03-12 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-03-10 18:00", "2026-03-11 18:00", "2026-03-12 18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-04-01 08:00", "2026-05-01 08:00", "2026-06-01 08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-03-10 12:15", "2026-03-10 12:30", "2026-03-10 12:45"]),
        ("cron(0/20 8-9 ? * 2-6 *)", ["2026-03-11 08:00", "2026-03-11 08:20", "2026-03-11 08:40"]),
        ("cron(5,35 14 * * ? *)", ["2026-03-10 14:05", "2026-03-10 14:35", "2026-03-11 14:05"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-03-27 10:15", "2026-04-24 10:15", "2026-05-29 10:15"]),
        ("cron(0 9 ? * fri#2 *)", ["2026-03-13 09:00", "2026-04-10 09:00", "2026-05-08 09:00"]),
        ("cron(0 9 ? * 2#5 *)", ["2026-03-30 09:00", "2026-06-29 09:00", "2026-08-31 09:00"]),
        ("cron(0 0 ? * L *)", ["2026-03-14 00:00", "2026-03-21 00:00", "2026-03-28 00:00"]),
        ("cron(0 0 L * ? *)", ["2026-03-31 00:00", "2026-04-30 00:00", "2026-05-31 00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-03-31 00:00", "2026-04-30 00:00", "2026-05-29 00:00"]),
        ("cron(0 0 15W * ? *)", ["2026-03-16 00:00", "2026-04-15 00:00", "2026-05-15 00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-04-01 00:00", "2026-05-01 00:00", "2026-06-01 00:00"]),
        ("cron(0 0 31W * ? *)", ["2026-03-31 00:00", "2026-04-30 00:00", "2026-05-29 00:00"]),
        ("cron(0 0 1W AUG ? *)", ["2026-08-03 00:00", "2027-08-02 00:00", "2028-08-01 00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("cron(0 0 ? FEB 1#5 *)", ["2032-02-29 00:00", "2060-02-29 00:00", "2088-02-29 00:00"]),
        ("cron(0 0 1,15 1/6 ? *)", ["2026-07-01 00:00", "2026-07-15 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2027)", ["2027-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2020)", []),
        ("cron(0 0 30 2 ? *)", []),
    ],
)
def test_an_expression_is_due_when_aws_says(expression: str, expected: list[str]) -> None:
    assert dues(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "", "every minute", "rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(1 second)", "rate(-1 hours)",
        "rate(1.5 hours)", "rate (1 minute)", "cron()", "cron(* * * * *)", "cron(0 0 * * * *)", "cron(0 0 ? * ? *)",
        "cron(60 0 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 * 13 ? *)",
        "cron(0 0 ? * 8 *)", "cron(0 0 ? * 2#6 *)", "cron(0 0 ? * XXX *)", "cron(5-1 0 * * ? *)", "cron(*/0 0 * * ? *)",
        "cron(a 0 * * ? *)", "cron(0 0 * * ? 1969)", "cron(0 0 LL * ? *)", "cron(0 0 W * ? *)", "cron(0 0 ,1 * ? *)",
    ],
)  # fmt: skip
def test_what_aws_would_refuse_is_refused(expression: str) -> None:
    with pytest.raises(BadSchedule):
        parse(expression)


@pytest.mark.parametrize("expression", ["rate(7 minutes)", "cron(3/13 */5 ? * MON,WED#3,6L *)"])
def test_no_due_moment_lies_between_two_neighbours(expression: str) -> None:
    """However one steps through time, the same moments come up."""
    schedule = parse(expression)
    stepped = dues(expression, 40)
    at, found = START, list[str]()
    while len(found) < 40:
        later = at + timedelta(minutes=1)
        due = schedule.next_after(at)
        if due is not None and due <= later:
            found.append(f"{due:%Y-%m-%d %H:%M}")
        at = later
    assert found == stepped
