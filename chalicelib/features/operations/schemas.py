"""HTTP bodies of health checks and of queues."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from chalicelib.features.operations.model import DeadLetter, QueueState, Redriven
from chalicelib.features.operations.service import MOST_REDRIVEN
from chalicelib.web.schema import Schema, example

_LETTER = {"id": "5fea7756-0ea4-451a-a703-a558b933e274", "sent_at": "2026-03-01T09:00:00Z", "receives": 5}
_GROUP = "ten_01kz8m5q3v7x9c2b4n6t8w0y1e"


class Health(Schema):
    model_config = example(status="ok")

    status: str


class Readiness(Schema):
    model_config = example(status="ok", faults=[])

    status: str
    faults: list[str]


class NotReady(Readiness):
    """`faults` names the parts that do not answer."""

    model_config = example(status="unavailable", faults=["tables"])


class QueueView(Schema):
    """All figures are about so: SQS tells no others. How long the oldest message waits, only CloudWatch knows."""

    model_config = example(
        name="send",
        depth=17,
        in_flight=250,
        delayed=3,
        dead_letters=1,
        oldest_dead_letter_at="2026-03-01T09:00:00Z",
    )

    name: str
    depth: int = Field(description="Messages that wait.")
    in_flight: int = Field(description="Messages that a worker has now.")
    delayed: int = Field(description="Messages whose time has not come.")
    dead_letters: int = Field(description="Messages that failed five times.")
    oldest_dead_letter_at: datetime | None = Field(description="Of up to ten that were looked at: when it was sent.")

    @classmethod
    def of(cls, state: QueueState) -> QueueView:
        return cls(
            name=state.name,
            depth=state.depth.waiting,
            in_flight=state.depth.in_flight,
            delayed=state.depth.delayed,
            dead_letters=state.dead_letters.total,
            oldest_dead_letter_at=state.oldest_dead_letter_at,
        )


class QueueList(Schema):
    model_config = example(next_cursor=None, has_more=False)

    data: list[QueueView]
    next_cursor: str | None = None
    has_more: bool = False


class Redrive(Schema):
    model_config = example(dry_run=True)

    dry_run: bool = Field(default=False, description="Only show what would be moved.")


class DeadLetterView(Schema):
    """Never its body: it may be a letter, with an address and a link that opens an account."""

    model_config = example(**_LETTER, group=_GROUP)

    id: str
    sent_at: datetime
    receives: int
    group: str | None = Field(description="What it was queued under: its tenant, or the kind of its message.")

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterView:
        return cls(id=letter.id, sent_at=letter.sent_at, receives=letter.receives, group=letter.group)


class RedriveDone(Schema):
    model_config = example(name="send", dry_run=True, moved=0, left=1, sample=[{**_LETTER, "group": _GROUP}])

    name: str
    dry_run: bool
    moved: int = Field(description=f"Back in their queue; at most {MOST_REDRIVEN} a call.")
    left: int = Field(description="Dead letters that are still there, about.")
    sample: list[DeadLetterView] = Field(description="Of a dry run: up to ten of those that would be moved.")

    @classmethod
    def of(cls, name: str, done: Redriven, *, dry_run: bool) -> RedriveDone:
        sample = [DeadLetterView.of(letter) for letter in done.sample]
        return cls(name=name, dry_run=dry_run, moved=done.moved, left=done.left, sample=sample)
