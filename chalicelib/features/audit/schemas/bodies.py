"""HTTP bodies of the audit log."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from chalicelib.features.audit.model import Anchor, Entry, Export, Fact, Fault, Place, Progress, Verdict
from chalicelib.web.instant import Instant
from chalicelib.web.schema import ListQuery, Query, Schema, example

_USER = "usr_01jd3z5k8m9n0p1q2r3s4t5v6w"
_HASH = "f3b0f1dd9a9ee9b1c9d5a3f3b6a4a5d2c6c7d8e9fa0b1c2d3e4f5061728394a5"


class AuditQuery(ListQuery):
    actor: str | None = Field(None, max_length=100, examples=[_USER], description="A user's or a key's id.")
    action: str | None = Field(None, max_length=100, examples=["site.created"], description="What was done.")
    since: Instant | None = Field(None, alias="from", description="Not before this time.")
    until: Instant | None = Field(None, alias="to", description="Before this time.")


class AuditEntry(Schema):
    """What was done, by whom, to what. `hash` seals all of it, and the entry before."""

    model_config = example(
        month="202611", sequence=7, actor=_USER, action="member.role_changed", subject=_USER,
        request_id="req_01jd3z5k8m9n0p1q2r3s4t5v6w", facts={"role": "editor"}, hash=_HASH, previous=_HASH,
    )  # fmt: skip

    month: str
    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    request_id: str
    facts: dict[str, Fact] = Field(description="The few words of the request that tell how it was done.")
    previous: str
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> AuditEntry:
        event = entry.event
        return cls(
            month=entry.place.month,
            sequence=entry.place.sequence,
            at=event.at,
            actor=event.actor,
            action=event.action,
            subject=event.subject,
            request_id=event.request_id,
            facts=dict(event.facts),
            previous=entry.previous,
            hash=entry.hash,
        )


class AuditList(Schema):
    data: list[AuditEntry]
    next_cursor: str | None
    has_more: bool


class ProofQuery(Query):
    cursor: str | None = Field(None, max_length=1024, description="`next_cursor` of the answer before.")


class Link(Schema):
    """An entry's place and hash."""

    model_config = example(month="202611", sequence=7, hash=_HASH)

    month: str
    sequence: int
    hash: str

    @classmethod
    def of(cls, place: Place | None, found: str) -> Link | None:
        return cls(month=place.month, sequence=place.sequence, hash=found) if place else None

    @classmethod
    def of_anchor(cls, anchor: Anchor | None) -> Link | None:
        return cls.of(anchor.place, anchor.hash) if anchor else None


class BrokenEntry(Schema):
    model_config = example(month="202611", sequence=7, reason="it was altered")

    month: str
    sequence: int
    reason: str

    @classmethod
    def of(cls, fault: Fault | None) -> BrokenEntry | None:
        return cls(month=fault.place.month, sequence=fault.place.sequence, reason=fault.reason) if fault else None


class Proof(Schema):
    """`intact` speaks of what was checked so far; of the whole log when `next_cursor` is null."""

    model_config = example(intact=True, checked=1234, first_broken=None, next_cursor=None, has_more=False)

    intact: bool
    checked: int = Field(description="Entries found sound, those of the answers before included.")
    first_broken: BrokenEntry | None
    head: Link | None = Field(description="The last entry that was found sound.")
    anchor: Link | None = Field(description="The last entry that is also known outside of the log's own table.")
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, verdict: Verdict, cursor: str | None) -> Proof:
        reached = verdict.reached
        return cls(
            intact=verdict.fault is None,
            checked=reached.checked,
            first_broken=BrokenEntry.of(verdict.fault),
            head=Link.of(reached.last, reached.hash),
            anchor=Link.of_anchor(verdict.anchored),
            next_cursor=cursor,
            has_more=cursor is not None,
        )


class ExportView(Schema):
    model_config = example(
        id="exp_01jd3z5k8m9n0p1q2r3s4t5v6w", status="running", written=120_000, download_url=None
    )  # fmt: skip

    id: str
    status: Progress
    written: int = Field(description="Entries in the file so far.")
    created_at: datetime
    download_url: str | None = Field(
        description="When it is ready: opens the file for five minutes. Ask again for another."
    )

    @classmethod
    def of(cls, export: Export, link: str | None = None) -> ExportView:
        return cls(
            id=export.id,
            status=export.progress,
            written=export.written,
            created_at=export.created_at,
            download_url=link,
        )
