"""Is it up, and could it serve? For load balancers, uptime checks and people."""

from __future__ import annotations

from chalicelib.features.operations.schemas import Health, NotReady, Readiness
from chalicelib.features.operations.wiring import operations
from chalicelib.web.allow import ANYONE
from chalicelib.web.api import Answer, Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(__name__, tag="operations", about="Whether it is up, for load balancers and people.")


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
