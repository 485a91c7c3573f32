"""Every message of every queue as it is spelled: written so, and read; and as it was spelled before, read.

To change a format, raise its `v`, move its spelling to those before, and add the new one.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from chalice.app import SQSEventConfig

from app import app
from chalicelib.aws.letters import Letter
from chalicelib.aws.messages import Message
from chalicelib.aws.worker import decode
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.analytics.model import Event, Kind, Life
from chalicelib.features.analytics.schemas.messages import ReportMessage
from chalicelib.features.audit.schemas.messages import Errand
from chalicelib.features.due.model import DueMessage
from chalicelib.features.privacy.schemas.messages import Task
from chalicelib.features.sending.schemas.messages import WakeMessage
from tests.adapters.aws.logged import logged_from_now
from tests.fakes.installation import Installation
from tests.fakes.lambdas import Lambdas

WAKE = WakeMessage(tenant="ten_a", site="site_b", run="run_c", n=5)
EVENT = Errand(
    tenant="ten_a",
    actor="usr_b",
    action="campaign.removed",
    subject="cmp_c",
    request_id="req_d",
    at=datetime(2026, 3, 1, 9, tzinfo=UTC),
    tried_month="202603",
    tried_sequence=7,
    facts={"role": "editor", "dry_run": True},
)
SPELLED: dict[str, tuple[Message, str]] = {
    "plan": (
        DueMessage(kind="campaign", tenant="ten_a", id="cmp_c", at=1_772_366_460_123, minute=29_539_441),
        '{"kind":"campaign","tenant":"ten_a","id":"cmp_c","at":1772366460123,"minute":29539441,"v":1}',
    ),
    "sweep": (
        DueMessage(kind="run", tenant="ten_a", id="run_c", at=1_772_366_460_123, minute=29_539_441),
        '{"kind":"run","tenant":"ten_a","id":"run_c","at":1772366460123,"minute":29539441,"v":1}',
    ),
    **dict.fromkeys(
        ("send", "send-small", "send-transactional"),
        (WAKE, '{"tenant":"ten_a","site":"site_b","run":"run_c","n":5,"v":1}'),
    ),
    "mail": (
        Letter(to="ada@example.com", subject="Hello", text="Grüße"),
        '{"to":"ada@example.com","subject":"Hello","text":"Grüße","is_wanted":false,"returned":null,"v":2}',
    ),
    "audit": (
        EVENT,
        (
            '{"tenant":"ten_a","kind":"","id":"","minute":0,"actor":"usr_b","action":"campaign.removed","subject":"cmp_c",'
            '"request_id":"req_d","at":"2026-03-01T09:00:00Z","tried_month":"202603","tried_sequence":7,'
            '"facts":{"role":"editor","dry_run":true},"v":2}'
        ),
    ),
}
SPELLED["events"] = (
    ReportMessage(
        tenant="ten_a",
        site="site_b",
        events=(Event(Kind.CONVERTED, "run_c", b"m" * 16, 1_772_366_400, 1_772_366_460, 1, 2, 798_000),),
        lives=(Life(b"k" * 16, 1_772_366_460),),
    ),
    (
        '{"tenant":"ten_a","site":"site_b",'
        '"events":[["converted","run_c","bW1tbW1tbW1tbW1tbW1tbQ==",1772366400,1772366460,1,2,798000]],'
        '"lives":[["a2tra2tra2tra2tra2traw==",1772366460]],"v":1}'
    ),
)
SPELLED["privacy"] = (
    Task(kind="job", tenant="ten_a", id="job_b"),
    '{"kind":"job","tenant":"ten_a","id":"job_b","at":0,"minute":0,"v":1}',
)
BEFORE: dict[str, tuple[Message, str]] = {
    "mail": (
        Letter(to="ada@example.com", subject="Hello", text="Grüße", v=1),
        '{"to":"ada@example.com","subject":"Hello","text":"Grüße","v":1}',
    ),
    "audit": (
        msgspec.structs.replace(EVENT, facts={}, v=1),
        (
            '{"tenant":"ten_a","actor":"usr_b","action":"campaign.removed","subject":"cmp_c","request_id":"req_d",'
            '"at":"2026-03-01T09:00:00Z","tried_month":"202603","tried_sequence":7,"v":1}'
        ),
    ),
}


def test_no_queue_is_left_out() -> None:
    assert {source.queue for source in app.event_sources if isinstance(source, SQSEventConfig)} == SPELLED.keys()


@pytest.mark.parametrize("queue", SPELLED)
def test_its_own_handler_takes_it(aws: Installation, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = logged_from_now(monkeypatch)
    lambdas = Lambdas(aws.prefix)
    lambdas.deliver(queue, SPELLED[queue][1])
    assert [line["message"] for line in log if line["level"] != "INFO"] == []
    assert lambdas.waiting(queue) == 0


@pytest.mark.parametrize("queue", SPELLED)
def test_it_is_read_and_still_written(queue: str) -> None:
    message, body = SPELLED[queue]
    assert decode(body, type(message)) == message
    assert json.loads(msgspec.json.encode(message)) == json.loads(body)


@pytest.mark.parametrize("queue", BEFORE)
def test_what_was_written_before_is_still_read(queue: str) -> None:
    message, body = BEFORE[queue]
    assert decode(body, type(message)) == message


@pytest.mark.parametrize("queue", SPELLED)
def test_one_with_more_in_it_is_read_and_one_of_a_later_version_is_not(queue: str) -> None:
    message, body = SPELLED[queue]
    assert decode(json.dumps(json.loads(body) | {"added": {"later": 1}}), type(message)) == message
    with pytest.raises(FromTheFuture):
        decode(json.dumps(json.loads(body) | {"v": message.v + 1}), type(message))
