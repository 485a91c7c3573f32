"""argon2id as it really runs: OWASP's parameters, and hashes that can be brought up to them later (SECURITY 7)."""

from __future__ import annotations

from argon2 import extract_parameters
from argon2.low_level import Type

from chalicelib.features.identity.adapters.passwords import Argon2

CHEAP = Argon2(memory_kib=8, passes=1)


def test_the_real_parameters() -> None:
    real = Argon2()
    for hashed in (real.hash("correct horse"), real.decoy):
        parameters = extract_parameters(hashed)
        assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
            Type.ID,
            19_456,
            2,
            1,
        )
        assert (parameters.salt_len, parameters.hash_len) == (16, 32)


def test_a_hash_knows_its_password() -> None:
    hashed = CHEAP.hash("correct horse")
    assert CHEAP.verify(hashed, "correct horse")
    assert not CHEAP.verify(hashed, "correct horsf")
    assert CHEAP.hash("correct horse") != hashed
    assert CHEAP.verify(CHEAP.hash("nul\0 and 店"), "nul\0 and 店")


def test_a_decoy_costs_what_a_hash_costs_and_knows_no_password() -> None:
    assert not CHEAP.verify(CHEAP.decoy, "")
    assert len(CHEAP.decoy) == len(CHEAP.hash("x"))
    assert Argon2(memory_kib=8, passes=1).decoy != CHEAP.decoy


def test_what_is_no_hash_matches_nothing() -> None:
    for garbage in ("", "x", "$argon2id$v=19$m=8,t=1,p=1$short", "$2b$12$bcrypt"):
        assert not CHEAP.verify(garbage, "x")


def test_an_older_hash_still_verifies_and_is_outdated() -> None:
    newer = Argon2(memory_kib=16, passes=1)
    old = CHEAP.hash("correct horse")
    assert newer.verify(old, "correct horse")
    assert newer.is_outdated(old)
    assert not newer.is_outdated(newer.hash("correct horse"))
