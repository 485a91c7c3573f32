"""What becomes of a push on its device: told by browsers, counted once each, shown with the run. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from chalicelib.core.clock import from_milliseconds, in_milliseconds
from chalicelib.core.receipts import BROWSERS, GOOD_FOR, Forged, Receipts

MARKS_KEPT_FOR = GOOD_FOR + timedelta(days=1)  # one that left before its receipt is too old would let it count again
HOURS_COUNTED = 72  # of a run: later ones are in the sums alone
LARGEST_VALUE = 100_000_000  # of any currency: what a browser claims, once for a run
_IN_A_VALUE = 10_000  # parts: values are summed as whole numbers
_HOUR_SECONDS = 3_600
_LONGEST_INSTANT = 40


class Kind(StrEnum):
    DISPLAYED = "displayed"
    CLICKED = "clicked"
    DISMISSED = "dismissed"
    UNSUBSCRIBED = "unsubscribed"
    CONVERTED = "converted"


_BY_NAME = {kind.value: kind for kind in Kind}


class NotTaken(Exception):
    """One event of a report; `code` says why. Telling it again is no use."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Event(msgspec.Struct, frozen=True, array_like=True):
    """As it waits to be counted: `mark` stands for the recipient, instants are seconds. Fields are only added, at the
    end, with a default.
    """

    kind: Kind
    run_id: str
    mark: bytes
    began: int
    at: int
    browser: int = 0
    variant: int = 0
    value: int = 0


def is_beyond_marks(event: Event, *, now: datetime) -> bool:
    """What waited for so long that nobody can tell any more whether it was counted: it is not."""
    return _seconds(now) >= event.began + MARKS_KEPT_FOR.total_seconds()


class Life(msgspec.Struct, frozen=True, array_like=True):
    """A browser that gave a sign of life after a while without one."""

    key: bytes
    at: int


@dataclass(frozen=True)
class Claim:
    """One event in a browser's own words, which may be anything."""

    type: Any = None
    receipt: Any = None
    at: Any = None
    value: Any = None


@dataclass(frozen=True)
class Report:
    """What one browser tells in one go, as far as it is believed. All events are of one tenant's runs."""

    tenant_id: str
    site_id: str
    events: tuple[Event, ...]
    lives: tuple[Life, ...] = ()


@dataclass(frozen=True)
class Judge:
    """Believes what its receipts bear out. A receipt of another tenant's is none, to whoever shows it."""

    receipts: Receipts
    tenant_id: str
    now: datetime

    def hear(self, claim: Claim) -> tuple[Event, Life | None]:
        """Raises NotTaken."""
        kind = _kind(claim.type)
        try:
            receipt = self.receipts.read(claim.receipt) if isinstance(claim.receipt, str) else None
        except Forged:
            receipt = None
        if receipt is None or receipt.tenant_id != self.tenant_id:
            raise NotTaken("bad_receipt")
        if not receipt.is_good(now=self.now):
            raise NotTaken("receipt_expired")
        at = min(self.now, max(receipt.began_at, _instant(claim.at, otherwise=self.now)))
        event = Event(
            kind,
            receipt.run_id,
            self.receipts.mark(receipt),
            began=_seconds(receipt.began_at),
            at=_seconds(at),
            browser=receipt.browser,
            variant=receipt.variant,
            value=_value(claim.value) if kind is Kind.CONVERTED else 0,
        )
        return event, Life(receipt.key, event.at) if receipt.is_wanted else None


def _kind(said: object) -> Kind:
    kind = _BY_NAME.get(said) if isinstance(said, str) else None
    if kind is None:
        raise NotTaken("unknown_type")
    return kind


def _instant(said: object, *, otherwise: datetime) -> datetime:
    """A device's clock may be wrong, which is no reason not to count; what is no instant at all is somebody's bug."""
    if said is None:
        return otherwise
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) and len(said) <= _LONGEST_INSTANT else None
        return from_milliseconds(in_milliseconds(at)) if at is not None and at.tzinfo else _no_instant()
    except (ValueError, OverflowError, OSError):
        return _no_instant()


def _no_instant() -> datetime:
    raise NotTaken("bad_instant")


def _value(said: object) -> int:
    if said is None:
        return 0
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= LARGEST_VALUE:
        raise NotTaken("bad_value")
    return round(said * _IN_A_VALUE)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


# --- Figures: sums under short names, so that a row with all of them stays small ---

_LETTERS = {
    Kind.DISPLAYED: "d",
    Kind.CLICKED: "c",
    Kind.DISMISSED: "x",
    Kind.UNSUBSCRIBED: "u",
    Kind.CONVERTED: "v",
}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_WORTH = "w"  # the sum of values, beside `n`


def figures_of(events: Iterable[Event]) -> dict[str, int]:
    """`n:c` are all clicks, `b1:c` those in Chrome, `v2:c` the second variant's, `h17:c` the eighteenth hour's."""
    found: dict[str, int] = {}
    for event in events:
        for name, number in figures_of_one(event).items():
            found[name] = found.get(name, 0) + number
    return found


def figures_of_one(event: Event) -> dict[str, int]:
    letter = _LETTERS[event.kind]
    found = {f"n:{letter}": 1, f"b{event.browser}:{letter}": 1}
    if event.variant:
        found[f"v{event.variant}:{letter}"] = 1
    hour = event.at // _HOUR_SECONDS - event.began // _HOUR_SECONDS
    if hour < HOURS_COUNTED:
        found[f"h{hour}:{letter}"] = 1
    if event.value:
        found[f"n:{_WORTH}"] = event.value
    return found


By = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Figures:
    """Sums of all rows of a run. Inner names are kinds; an hour is named by its beginning."""

    told: Mapping[Kind, int] = field(default_factory=dict)
    value: float = 0.0
    by_browser: By = field(default_factory=dict)
    by_variant: By = field(default_factory=dict)
    by_hour: By = field(default_factory=dict)

    def count(self, kind: Kind) -> int:
        return self.told.get(kind, 0)


def read_figures(rows: Iterable[Mapping[str, int]], *, began_at: datetime) -> Figures:
    """What it does not know is left out: newer code may count what this does not."""
    sums: dict[str, int] = {}
    for row in rows:
        for name, number in row.items():
            sums[name] = sums.get(name, 0) + number
    first_hour = _seconds(began_at) // _HOUR_SECONDS
    groups: dict[str, By] = {"b": {}, "v": {}, "h": {}}
    for name, number in sorted(sums.items()):
        group, _, letter = name.partition(":")
        kind, place = _KINDS.get(letter), group[1:]
        if kind is not None and group[:1] in groups and place.isdigit():
            spelled = _spelled(group[0], int(place), first_hour)
            inner = groups[group[0]].setdefault(spelled, {})
            inner[kind.value] = inner.get(kind.value, 0) + number
    return Figures(
        told={kind: sums.get(f"n:{letter}", 0) for letter, kind in _KINDS.items()},
        value=sums.get(f"n:{_WORTH}", 0) / _IN_A_VALUE,
        by_browser=groups["b"],
        by_variant=groups["v"],
        by_hour=dict(sorted(groups["h"].items())),
    )


def _spelled(group: str, place: int, first_hour: int) -> str:
    match group:
        case "b":
            return BROWSERS[place] if place < len(BROWSERS) else BROWSERS[0]
        case "h":
            return _hour(first_hour + place)
    return str(place)


def _hour(number: int) -> str:
    return datetime.fromtimestamp(number * _HOUR_SECONDS, UTC).strftime("%Y-%m-%dT%H:00:00Z")
