"""The operator's desk: stop and start sending, look into a run, judge push hosts that are suspected or closed."""

from __future__ import annotations

from typing import Any, cast

from chalicelib.aws.secrets import secret
from chalicelib.config import settings
from chalicelib.core.errors import Stale
from chalicelib.core.paging import Cursors
from chalicelib.features.sending.schemas.desk import GateList, GateView, RunQuery, StopList, WholeRun, Whose
from chalicelib.features.sending.wiring import desk
from chalicelib.web.allow import OPERATOR
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(__name__, tag="operations")

_SENDING = "/v1/ops/sending"
_GATES = "/v1/ops/tenants/{tenant_id}/sites/{site_id}/gates"


@api.endpoint("GET", _SENDING, allow=OPERATOR, returns=StopList)
def list_stops(_call: Call[Nothing]) -> StopList:
    """Show what is stopped."""
    return StopList.of(desk().stops())


@api.endpoint("POST", f"{_SENDING}/stop", allow=OPERATOR, body=Whose, returns=StopList)
def stop_sending(call: Call[Whose]) -> StopList:
    """Stop all sending, or one tenant's.

    Heard within seconds, and by nobody later than half a minute. What is on its way arrives; what is left waits, and
    expires like anything else.
    """
    return StopList.of(desk().stop(tenant_id=call.body.tenant_id, now=call.at))


@api.endpoint("POST", f"{_SENDING}/start", allow=OPERATOR, body=Whose, returns=StopList)
def start_sending(call: Call[Whose]) -> StopList:
    """Take a stop back.

    Each stop for itself: whoever is stopped by name stays so when everyone is started. Runs go on within a minute or
    two.
    """
    return StopList.of(desk().start(tenant_id=call.body.tenant_id))


@api.endpoint("GET", "/v1/ops/tenants/{tenant_id}/runs/{run_id}", allow=OPERATOR, query=RunQuery, returns=WholeRun)
def inspect_run(call: Call[Nothing]) -> WholeRun:
    """Show a run, and its batch records by number.

    With a `condition` a page may hold fewer than `limit`, even none, and still have more: follow `next_cursor`. A
    notification goes by either of its names.
    """
    query = cast("RunQuery", call.query)
    named = call.path["run_id"]
    run_id = "run_" + named.removeprefix("ntf_") if named.startswith("ntf_") else named
    run = desk().run(tenant_id=call.path["tenant_id"], run_id=run_id)
    scope = f"{run.tenant_id}/{run.id}/batches?{query.condition}"
    cursors = Cursors(secret=secret(settings().secret_pepper).encode(), scope=scope)
    page = desk().batches(
        run, wanted=query.condition, limit=query.limit, position=cursors.open(query.cursor), now=call.at
    )
    return WholeRun.of(run, page, next_cursor=cursors.seal(page.position))


@api.endpoint("GET", _GATES, allow=OPERATOR, returns=GateList)
def list_gates(call: Call[Nothing]) -> GateList:
    """List what a site knows of push hosts that gave it trouble."""
    found = desk().gates(tenant_id=call.path["tenant_id"], site_id=call.path["site_id"])
    return GateList(data=[GateView.of(gate, now=call.at) for gate in found])


@api.endpoint("POST", f"{_GATES}/{{host}}/trust", allow=OPERATOR, returns=GateView, errors=(Stale,))
def trust_host(call: Call[Nothing]) -> GateView:
    """Believe a push host that calls many subscriptions gone.

    For a week, whatever share it is: what it calls gone in runs from now on is ended. What was spared stays.
    """
    return GateView.of(desk().trust(**_named(call), now=call.at), now=call.at)


@api.endpoint("POST", f"{_GATES}/{{host}}/open", allow=OPERATOR, returns=GateView, errors=(Stale,))
def open_gate(call: Call[Nothing]) -> GateView:
    """Open a closed gate before its time, because what closed it has been mended."""
    return GateView.of(desk().open(**_named(call)), now=call.at)


def _named(call: Call[Any]) -> dict[str, str]:
    return {name: call.path[name] for name in ("tenant_id", "site_id", "host")}
