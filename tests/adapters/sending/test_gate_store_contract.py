"""What every store of gates must do: the real one over DynamoDB, and the chaos suite's in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.core import drive
from chalicelib.core.errors import FromTheFuture, Stale, Unavailable
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.store.gates import GateRows
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import ADA, AT, CYD
from tests.chaos.simulation import CALM, Simulation
from tests.unit.sending.scene import Gates

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

Store = GateRows | Gates

SITE = "site_01kjmv5dz0000000000000000b"
OTHER_SITE = "site_01kjmv5dz0000000000000000z"
FULL = Gate(
    "fcm.googleapis.com",
    closed_until=AT + timedelta(hours=1),
    closure=Closure.REFUSED,
    closures=2,
    suspected_at=AT,
    answers=400,
    gone=333,
    trusted_until=AT + timedelta(days=7),
    refused=7,
    refused_since=AT,
)


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return Gates(Simulation(0, CALM))
    request.getfixturevalue("aws")
    return GateRows()


@pytest.mark.parametrize("gate", [FULL, Gate("web.push.apple.com")], ids=["full", "new"])
def test_a_gate_comes_back_as_it_went_in_one_revision_on(store: Store, gate: Gate) -> None:
    saved = drive.run(store.save(ADA, SITE, gate))
    assert saved == replace(gate, rev=1)
    assert drive.run(store.of_site(ADA, SITE)) == {gate.host: saved}


def test_a_site_that_has_had_no_trouble_has_no_gates(store: Store) -> None:
    assert drive.run(store.of_site(ADA, SITE)) == {}


def test_all_gates_of_a_site_come_at_once(store: Store) -> None:
    hosts = [f"h{number}.push.services.mozilla.com" for number in range(30)]
    for host in hosts:
        drive.run(store.save(ADA, SITE, Gate(host)))
    assert sorted(drive.run(store.of_site(ADA, SITE))) == sorted(hosts)


def test_what_is_taken_back_is_gone(store: Store) -> None:
    closed = drive.run(store.save(ADA, SITE, FULL))
    opened = drive.run(store.save(ADA, SITE, closed.opened()))
    (stands,) = drive.run(store.of_site(ADA, SITE)).values()
    assert stands == opened
    assert (stands.closed_until, stands.closure, stands.closures) == (None, None, 0)


def test_a_save_needs_the_revision_it_was_made_from(store: Store) -> None:
    first = drive.run(store.save(ADA, SITE, FULL))
    second = drive.run(store.save(ADA, SITE, first.opened()))
    with pytest.raises(Stale):
        drive.run(store.save(ADA, SITE, replace(first, gone=1)))
    assert drive.run(store.of_site(ADA, SITE)) == {FULL.host: second}


def test_of_two_that_write_the_first_gate_one_is_refused(store: Store) -> None:
    drive.run(store.save(ADA, SITE, FULL))
    with pytest.raises(Stale):
        drive.run(store.save(ADA, SITE, Gate(FULL.host)))


def test_of_two_that_add_the_same_to_the_same_one_is_refused(store: Store) -> None:
    """Else the second would take the first one's row for its own, and its refusals would be lost."""
    before = drive.run(store.save(ADA, SITE, FULL))
    drive.run(store.save(ADA, SITE, replace(before, refused=8, teller="one")))
    with pytest.raises(Stale):
        drive.run(store.save(ADA, SITE, replace(before, refused=8, teller="other")))


def test_another_tenant_or_site_sees_nothing_of_it(store: Store) -> None:
    drive.run(store.save(ADA, SITE, FULL))
    assert drive.run(store.of_site(CYD, SITE)) == {}
    assert drive.run(store.of_site(ADA, OTHER_SITE)) == {}


@pytest.mark.parametrize("lost", [1, 4])
def test_a_save_whose_answer_was_lost_is_done(aws: Installation, faults: Faults, lost: int) -> None:
    """The SDK tries a few times; then it is the engine that asks again, and meets its own row."""
    faults.silence("dynamodb.PutItem", times=lost)
    assert drive.run(patiently(GateRows().save, ADA, SITE, FULL)).rev == 1
    assert len(aws.rows("sends")) == 1


def test_a_table_that_does_not_answer_is_unavailable(faults: Faults) -> None:
    faults.reject("dynamodb.Query", times=9)
    with pytest.raises(Unavailable):
        drive.run(GateRows().of_site(ADA, SITE))


def test_gates_that_newer_code_wrote_are_left_to_it(aws: Installation) -> None:
    drive.run(GateRows().save(ADA, SITE, FULL))
    (row,) = aws.rows("sends")
    Table("sends").put(row | {"v": 2})
    with pytest.raises(FromTheFuture):
        drive.run(GateRows().of_site(ADA, SITE))
