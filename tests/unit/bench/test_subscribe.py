"""The pieces of `make bench B=subscribe`: what is said of a run, and when it fails. No figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench._store_calls import Calls
from bench.peers.same_size import SameSize
from bench.subscribe import BAR, Found, Laps, bars_missed, figures_of

GET, PUT, SEND = "dynamodb.GetItem", "dynamodb.PutItem", "sqs.SendMessageBatch"


def laps(own_ms: float, *made: list[str]) -> Laps:
    """In which the store took as long again."""
    turns = made or ([],)
    return Laps([own_ms / 500] * len(turns), [own_ms / 1000] * len(turns), [Calls(list(each)) for each in turns])


def found(ours_ms: float = 3.0, calling_ms: float = 2.0, *made: list[str]) -> Found:
    return Found("events_1", ours=laps(ours_ms, *made), bare=laps(0.1), calling=laps(calling_ms))


def test_a_line_says_how_many_a_second_beside_whom_and_with_which_calls() -> None:
    line: Any = json.loads(json.dumps(figures_of([found(3.0, 2.0, [GET, GET, PUT, SEND])])))
    assert line["events_1"] == {
        "requests_per_s": 167,
        "bare_per_s": 5_000,
        "own_ms": 3.0,
        "x_bare": 30.0,
        "x_bare_with_calls": 1.5,
        "store_calls": 3,
        "calls": {"GetItem": 2, "PutItem": 1, SEND: 1},
    }


def test_a_share_of_the_sites_limit_is_asked_for_by_one_in_many_and_told_of_none() -> None:
    assert found(3.0, 2.0, [GET, PUT, PUT], [GET, PUT]).fewest.told == "GetItem PutItem"


@pytest.mark.parametrize(("ours_ms", "missed"), [(2 * BAR, 0), (2 * BAR + 0.1, 1)])
def test_the_bar_is_the_app_that_makes_as_many_calls(ours_ms: float, missed: int) -> None:
    assert len(bars_missed([found(ours_ms)])) == missed


def test_time_that_a_call_is_away_is_not_our_own() -> None:
    calls = Calls()
    calls.come_back()
    assert calls.away_seconds > 0


@pytest.mark.parametrize("answer_bytes", [40, 200, 5_000])
def test_the_bare_app_answers_as_many_bytes_as_ours(answer_bytes: int) -> None:
    done: list[str] = []
    peer = SameSize({"events": [1]}, answer_bytes=answer_bytes, meanwhile=lambda: done.append("a call"))
    assert len(peer.ask()) == answer_bytes
    assert done == ["a call"]


def test_a_bare_app_that_says_no_ends_the_measurement() -> None:
    with pytest.raises(RuntimeError, match="InternalServerError"):
        SameSize(None, answer_bytes=40).ask()
