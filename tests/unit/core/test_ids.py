"""Public ids: shape, order and the refusal of everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import ids
from chalicelib.core.clock import from_milliseconds
from tests.fakes.clock import ManualClock


def test_an_id_says_its_kind_and_is_known_again() -> None:
    fresh = ids.new("site")
    assert fresh.startswith("site_")
    assert len(fresh) == len("site_") + 26
    assert ids.is_id(fresh, "site")
    assert not ids.is_id(fresh, "cmp")


def test_ids_sort_by_birth(clock: ManualClock) -> None:
    born = []
    for _ in range(50):
        born.append(ids.new("run"))
        clock.advance(milliseconds=1)
    assert born == sorted(born)


def test_two_ids_of_one_instant_differ(clock: ManualClock) -> None:
    assert len({ids.ulid() for _ in range(1_000)}) == 1_000


def test_a_ulid_carries_its_millisecond(clock: ManualClock) -> None:
    number = 0
    for letter in ids.ulid():
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(letter)
    assert from_milliseconds(number >> 80) == clock.now()


@pytest.mark.parametrize(
    "impostor",
    [
        "",
        "site_",
        "site_01j000000000000000000000",  # too short
        "site_01j00000000000000000000000000",  # too long
        "site_01J00000000000000000000000",  # upper case
        "site_01i00000000000000000000000",  # a letter that Crockford left out
        "site_01j0000000000000000000000\n",
        "site_01j00000000000000000000000\n",
        "site_\u0660\u0661j00000000000000000000000",
        "sitex01j00000000000000000000000",
        "site_01j0000000000000000#RUN#00",
        "cmp_01j00000000000000000000000",
    ],
)
def test_what_cannot_be_an_id_is_none(impostor: str) -> None:
    assert not ids.is_id(impostor, "site")


@given(st.text())
def test_no_text_breaks_the_check(text: str) -> None:
    assert not ids.is_id(text, "a")


@given(st.binary(min_size=16, max_size=16))
def test_an_id_is_sixteen_bytes_and_back(raw: bytes) -> None:
    spelled = ids.of_raw("run", raw)
    assert ids.is_id(spelled, "run")
    assert ids.raw(spelled) == raw
