"""The privacy queue: jobs that remove what somebody no longer wants kept, a portion at a time."""

from __future__ import annotations

from chalicelib.aws.worker import Invocation, Worker
from chalicelib.core.clock import from_milliseconds
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.due.model import Entry, Kind
from chalicelib.features.privacy.schemas.messages import Task
from chalicelib.features.privacy.wiring import jobs, own_accounts, retaining

worker = Worker(__name__)

_LEFT_FOR_A_PORTION_MS = 15_000


@worker.queue("privacy", Task)
def erase(task: Task, invocation: Invocation) -> None:
    entry = Entry(task.kind, task.tenant, task.id, from_milliseconds(task.at), task.minute)
    match task.kind:
        case Kind.JOB:
            _go_on(task, entry, invocation)
        case Kind.LEFT:
            own_accounts().let_go(entry, now=invocation.started_at)
        case Kind.RETENTION:
            retaining().begin_round(entry, now=invocation.started_at)
        case _:
            raise FromTheFuture


def _go_on(task: Task, entry: Entry, invocation: Invocation) -> None:
    """What the calendar brought stays in it until the work is done or handed on: killed before that, it comes again."""
    jobs().go_on(
        tenant_id=task.tenant,
        job_id=task.id,
        now=invocation.started_at,
        has_time=lambda: invocation.remaining_ms() > _LEFT_FOR_A_PORTION_MS,
    )
    if task.minute:
        jobs().started(entry)
