"""Attempts at a one-time code, counted one by one however many come at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.oauth import Arrival, Profile
from chalicelib.features.identity.service.arrivals import counted
from tests.unit.identity.house import NOW

WHO = Profile("google", "https://accounts.google.com", "1", "ada@example.com")


class Rivalled:
    """A store in which others count at the same moment, so many times."""

    def __init__(self, rivals: int) -> None:
        self.arrival = Arrival("trip_1", NOW + timedelta(minutes=2), profile=WHO)
        self.rivals = rivals

    def get(self, _arrival_id: str) -> Arrival:
        return self.arrival

    def count_attempt(self, arrival: Arrival, *, mark: str) -> Arrival:
        if self.rivals:
            self.rivals -= 1
            raise Stale
        return arrival


def count(rivals: int) -> Any:
    return counted(Rivalled(rivals), "trip_1", now=NOW)  # type: ignore[arg-type]  # no more of a store than is asked


def test_who_is_outrun_looks_again() -> None:
    assert count(rivals=7).id == "trip_1"


def test_who_is_outrun_for_ever_is_told_so() -> None:
    with pytest.raises(Stale):
        count(rivals=8)
