"""`rate(...)` and `cron(...)` as EventBridge reads them, in UTC. The cron source asks when a schedule is next due.

A rate is counted from the epoch here, not from its creation: a product restarted each morning still has its daily hour.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS_AHEAD = 40  # 29 February on a certain weekday comes every 28 years, or 40 around 2100

_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_SATURDAY, _SUNDAY = 6, 7  # as Python counts them
_WEEKDAYS = {name: number for number, name in enumerate(("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"), 1)}


class BadSchedule(ValueError):
    """AWS would refuse the expression at deployment."""


class Schedule(Protocol):
    def next_after(self, at: datetime) -> datetime | None:
        """The first moment later than `at`; None when there is none any more."""
        ...


def parse(expression: str) -> Schedule:
    if found := _RATE.fullmatch(expression):
        count, unit, plural = int(found[1]), found[2], bool(found[3])
        if plural != (count > 1):
            raise BadSchedule(f"{expression}: one {unit}, or several {unit}s")
        return Rate(_UNITS[unit] * count)
    if found := _CRON.fullmatch(expression):
        return _cron(expression, found[1].split())
    raise BadSchedule(f"{expression}: neither rate(...) nor cron(...)")


@dataclass(frozen=True)
class Rate:
    period: timedelta

    def next_after(self, at: datetime) -> datetime:
        return _EPOCH + self.period * ((at - _EPOCH) // self.period + 1)


Day = Callable[[date], bool]


@dataclass(frozen=True)
class Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    is_its_day: Day

    def next_after(self, at: datetime) -> datetime | None:
        return next((moment for moment in self._moments(at.date()) if moment > at), None)

    def _moments(self, day: date) -> Iterator[datetime]:
        last = date(day.year + _YEARS_AHEAD, 12, 31)
        while day <= last:
            if day.year in self.years and day.month in self.months and self.is_its_day(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        yield datetime.combine(day, time(hour, minute), UTC)
            day += timedelta(days=1)


def _cron(expression: str, fields: list[str]) -> Cron:
    try:
        minutes, hours, days, months, weekdays, years = fields
        if (days == "?") == (weekdays == "?"):
            raise BadSchedule("exactly one of the two day fields must be ?")
        return Cron(
            minutes=_numbers(minutes, 0, 59),
            hours=_numbers(hours, 0, 23),
            months=_numbers(months, 1, 12, _MONTHS),
            years=_numbers(years, 1970, 2199),
            is_its_day=_any_of(weekdays, _weekday) if days == "?" else _any_of(days, _day_of_month),
        )
    except ValueError as error:
        raise BadSchedule(f"{expression}: {error}") from error


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    return frozenset(number for part in field.split(",") for number in _range(part, least, most, names or {}))


def _range(part: str, least: int, most: int, names: dict[str, int]) -> range:
    span, _, step = part.partition("/")
    if span == "*":
        first, last = least, most
    else:
        begin, dash, end = span.partition("-")
        first = _number(begin, names)
        last = _number(end, names) if dash else most if step else first
    if not least <= first <= last <= most or (step and int(step) < 1):
        raise ValueError(f"{part} is not within {least}-{most}")
    return range(first, last + 1, int(step or 1))


def _number(text: str, names: dict[str, int]) -> int:
    return names.get(text.capitalize()) or int(text)


def _any_of(field: str, meaning: Callable[[str], Day]) -> Day:
    days = [meaning(part.upper()) for part in field.split(",")]
    return lambda day: any(is_it(day) for is_it in days)


def _day_of_month(part: str) -> Day:
    if part == "L":
        return lambda day: day.day == _length(day)
    if part == "LW":
        return lambda day: day == _nearest_workday(day.replace(day=_length(day)))
    if part.endswith("W"):
        (number,) = _range(part[:-1], 1, 31, {})
        return lambda day: day == _nearest_workday(day.replace(day=min(number, _length(day))))
    numbers = _range(part, 1, 31, {})
    return lambda day: day.day in numbers


def _weekday(part: str) -> Day:
    if part == "L":
        return lambda day: _weekday_number(day) == _WEEKDAYS["Sat"]
    if part.endswith("L"):
        (number,) = _range(part[:-1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday_number(day) == number and day.day > _length(day) - 7
    if "#" in part:
        name, _, nth = part.partition("#")
        (number,), (week,) = _range(name, 1, 7, _WEEKDAYS), _range(nth, 1, 5, {})
        return lambda day: _weekday_number(day) == number and (day.day + 6) // 7 == week
    numbers = _range(part, 1, 7, _WEEKDAYS)
    return lambda day: _weekday_number(day) in numbers


def _weekday_number(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_workday(day: date) -> date:
    """Never in another month: Saturday the 1st gives Monday the 3rd."""
    to_friday, to_monday = day - timedelta(days=1), day + timedelta(days=1)
    if day.isoweekday() == _SATURDAY:
        return to_friday if to_friday.month == day.month else day + timedelta(days=2)
    if day.isoweekday() == _SUNDAY:
        return to_monday if to_monday.month == day.month else day - timedelta(days=2)
    return day
