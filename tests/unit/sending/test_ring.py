"""The ring: how a run is divided without anybody keeping a list."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.ring import FIRST, KEY_BYTES, LAST, Arc

POWERS = [1 << bits for bits in range(14)]
keys = some.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)


@pytest.mark.parametrize("batches", POWERS)
def test_arcs_cover_the_ring_once_and_without_a_gap(batches: int) -> None:
    arcs = [ring.arc(number, batches) for number in range(batches)]
    assert arcs[0].start == FIRST
    assert arcs[-1].end == LAST
    assert all(ring.after(one.end) == two.start for one, two in pairwise(arcs))


@pytest.mark.parametrize("batches", [power for power in POWERS if power >= 16])
def test_from_sixteen_batches_on_none_crosses_a_shard(batches: int) -> None:
    for number in range(batches):
        arc = ring.arc(number, batches)
        assert arc.start.hex()[0] == arc.end.hex()[0]


def test_an_arc_is_a_hash_prefix() -> None:
    assert ring.arc(5, 16) == Arc(bytes.fromhex("50" + "00" * 15), bytes.fromhex("5f" + "ff" * 15))


def test_after_the_last_key_comes_the_first() -> None:
    assert ring.after(FIRST) == bytes(15) + b"\x01"
    assert ring.after(bytes(15) + b"\xff") == bytes(14) + b"\x01\x00"
    assert ring.after(LAST) == FIRST


def test_spans_are_shares_of_the_ring() -> None:
    half = bytes.fromhex("80" + "00" * 15)
    assert ring.span(FIRST, LAST) == 1.0
    assert ring.span(half, LAST) == 0.5
    assert ring.span(half, bytes.fromhex("3f" + "ff" * 15)) == 0.75  # around the end
    assert ring.span(half, half) < 1e-30


@pytest.mark.parametrize(
    ("rows", "batches"),
    [
        (0, 1),
        (1, 1),
        (512, 1),
        (724, 1),
        (725, 2),
        (1_024, 2),
        (1_448, 2),
        (1_449, 4),
        (10_000, 16),
        (1_000_000, 2_048),
        (100_000_000, 262_144),
    ],
)
def test_the_number_of_batches_is_the_nearest_power_of_two(rows: int, batches: int) -> None:
    assert ring.batches_for(rows, 512) == batches


@given(some.floats(0, 1e9), some.integers(1, 2_048))
def test_a_batch_is_never_expected_to_be_much_larger_than_meant(rows: float, size: int) -> None:
    batches = ring.batches_for(rows, size)
    assert batches & (batches - 1) == 0
    assert rows / batches <= size * 1.42


@pytest.mark.parametrize("batches", POWERS)
def test_every_batch_is_woken_once(batches: int) -> None:
    assert sorted(ring.spread(batches)) == list(range(batches))


def test_the_order_is_the_number_read_backwards() -> None:
    assert list(ring.spread(1)) == [0]
    assert list(ring.spread(2)) == [0, 1]
    assert list(ring.spread(8)) == [0, 4, 2, 6, 1, 5, 3, 7]


def test_neighbours_in_time_are_in_different_partitions() -> None:
    """Sixteen in a row touch all sixteen shards of the audience, eight all eight partitions of the records."""
    order = list(ring.spread(2_048))
    for position in range(0, 2_048, 16):
        assert {number * 16 // 2_048 for number in order[position : position + 16]} == set(range(16))


@given(keys, some.sampled_from(POWERS))
def test_every_key_belongs_to_exactly_one_batch(key: bytes, batches: int) -> None:
    number = int.from_bytes(key) * batches >> 128
    arc = ring.arc(number, batches)
    assert arc.start <= key <= arc.end
