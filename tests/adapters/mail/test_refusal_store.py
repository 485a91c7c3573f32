"""What every store of refusals must do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.features.mail.model import BOUNCES_BELIEVED_FOR, Reason, Refusal
from chalicelib.features.mail.service import RefusalStore
from chalicelib.features.mail.store import RefusalRows
from tests.fakes.mail import MemoryRefusals

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[RefusalStore]:
    if request.param == "memory":
        yield MemoryRefusals()
    else:
        request.getfixturevalue("aws")
        yield RefusalRows()


def test_the_last_bounce_counts_until_there_is_a_complaint(store: RefusalStore) -> None:
    first, second = Refusal("box", Reason.BOUNCE, AT), Refusal("box", Reason.BOUNCE, AT + timedelta(days=1))
    complaint = Refusal("box", Reason.COMPLAINT, AT)
    for written, stands in ((first, first), (second, second), (complaint, complaint), (second, complaint)):
        store.put(written)
        assert store.of("box") == stands
    assert store.of("another") is None


def test_a_bounce_is_swept_away_and_a_complaint_stays(aws: Installation) -> None:
    rows = RefusalRows()
    rows.put(Refusal("box", Reason.BOUNCE, AT))
    assert [row.get("ttl") for row in aws.rows("core")] == [in_seconds(AT + BOUNCES_BELIEVED_FOR)]
    rows.put(Refusal("box", Reason.COMPLAINT, AT))
    assert [row.get("ttl") for row in aws.rows("core")] == [None]
