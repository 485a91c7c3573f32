"""Receipts: what they carry comes back, and nothing else passes for one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import ids
from chalicelib.core.receipts import BROWSERS, GOOD_FOR, LENGTH, Forged, Receipts, Told

RECEIPTS = Receipts(b"pepper")
BEGAN_AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TENANT, OTHER = (f"ten_01kjmv5dz000000000000000{letter}a" for letter in "xy")
RUN = "run_01kjmv5dz0000000000000000b"
KEY = bytes(range(16))


def mint(told: Told = Told(), *, key: bytes = KEY, tenant_id: str = TENANT, run_id: str = RUN) -> str:  # noqa: B008
    return RECEIPTS.mint(tenant_id=tenant_id, run_id=run_id, began_at=BEGAN_AT).receipt(key, told).decode()


TEXT = mint(Told(browser=2, is_wanted=True, variant=7))


def test_what_goes_in_comes_out() -> None:
    receipt = RECEIPTS.read(TEXT)
    assert (receipt.tenant_id, receipt.run_id, receipt.key) == (TENANT, RUN, KEY)
    assert (receipt.browser_name, receipt.is_wanted, receipt.variant) == ("firefox", True, 7)
    assert receipt.began_at == BEGAN_AT
    assert len(TEXT) == LENGTH


@given(
    st.binary(min_size=16, max_size=16),
    st.builds(Told, st.integers(0, 255), st.booleans(), st.integers(0, 255)),
    st.integers(0, 2**128 - 1),
)
def test_whatever_goes_in_comes_out(key: bytes, told: Told, run: int) -> None:
    receipt = RECEIPTS.read(mint(told, key=key, run_id=ids.of_raw("run", run.to_bytes(16))))
    assert (receipt.key, receipt.browser, receipt.is_wanted, receipt.variant) == (key, *told)
    assert ids.raw(receipt.run_id) == run.to_bytes(16)


def test_it_is_an_ordinary_hmac_of_an_ordinary_layout() -> None:
    """As anybody would compute it from the description."""
    import hashlib
    import hmac
    import struct

    signed = struct.pack(">B16s16s16sBBBI", 1, ids.raw(TENANT), ids.raw(RUN), KEY, 2, 7, 1, int(BEGAN_AT.timestamp()))
    key = hashlib.sha256(b"receipt\0pepper").digest()
    mac = hmac.new(key, signed, "sha256").digest()[:16]
    assert base64.urlsafe_b64encode(signed + mac).decode() == TEXT
    mark_key = hashlib.sha256(b"receipt mark\0pepper").digest()
    whose = ids.raw(TENANT) + ids.raw(RUN) + KEY
    assert RECEIPTS.mark(RECEIPTS.read(TEXT)) == hmac.digest(mark_key, whose, "sha256")[:16]


@pytest.mark.parametrize("place", range(72))
def test_not_one_bit_may_be_changed(place: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TEXT))
    for bit in range(8):
        raw[place] ^= 1 << bit
        with pytest.raises(Forged):
            RECEIPTS.read(base64.urlsafe_b64encode(raw).decode())
        raw[place] ^= 1 << bit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A" * LENGTH,
        TEXT[:-1],
        TEXT[:48],
        TEXT + "A",
        TEXT + "=",
        TEXT[:-1] + "=",
        TEXT[:-4] + "====",
        " " + TEXT[1:],
        TEXT[:-1] + "\n",
        TEXT[:-1] + "é",
        TEXT.replace("_", "/").replace("-", "+") if set("_-") & set(TEXT) else "/" + TEXT[1:],
        "\0" * LENGTH,
        "Ā" * LENGTH,
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(Forged):
        RECEIPTS.read(text)


@given(
    st.text(max_size=200) | st.binary(min_size=72, max_size=72).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
def test_nobody_makes_one_up(text: str) -> None:
    with pytest.raises(Forged):
        RECEIPTS.read(text)


def test_another_installation_reads_none_of_ours() -> None:
    with pytest.raises(Forged):
        Receipts(b"other pepper").read(TEXT)


def test_it_is_good_until_a_month_after_its_run_may_have_ended() -> None:
    receipt = RECEIPTS.read(TEXT)
    assert receipt.is_good(now=BEGAN_AT + GOOD_FOR - timedelta(seconds=1))
    assert not receipt.is_good(now=BEGAN_AT + GOOD_FOR)


def test_a_browser_of_tomorrow_is_unknown_today() -> None:
    assert RECEIPTS.read(mint(Told(browser=len(BROWSERS)))).browser_name == "unknown"
    assert RECEIPTS.read(mint(Told(browser=255))).browser_name == "unknown"


def test_a_mark_tells_recipients_and_runs_apart_and_nothing_else() -> None:
    def mark(text: str, receipts: Receipts = RECEIPTS) -> bytes:
        return receipts.mark(RECEIPTS.read(text))

    assert mark(TEXT) == mark(mint()), "whatever else was known of the browser at the time"
    others = {
        mark(mint(key=bytes(16))),
        mark(mint(run_id="run_01kjmv5dz0000000000000000c")),
        mark(mint(tenant_id=OTHER)),
        mark(TEXT, Receipts(b"other pepper")),
    }
    assert len(others | {mark(TEXT)}) == 5
    assert {len(one) for one in others} == {16}


@pytest.mark.parametrize(
    "bad", ["", "ten_", "ten_ada", TENANT[:-1], TENANT + "0", "ten_8" + TENANT[5:], TENANT.upper()]
)
def test_what_is_no_id_gets_no_receipt(bad: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        mint(tenant_id=bad)
