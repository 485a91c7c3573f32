"""Cursors: opaque, bound to one list of one tenant, and never more than a clear refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.encoding import b64url, unb64url
from chalicelib.core.paging import BadCursor, Cursors

SITES_OF_ADA = Cursors(secret=b"installation", scope="ten_ada:sites")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_position_comes_back(position: str) -> None:
    sealed = SITES_OF_ADA.seal(position)
    assert sealed is not None
    assert SITES_OF_ADA.open(sealed) == position


def test_the_end_has_no_cursor_and_the_start_needs_none() -> None:
    assert SITES_OF_ADA.seal(None) is None
    assert SITES_OF_ADA.open(None) is None
    assert SITES_OF_ADA.open("") is None


@pytest.mark.parametrize(
    "other",
    [
        Cursors(secret=b"installation", scope="ten_cyd:sites"),
        Cursors(secret=b"installation", scope="ten_ada:campaigns"),
        Cursors(secret=b"another", scope="ten_ada:sites"),
    ],
)
def test_a_cursor_belongs_to_one_list_of_one_tenant(other: Cursors) -> None:
    sealed = other.seal("SITE#1")
    with pytest.raises(BadCursor):
        SITES_OF_ADA.open(sealed)


def test_every_flipped_bit_is_noticed() -> None:
    sealed = SITES_OF_ADA.seal("SITE#site_1")
    assert sealed is not None
    raw = unb64url(sealed)
    for bit in range(len(raw) * 8):
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadCursor):
            SITES_OF_ADA.open(b64url(bytes(forged)))


@pytest.mark.parametrize("garbage", ["a", "x" * 1024, "====", "é", "AAAA", "%00", "null"])
def test_garbage_is_a_clear_refusal(garbage: str) -> None:
    with pytest.raises(BadCursor) as refused:
        SITES_OF_ADA.open(garbage)
    assert refused.value.facts["errors"] == [{"pointer": "/cursor", "detail": BadCursor.title}]
