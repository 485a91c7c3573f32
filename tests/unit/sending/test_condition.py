"""How a batch stands, in one word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.features.sending.model.batch import Batch, Grave, Progress
from chalicelib.features.sending.model.condition import Condition, condition_of
from tests.unit.sending.scene import Scene

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUN = Scene().launch(batches=8)
SOON = NOW + timedelta(minutes=1)
GONE = Progress(is_read=True, gone={"fcm.googleapis.com": [Grave(b"k" * 16, 0)]}, hosts={"fcm.googleapis.com": [3, 1]})


def a_batch(**changes: object) -> Batch:
    return replace(Batch.unstarted(RUN, 0), **{"rev": 1, **changes})  # type: ignore[arg-type]  # named fields


@pytest.mark.parametrize(
    ("batch", "condition"),
    [
        (Batch.unstarted(RUN, 0), Condition.UNSTARTED),
        (a_batch(), Condition.IDLE),
        (a_batch(owner="x", leased_until=SOON), Condition.LEASED),
        (a_batch(owner="x", leased_until=NOW), Condition.ABANDONED),
        (a_batch(next_at=SOON), Condition.WAITING),
        (a_batch(next_at=NOW), Condition.IDLE),
        (a_batch(progress=GONE), Condition.UNDECIDED),
        (a_batch(progress=GONE, owner="x", leased_until=SOON), Condition.LEASED),
        (a_batch(is_final=True), Condition.FINAL),
    ],
)
def test_how_a_batch_stands(batch: Batch, condition: Condition) -> None:
    assert condition_of(RUN, batch, now=NOW) is condition


def test_a_verdict_that_was_given_is_awaited_no_more() -> None:
    decided = replace(RUN, believed={"fcm.googleapis.com": True})
    assert condition_of(decided, a_batch(progress=GONE), now=NOW) is Condition.IDLE
