"""The one place that knows the time. `use` swaps the clock: the local product advances its own, tests freeze theirs."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.core.ports import Clock


class SystemClock:
    """To the millisecond: what is answered is what is stored."""

    def now(self) -> datetime:
        return in_whole_milliseconds(datetime.now(UTC))


_clock: Clock = SystemClock()


def use(clock: Clock) -> None:
    global _clock  # noqa: PLW0603 -- the seam itself
    _clock = clock


def now() -> datetime:
    return _clock.now()


class PresentClock:
    """Whatever clock is in use when it is asked: for those who take a clock as a port."""

    def now(self) -> datetime:
        return now()


def in_whole_milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def in_seconds(at: datetime) -> int:
    return int(at.timestamp())


def in_milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def minute_of(at: datetime) -> int:
    """Minutes since the epoch: the due table's partition."""
    return int(at.timestamp()) // 60
