"""The cursor of a page: it opens where it was sealed, for that list of that account, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from chalicelib.core.encoding import b64url, unb64url
from chalicelib.core.paging import BadCursor, Cursors
from tests.fuzz.targets.spoiling import spoiled
from tests.fuzz.targets.target import Target

_ADA, _CYD = (f"ten_{letter * 26}" for letter in "ac")
_SECRET = b"an installation's"
_LISTS = (
    *((_SECRET, f"{tenant}/{of}") for tenant in (_ADA, _CYD) for of in ("sites", "audit/entries", "audit/exports")),
    (_SECRET, f"{_ADA}/"),
    (_SECRET, _ADA),
    (b"another's", f"{_ADA}/sites"),
)
_POSITIONS = ("SITE#site_1", "SITE#site_2", "0", "é", "\0", "", "a" * 200, '{"pk":"T#1","sk":"S#1"}')
_PIECES = (*"=-_+/%.é\0 A", "==", "AAAA", "%00", "null", "\ud800")
_MAC_BYTES = 12

Opening = Callable[[bytes, str, str], str | None]


def open_(secret: bytes, scope: str, cursor: str) -> str | None:
    return Cursors(secret=secret, scope=scope).open(cursor)


def seal(secret: bytes, scope: str, position: str) -> str:
    cursor = Cursors(secret=secret, scope=scope).seal(position)
    assert cursor is not None
    return cursor


_GENUINE = {(where, position): seal(*where, position) for where in _LISTS for position in _POSITIONS}
_cursors = st.sampled_from(list(_GENUINE.values()))


@st.composite
def _grafted(draw: st.DrawFn) -> str:
    """The signature of one with the position of another, cut or kept whole."""
    one, other = unb64url(draw(_cursors)), unb64url(draw(_cursors))
    kept = draw(st.integers(0, _MAC_BYTES))
    return b64url(one[:kept] + other[draw(st.sampled_from((kept, _MAC_BYTES))) :])


@st.composite
def _flipped(draw: st.DrawFn) -> str:
    raw = bytearray(unb64url(draw(_cursors)))
    raw[draw(st.integers(0, len(raw) - 1))] ^= 1 << draw(st.integers(0, 7))
    return b64url(bytes(raw))


def target(opens: Opening = open_) -> Target:
    def holds(example: Any) -> None:
        where, cursor = example
        secret, scope = where
        own = {position for (place, position) in _GENUINE if place == where}
        try:
            position = opens(secret, scope, cursor)
        except BadCursor:
            assert cursor not in {_GENUINE[where, each] for each in own}, "its own was refused"
            return
        if not cursor:
            assert position is None, "without one it is the first page"
            return
        assert position in own, "it opened a page that nobody sealed"
        assert unb64url(cursor) == unb64url(_GENUINE[where, position]), "another's cursor opened"

    spoilt = spoiled(list(_GENUINE.values()), _PIECES)
    anything = st.binary(max_size=64).map(b64url) | st.text(max_size=100)
    return Target(
        "cursor", st.tuples(st.sampled_from(_LISTS), _cursors | spoilt | _grafted() | _flipped() | anything), holds
    )
