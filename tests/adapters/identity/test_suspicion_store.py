"""Suspicion's rows under races: no signal is lost, one block begins, and the later of two sign-ins sees the earlier."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core import clock, ids, suspicion
from chalicelib.core.errors import Stale
from chalicelib.core.suspicion import Block, Consequence
from chalicelib.features.identity.model.travel import Sighting
from chalicelib.features.identity.store.suspicion import BlockRows, ScoreRows, SightingRows
from tests.fakes.installation import Installation

pytestmark = pytest.mark.usefixtures("aws")

NOW = clock.now()


def block(subject: str = "key_1", **words: object) -> Block:
    made = Block(
        ids.new("blk"), "ten_1", subject, "enumeration", Consequence.BLOCK, NOW, NOW + timedelta(hours=1), {"a": "1"}
    )
    return replace(made, **words)  # type: ignore[arg-type]  # of many types


def test_what_is_put_is_what_is_read() -> None:
    made = block()
    assert BlockRows().put(made, now=NOW)
    assert BlockRows().standing("key_1") == BlockRows().get("ten_1", made.id) == made
    assert BlockRows().get("ten_2", made.id) is None
    assert BlockRows().standing("key_2") is None


def test_of_eight_at_once_one_block_begins(aws: Installation) -> None:
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda _: BlockRows().put(block(), now=NOW), range(8)))
    assert begun.count(True) == 1
    assert len([row for row in aws.rows("core") if row["sk"].startswith("BLOCK#")]) == 1


def test_the_next_may_begin_when_one_is_over_or_has_stood_for_a_minute() -> None:
    rows = BlockRows()
    assert rows.put(block(until=NOW + timedelta(seconds=2)), now=NOW)
    assert not rows.put(block(), now=NOW + timedelta(seconds=1))
    assert rows.put(block(), now=NOW + timedelta(seconds=2))
    assert not rows.put(block(), now=NOW + timedelta(seconds=59))
    assert rows.put(block(), now=NOW + timedelta(minutes=1))


def test_a_lifted_block_stands_in_the_list_only_and_never_takes_another_along() -> None:
    rows, first, second = BlockRows(), block(), block(since=NOW + timedelta(minutes=2))
    rows.put(first, now=NOW)
    rows.put(second, now=NOW + timedelta(minutes=2))
    rows.lift(first, by="usr_1", now=NOW)
    assert rows.standing("key_1") == second
    rows.lift(second, by="usr_1", now=NOW)
    assert rows.standing("key_1") is None
    with pytest.raises(Stale):
        rows.lift(second, by="usr_2", now=NOW)
    page = rows.of_tenant("ten_1", limit=10, position=None)
    assert [(found.id, found.lifted_by) for found in page.rows] == sorted(
        [(first.id, "usr_1"), (second.id, "usr_1")], reverse=True
    )


def test_of_signals_at_once_none_is_lost_and_alike_ones_are_one() -> None:
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda number: ScoreRows().add(suspicion.SITES, "usr_1", {f"m{number % 4}": NOW}, now=NOW), range(8)
            )
        )
    assert ScoreRows().add(suspicion.SITES, "usr_1", {"m0": NOW}, now=NOW) == 4


def test_signals_expire_one_by_one_and_go_with_their_consequence() -> None:
    rows, rule = ScoreRows(), suspicion.SITES
    rows.add(rule, "usr_1", {"a": NOW}, now=NOW)
    later = NOW + timedelta(minutes=6)
    assert rows.add(rule, "usr_1", {"b": later}, now=later) == 2
    assert rows.add(rule, "usr_1", {"c": later}, now=NOW + timedelta(minutes=11)) == 2
    rows.forget(rule, "usr_1")
    assert rows.add(rule, "usr_1", {"d": later}, now=later) == 1


def test_a_row_of_signals_does_not_grow_for_ever() -> None:
    rule = suspicion.SITES.scaled(1000)
    ScoreRows().add(rule, "usr_1", {f"m{number}": NOW for number in range(600)}, now=NOW)
    assert ScoreRows().add(rule, "usr_1", {"one more": NOW}, now=NOW) == 600


def test_of_two_sign_ins_at_once_the_later_sees_the_earlier() -> None:
    SightingRows().replace("usr_1", Sighting("DE", NOW))
    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda country: SightingRows().replace("usr_1", Sighting(country, NOW)), ("BR", "JP")))
    countries = sorted(before.country for before in seen if before is not None)
    assert countries in (["BR", "DE"], ["DE", "JP"])
