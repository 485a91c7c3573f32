"""The engine's Lambdas: the planner, a worker for each lane, the sweeper. Here, and only here, it meets its driver."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from chalicelib.aws.worker import Invocation, Worker
from chalicelib.core import drive
from chalicelib.features.due.model import DueMessage
from chalicelib.features.sending.model.run import Lane
from chalicelib.features.sending.schemas.messages import WakeMessage
from chalicelib.features.sending.service.release import release
from chalicelib.features.sending.service.sweep import sweep as sweep_run
from chalicelib.features.sending.service.work import work
from chalicelib.features.sending.wiring import ports

worker = Worker(__name__)
_wiring = Lock()  # batches side by side want the same ports, and one set of what these keep

_BULK_AT_ONCE = 600  # of the 1,000 an account runs at once by default: a giant campaign leaves room for all else

_BATCHES_AT_ONCE = 4  # of one function: nine tenths of a batch are waiting, and every tenth of a second is paid for


@worker.queue("plan", DueMessage)
def plan(message: DueMessage, invocation: Invocation) -> None:
    drive.run(release(ports(), message.entry, deadline=_deadline(invocation)))


@worker.queue(Lane.BULK.value, WakeMessage, maximum_concurrency=_BULK_AT_ONCE, at_once=_BATCHES_AT_ONCE)
def send(message: WakeMessage, invocation: Invocation) -> None:
    _work(message, invocation)


@worker.queue(Lane.SMALL.value, WakeMessage)
def send_small(message: WakeMessage, invocation: Invocation) -> None:
    _work(message, invocation)


@worker.queue(Lane.TRANSACTIONAL.value, WakeMessage)
def send_transactional(message: WakeMessage, invocation: Invocation) -> None:
    _work(message, invocation)


@worker.queue("sweep", DueMessage)
def sweep(message: DueMessage, invocation: Invocation) -> None:
    drive.run(sweep_run(ports(), message.entry, deadline=_deadline(invocation)))


def _work(message: WakeMessage, invocation: Invocation) -> None:
    deadline = _deadline(invocation)
    with _wiring:
        wired = ports()
    drive.run(work(wired, tenant_id=message.tenant, run_id=message.run, number=message.n, deadline=deadline))


def _deadline(invocation: Invocation) -> datetime:
    return invocation.started_at + timedelta(milliseconds=invocation.remaining_ms())
