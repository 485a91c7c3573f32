"""Is it up, and could it serve? For load balancers, uptime checks and people. And for the operator: what waits."""

from __future__ import annotations

from chalicelib.aws import telemetry
from chalicelib.features.operations.schemas import (
    Health,
    NotReady,
    QueueList,
    QueueView,
    Readiness,
    Redrive,
    RedriveDone,
)
from chalicelib.features.operations.wiring import operations
from chalicelib.web.allow import ANYONE, OPERATOR
from chalicelib.web.api import Answer, Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(
    __name__,
    tag="operations",
    about="Whether it is up, for load balancers and people; and what the operator of this installation may do.",
)


@api.endpoint("GET", "/v1/health", allow=ANYONE, returns=Health)
def get_health(_call: Call[Nothing]) -> Health:
    """Say that the API answers."""
    return Health(status="ok")


@api.endpoint("GET", "/v1/health/ready", allow=ANYONE, returns=Readiness, also={503: NotReady})
def get_readiness(_call: Call[Nothing]) -> Answer:
    """Say whether everything it stands on answers, too."""
    faults = operations().faults()
    if faults:
        return Answer(NotReady(status="unavailable", faults=faults), status=503)
    return Answer(Readiness(status="ok", faults=[]))


@api.endpoint("GET", "/v1/ops/queues", allow=OPERATOR, returns=QueueList)
def list_queues(_call: Call[Nothing]) -> QueueList:
    """List all queues, with what waits in them and what has failed."""
    return QueueList(data=[QueueView.of(state) for state in operations().queues()])


@api.endpoint("POST", "/v1/ops/queues/{name}/redrive", allow=OPERATOR, body=Redrive, returns=RedriveDone)
def redrive_queue(call: Call[Redrive]) -> RedriveDone:
    """Put dead letters back into their queue.

    A call moves so many and no more: repeat it until nothing is `left`. A message may come twice, which every handler
    but the postman takes for once.
    """
    name, dry_run = call.path["name"], call.body.dry_run
    done = operations().would_redrive(name=name) if dry_run else operations().redrive(name=name)
    telemetry.note(
        "dead_letters_moved",
        actor=call.principal.subject,
        queue=name,
        dry_run=dry_run,
        count=done.moved,
        request_id=call.request_id,
    )
    return RedriveDone.of(name, done, dry_run=dry_run)
