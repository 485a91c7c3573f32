"""A receipt: whatever comes back under one is exactly what went out with it, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from chalicelib.core.encoding import b64url, unb64url
from chalicelib.core.receipts import Forged, Receipt, Receipts, Told
from tests.fuzz.targets.spoiling import spoiled
from tests.fuzz.targets.target import Target

OURS, THEIRS = Receipts(b"an installation's"), Receipts(b"another's")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_TENANTS = tuple(f"ten_{digit * 26}" for digit in "17")
_RUNS = tuple(f"run_{digit * 26}" for digit in "26")
_KEYS = (bytes(16), b"\xff" * 16, bytes(range(16)))
_TOLD = (Told(), Told(browser=4, is_wanted=True, variant=255))
_PIECES = (*"=-_+/%.é\0 A", "==", "AAAA", "%00", "1", "\ud800")

Reading = Callable[[str], Receipt]


def _made(by: Receipts) -> dict[str, tuple[str, str, bytes, Told]]:
    return {
        by.mint(tenant_id=tenant, run_id=run, began_at=AT).receipt(key, told).decode(): (tenant, run, key, told)
        for tenant in _TENANTS
        for run in _RUNS
        for key in _KEYS
        for told in _TOLD
    }


GENUINE, FOREIGN = _made(OURS), _made(THEIRS)
_texts = st.sampled_from(list(GENUINE))


@st.composite
def _grafted(draw: st.DrawFn) -> str:
    """What one says under another's signature, cut anywhere."""
    one, other = unb64url(draw(_texts)), unb64url(draw(_texts))
    at = draw(st.integers(0, len(one)))
    return b64url(one[:at] + other[at:])


@st.composite
def _flipped(draw: st.DrawFn) -> str:
    raw = bytearray(unb64url(draw(_texts)))
    raw[draw(st.integers(0, len(raw) - 1))] ^= 1 << draw(st.integers(0, 7))
    return b64url(bytes(raw))


def target(reads: Reading = OURS.read) -> Target:
    def holds(example: Any) -> None:
        try:
            found = reads(example)
        except Forged:
            assert example not in GENUINE, "one of ours was refused"
            return
        assert example in GENUINE, "it was read, and we have not made it"
        tenant, run, key, told = GENUINE[example]
        assert (found.tenant_id, found.run_id, found.key) == (tenant, run, key), "it says something else"
        assert (found.browser, found.variant, found.is_wanted, found.began_at) == (
            told.browser,
            told.variant,
            told.is_wanted,
            AT,
        )

    spoilt = spoiled(list(GENUINE), _PIECES)
    anything = st.binary(min_size=72, max_size=72).map(b64url) | st.text(max_size=100)
    return Target(
        "receipt", _texts | st.sampled_from(list(FOREIGN)) | spoilt | _grafted() | _flipped() | anything, holds
    )
