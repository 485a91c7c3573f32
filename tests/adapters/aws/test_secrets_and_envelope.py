"""Secrets by name, and envelopes that open in their own place only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.aws import envelope, secrets
from chalicelib.aws.clients import client
from chalicelib.aws.envelope import Tampered, seal, unseal
from chalicelib.core.errors import Unavailable
from infra.local import aws as local_aws
from tests.adapters.aws.faults import Faults
from tests.conftest import PREFIX
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation

HERE = {"tenant": "ten_1", "site": "site_1", "key": "vk_1"}
PRIVATE_KEY = bytes(range(32))
PEPPER = f"/{PREFIX}/pepper"


@pytest.fixture(autouse=True)
def nothing_remembered(aws: Installation) -> Iterator[None]:
    secrets.forget()
    envelope._opened.clear()
    yield
    secrets.forget()


# --- secrets ---


def test_a_secret_is_fetched_by_name_and_decrypted() -> None:
    assert secrets.secret(PEPPER) == "test-pepper"


def test_a_secret_is_asked_for_once_in_five_minutes(faults: Faults, clock: ManualClock) -> None:
    for _ in range(3):
        secrets.secret(PEPPER)
    assert faults.calls == ["ssm.GetParameter"]
    clock.advance(minutes=4, seconds=59)
    secrets.secret(PEPPER)
    assert len(faults.calls) == 1
    clock.advance(seconds=1)
    secrets.secret(PEPPER)
    assert len(faults.calls) == 2


def test_a_rotated_secret_arrives(clock: ManualClock) -> None:
    secrets.secret(PEPPER)
    ssm = local_aws.client("ssm")
    ssm.put_parameter(Name=PEPPER, Value="fresh", Type="SecureString", Overwrite=True)
    try:
        assert secrets.secret(PEPPER) == "test-pepper"
        clock.advance(minutes=5)
        assert secrets.secret(PEPPER) == "fresh"
    finally:
        ssm.put_parameter(Name=PEPPER, Value="test-pepper", Type="SecureString", Overwrite=True)


def test_a_secret_that_is_not_there_or_does_not_answer_is_a_fault_of_ours(faults: Faults) -> None:
    with pytest.raises(Unavailable):
        secrets.secret("/nowhere")
    faults.reject("ssm.GetParameter", times=10)
    with pytest.raises(Unavailable):
        secrets.secret(PEPPER)
    faults.silence("ssm.GetParameter", times=10)
    with pytest.raises(Unavailable):
        secrets.secret(PEPPER)


# --- envelopes ---


def test_what_is_sealed_opens_in_its_place() -> None:
    for plaintext in (PRIVATE_KEY, b"", b"x" * 100_000):
        assert unseal(seal(plaintext, HERE), HERE) == plaintext


def test_two_seals_of_one_secret_have_nothing_in_common() -> None:
    first, second = seal(PRIVATE_KEY, HERE), seal(PRIVATE_KEY, HERE)
    assert first != second
    assert PRIVATE_KEY not in first


@pytest.mark.parametrize(
    "elsewhere",
    [
        HERE | {"tenant": "ten_2"},
        HERE | {"site": "site_2"},
        HERE | {"key": "vk_2"},
        {"tenant": "ten_1", "site": "site_1"},
        HERE | {"more": ""},
        {},
        {"key": 'vk_1","site":"site_1', "tenant": "ten_1"},
    ],
)
def test_moved_elsewhere_it_is_noise(elsewhere: dict[str, str]) -> None:
    sealed = seal(PRIVATE_KEY, HERE)
    with pytest.raises(Tampered):
        unseal(sealed, elsewhere)
    assert unseal(sealed, HERE) == PRIVATE_KEY
    with pytest.raises(Tampered):  # nor does the data key that is remembered by now open it there
        unseal(sealed, elsewhere)


def test_every_flipped_byte_fails() -> None:
    sealed = seal(PRIVATE_KEY, HERE)
    unseal(sealed, HERE)
    for position in range(len(sealed)):
        forged = bytearray(sealed)
        forged[position] ^= 0xFF
        with pytest.raises(Tampered):
            unseal(bytes(forged), HERE)


def test_every_cut_and_every_addition_fails() -> None:
    sealed = seal(PRIVATE_KEY, HERE)
    for length in range(len(sealed)):
        with pytest.raises(Tampered):
            unseal(sealed[:length], HERE)
    with pytest.raises(Tampered):
        unseal(sealed + b"\0", HERE)


def test_pieces_of_two_envelopes_do_not_fit_together() -> None:
    first, second = seal(PRIVATE_KEY, HERE), seal(PRIVATE_KEY, HERE)
    half = len(first) - len(PRIVATE_KEY) - 16 - 12
    with pytest.raises(Tampered):
        unseal(first[:half] + second[half:], HERE)


def test_a_data_key_is_kept_for_five_minutes(faults: Faults, clock: ManualClock) -> None:
    sealed = seal(PRIVATE_KEY, HERE)
    for _ in range(3):
        unseal(sealed, HERE)
    assert faults.calls.count("kms.Decrypt") == 1
    clock.advance(minutes=5)
    unseal(sealed, HERE)
    assert faults.calls.count("kms.Decrypt") == 2


def test_no_more_than_a_thousand_data_keys_are_kept(clock: ManualClock) -> None:
    for number in range(1_000):
        envelope._opened[bytes([number % 256, number // 256]), b""] = (clock.now(), b"")
    unseal(seal(PRIVATE_KEY, HERE), HERE)
    assert len(envelope._opened) == 1


def test_a_key_service_that_does_not_answer_is_a_fault_of_ours(faults: Faults) -> None:
    sealed = seal(PRIVATE_KEY, HERE)
    for plant in (faults.reject, faults.silence):
        plant("kms.Decrypt", times=10)
        with pytest.raises(Unavailable):
            unseal(sealed, HERE)
        plant("kms.GenerateDataKey", times=10)
        with pytest.raises(Unavailable):
            seal(PRIVATE_KEY, HERE)
        faults.clear()


@pytest.mark.parametrize("code", ["DisabledException", "AccessDeniedException", "ThrottlingException"])
def test_a_key_that_is_switched_off_is_a_fault_of_ours(faults: Faults, code: str) -> None:
    sealed = seal(PRIVATE_KEY, HERE)
    faults.fail("kms.Decrypt", code)
    with pytest.raises(Unavailable):
        unseal(sealed, HERE)
    assert unseal(sealed, HERE) == PRIVATE_KEY


def test_a_key_service_whose_answer_got_lost_is_asked_again(faults: Faults) -> None:
    faults.silence("kms.GenerateDataKey", times=2)
    faults.silence("kms.Decrypt", times=3)
    assert unseal(seal(PRIVATE_KEY, HERE), HERE) == PRIVATE_KEY


def test_one_client_is_made_of_each() -> None:
    assert client("kms") is client("kms")
