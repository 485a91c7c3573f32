"""Our own one-time code, whatever provider it stands for: counted before it is judged, and spent once."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from chalicelib.core import chance
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.oauth import Arrival, Profile
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.service.proof import MARK_BYTES

_MOST_ROUNDS = 8
A = TypeVar("A", bound=Arrival)


class ArrivalStore(Protocol[A]):
    def claim(self, arrival: A) -> None:
        """The first to bring this trip back. Raises Stale for every other."""
        ...

    def get(self, arrival_id: str) -> A | None:
        """As last written."""
        ...

    def prove(self, arrival: A, *, profile: Profile, expires_at: datetime) -> A:
        """Raises Stale."""
        ...

    def count_attempt(self, arrival: A, *, mark: str) -> A:
        """`mark` names this attempt. Raises Stale for all but one of those that count at once."""
        ...

    def spend(self, arrival: A) -> None:
        """Its code is good no more. Raises Stale for all but one."""
        ...


def counted(arrivals: ArrivalStore[A], arrival_id: str, *, now: datetime) -> A:
    """An attempt is counted before it is judged, so that guessing at once gains nothing."""
    for _ in range(_MOST_ROUNDS):
        arrival = arrivals.get(arrival_id)
        if arrival is None or not arrival.is_open(now):
            raise InvalidToken
        try:
            return arrivals.count_attempt(arrival, mark=new_mark())
        except Stale:
            continue
    raise Stale


def spend(arrivals: ArrivalStore[A], arrival: A) -> None:
    try:
        arrivals.spend(arrival)
    except Stale:
        raise InvalidToken from None


def new_mark() -> str:
    return chance.token(MARK_BYTES).hex()
