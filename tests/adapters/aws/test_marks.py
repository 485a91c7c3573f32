"""An envelope says under which key of the installation it stands, to who may not open it (SECURITY 14)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.aws.envelope import MARK_BYTES, Tampered, is_stale, mark, mark_of, seal, unseal
from chalicelib.core.errors import Unavailable
from tests.adapters.aws.faults import Faults
from tests.fakes.keyring import Keyring, seal_without_mark

HERE = {"tenant": "ten_1", "site": "site_1", "key": "vk_1"}
ELSEWHERE = HERE | {"tenant": "ten_2"}
SECRET = bytes(range(32))
Seal = Callable[[bytes, dict[str, str]], bytes]


def test_it_names_its_key_and_opens_nothing_for_it(keyring: Keyring) -> None:
    sealed = seal(SECRET, HERE)
    keyring.replace()
    anew = seal(SECRET, HERE)
    keyring.lock(keyring.first)
    keyring.lock(keyring.second)
    with Faults() as faults:
        assert (mark(sealed), mark(anew)) == (mark_of(keyring.first), mark_of(keyring.second))
        assert (is_stale(sealed), is_stale(anew)) == (True, False)
        assert faults.calls == []


def test_both_open_while_one_key_is_replaced_by_another(keyring: Keyring) -> None:
    sealed = seal(SECRET, HERE)
    keyring.replace()
    assert unseal(sealed, HERE) == unseal(seal(SECRET, HERE), HERE) == SECRET


def test_with_one_key_nothing_is_stale(keyring: Keyring) -> None:
    assert not any(map(is_stale, (seal(SECRET, HERE), seal_without_mark(SECRET, HERE))))


def test_who_goes_back_finds_stale_what_the_newer_key_sealed(keyring: Keyring) -> None:
    sealed = seal(SECRET, HERE)
    keyring.replace()
    anew = seal(SECRET, HERE)
    keyring.go_back()
    assert (is_stale(sealed), is_stale(anew)) == (False, True)


def test_from_before_there_were_marks_it_opens_as_ever(keyring: Keyring) -> None:
    sealed = seal_without_mark(SECRET, HERE)
    assert unseal(sealed, HERE) == SECRET
    assert mark(sealed) == b""
    keyring.replace()
    assert unseal(sealed, HERE) == SECRET
    assert is_stale(sealed)  # it may be: it does not say


@pytest.mark.parametrize("make", [seal, seal_without_mark])
def test_of_either_layout_no_byte_can_be_changed_left_out_or_added(keyring: Keyring, make: Seal) -> None:
    sealed = make(SECRET, HERE)
    assert unseal(sealed, HERE) == SECRET
    for position in range(len(sealed)):
        for flip in (0x01, 0x03, 0xFF):
            forged = bytearray(sealed)
            forged[position] ^= flip
            with pytest.raises((Tampered, Unavailable)):  # of a key id that moto does not know it says: no access
                unseal(bytes(forged), HERE)
        with pytest.raises(Tampered):
            unseal(sealed[:position], HERE)
    with pytest.raises(Tampered):
        unseal(sealed + b"\0", HERE)


@pytest.mark.parametrize("make", [seal, seal_without_mark])
def test_of_either_layout_none_opens_elsewhere(keyring: Keyring, make: Seal) -> None:
    sealed = make(SECRET, HERE)
    unseal(sealed, HERE)  # its data key is in memory now
    for elsewhere in (ELSEWHERE, HERE | {"key": "vk_2"}, HERE | {"site": "site_2"}, {}):
        with pytest.raises(Tampered):
            unseal(sealed, elsewhere)


def test_a_mark_of_another_key_is_noticed(keyring: Keyring) -> None:
    """Else whoever may write rows could have stale ones passed over."""
    sealed = seal(SECRET, HERE)
    unseal(sealed, HERE)
    forged = sealed[:1] + mark_of(keyring.second) + sealed[1 + MARK_BYTES :]
    assert mark(forged) == mark_of(keyring.second)
    with pytest.raises(Tampered):
        unseal(forged, HERE)


def test_a_layout_is_not_taken_for_the_other(keyring: Keyring) -> None:
    marked, unmarked = seal(SECRET, HERE), seal_without_mark(SECRET, HERE)
    unseal(marked, HERE), unseal(unmarked, HERE)
    for forged in (
        b"\x01" + marked[1 + MARK_BYTES :],
        b"\x02" + mark_of(keyring.first) + unmarked[1:],
        b"\x03" + marked[1:],
        b"",
    ):
        with pytest.raises(Tampered):
            unseal(forged, HERE)


@pytest.mark.parametrize("bytes_", [b"", b"\x02", b"\x02" + bytes(9), b"\x01\xff\xff", b"sealed", bytes(100)])
def test_what_is_no_envelope_has_no_mark(bytes_: bytes) -> None:
    with pytest.raises(Tampered):
        mark(bytes_)


def test_a_key_that_is_switched_off_is_a_fault_of_ours(keyring: Keyring) -> None:
    sealed = seal(SECRET, HERE)
    keyring.lock(keyring.first)
    with pytest.raises(Unavailable):
        unseal(sealed, HERE)
    keyring.unlock()
    assert unseal(sealed, HERE) == SECRET
