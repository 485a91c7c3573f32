"""What is at rest or in a queue today must be read by every later version: golden files, written once, never again.

To add a version, add its files beside these; to change one of these is to lose somebody's campaign.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.aws.worker import decode
from chalicelib.core import drive
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.due.model import DueMessage
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.run import State
from chalicelib.features.sending.schemas.messages import WakeMessage
from chalicelib.features.sending.store.batches import BatchRows
from chalicelib.features.sending.store.gates import GateRows
from chalicelib.features.sending.store.runs import RunRows
from tests.adapters.sending.rows import ADA, AT, PROGRESS, a_batch, a_run

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

GOLDEN = Path(__file__).with_name("golden")
RUN = a_run()


def golden(name: str) -> dict[str, Any]:
    """Binary attributes are in hex, so that a change shows in a diff."""
    row: dict[str, Any] = json.loads((GOLDEN / name).read_text())
    for field in ("packed", "order"):
        if field in row:
            row[field] = bytes.fromhex(row[field])
    return row


def test_a_batch_record_of_version_1_is_read(aws: Installation) -> None:
    Table("sends").put(golden("batch-v1.json"))
    assert drive.run(BatchRows().get(ADA, RUN, 5)) == a_batch(
        RUN, 5, owner="somebody", leased_until=AT, next_at=AT, is_final=True, rev=7
    )


def test_a_batch_record_is_still_written_as_version_1(aws: Installation) -> None:
    batch = a_batch(RUN, 5, owner="somebody", leased_until=AT, next_at=AT, is_final=True, rev=6)
    Table("sends").put(golden("batch-v1.json") | {"rev": 6})
    assert drive.run(BatchRows().save(ADA, batch))
    assert aws.rows("sends") == [golden("batch-v1.json")]


def test_a_record_that_newer_code_has_extended_is_read(aws: Installation) -> None:
    row = golden("batch-v1.json")
    Table("sends").put(row | {"packed": msgspec.msgpack.encode([*msgspec.msgpack.decode(row["packed"]), {"new": 1}])})
    batch = drive.run(BatchRows().get(ADA, RUN, 5))
    assert batch is not None
    assert batch.progress == PROGRESS


def test_a_run_of_version_1_is_read_and_still_written(aws: Installation) -> None:
    Table("sends").put(golden("run-v1.json"))
    assert drive.run(RunRows().get(ADA, RUN.id)) == RUN
    Table("sends").delete(f"C#{ADA}#{RUN.id}", "RUN")
    drive.run(RunRows().add(ADA, RUN))
    assert aws.rows("sends") == [golden("run-v1.json")]


HELD = replace(
    RUN,
    order=msgspec.structs.replace(RUN.order, throttle_per_minute=600),
    state=State.PAUSED,
    believed={"fcm.googleapis.com": True, "web.push.apple.com": False},
    started_at=AT,
    paused_at=AT + timedelta(minutes=2),
    paused_seconds=90.5,
    woken_until=AT + timedelta(minutes=14),
)


def test_a_run_that_is_throttled_and_held_is_read_and_still_written(aws: Installation) -> None:
    drive.run(RunRows().add(ADA, HELD))
    assert aws.rows("sends") == [golden("run-v1-held.json")]
    assert drive.run(RunRows().get(ADA, RUN.id)) == HELD


def test_a_run_whose_wakes_are_under_way_is_read_and_still_written(aws: Installation) -> None:
    run = replace(RUN, batches=262_144, started_at=AT, woken_until=AT + timedelta(minutes=14), woken=81_000)
    drive.run(RunRows().add(ADA, run))
    assert aws.rows("sends") == [golden("run-v1-waking.json")]
    assert drive.run(RunRows().get(ADA, RUN.id)) == run


def test_that_none_of_its_wakes_has_left_is_no_less_than_a_count(aws: Installation) -> None:
    """Else nobody would go on from there."""
    drive.run(RunRows().add(ADA, replace(RUN, woken=0)))
    found = drive.run(RunRows().get(ADA, RUN.id))
    assert found is not None
    assert found.woken == 0


GATE = Gate(
    "fcm.googleapis.com",
    closed_until=AT + timedelta(hours=1),
    closure=Closure.REFUSED,
    closures=2,
    suspected_at=AT,
    answers=400,
    gone=333,
    trusted_until=AT + timedelta(days=7),
    rev=3,
)


def test_a_gate_of_version_1_is_read_and_still_written(aws: Installation) -> None:
    Table("sends").put(golden("gate-v1.json"))
    assert drive.run(GateRows().of_site(ADA, RUN.site_id)) == {GATE.host: GATE}
    Table("sends").put(golden("gate-v1.json") | {"rev": 2})
    drive.run(GateRows().save(ADA, RUN.site_id, replace(GATE, rev=2)))
    (row,) = aws.rows("sends")
    assert row.pop("ttl") > 0
    assert row == {name: value for name, value in golden("gate-v1.json").items() if name != "ttl"}


def test_a_gate_with_refusals_is_read_and_still_written(aws: Installation) -> None:
    refused = Gate("web.push.apple.com", refused=19, refused_since=AT)
    drive.run(GateRows().save(ADA, RUN.site_id, refused))
    assert aws.rows("sends") == [golden("gate-v1-refused.json")]
    assert drive.run(GateRows().of_site(ADA, RUN.site_id)) == {refused.host: replace(refused, rev=1)}


def test_an_order_that_newer_code_has_extended_is_read(aws: Installation) -> None:
    row = golden("run-v1.json")
    order = msgspec.msgpack.decode(row["order"])
    order["segment"] = "seg_new"
    order["message"]["dir"] = "rtl"
    Table("sends").put(row | {"order": msgspec.msgpack.encode(order)})
    assert drive.run(RunRows().get(ADA, RUN.id)) == RUN


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wake-v1.json", WakeMessage(tenant=ADA, site=RUN.site_id, run=RUN.id, n=5)),
        ("due-v1.json", DueMessage(kind="run", tenant=ADA, id=RUN.id, at=1_772_366_460_123, minute=29_539_441)),
    ],
)
def test_messages_of_version_1_are_read_and_still_written(name: str, message: WakeMessage | DueMessage) -> None:
    body = (GOLDEN / name).read_text().strip()
    assert decode(body, type(message)) == message
    assert msgspec.json.encode(message).decode() == body


@pytest.mark.parametrize("name", ["wake-v1.json", "due-v1.json"])
def test_a_message_of_version_2_waits_for_code_that_knows_it(name: str) -> None:
    body = json.loads((GOLDEN / name).read_text())
    kind: type[WakeMessage | DueMessage] = WakeMessage if name.startswith("wake") else DueMessage
    with pytest.raises(FromTheFuture):
        decode(json.dumps(body | {"v": 2, "tenant": ["now", "a", "list"]}), kind)
