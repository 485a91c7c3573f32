"""The tick over real queues: entries become messages, and a tick that is nearly out of time stops."""

from __future__ import annotations

import json

from chalicelib.features.due.model import Kind
from chalicelib.features.due.wiring import due
from tests.fakes.lambdas import context
from tests.world import World


def test_what_is_due_is_in_the_queue_of_its_kind(world: World) -> None:
    now = world.clock.now()
    for kind, owner in ((Kind.RUN, "run_a"), (Kind.CAMPAIGN, "cmp_a")):
        due().put(kind=kind, tenant_id="ten_a", owner_id=owner, at=now, now=now)
    world.lambdas.fire("tick")
    bodies = {queue: [json.loads(body)["id"] for body in world.lambdas.bodies(queue)] for queue in ("plan", "sweep")}
    assert bodies == {"plan": ["cmp_a"], "sweep": ["run_a"]}


def test_a_tick_out_of_time_leaves_the_past_to_the_next(world: World) -> None:
    from app import app

    world.lambdas.fire("tick")
    world.clock.advance(hours=1)
    due().put(kind=Kind.RUN, tenant_id="ten_a", owner_id="run_a", at=world.clock.now(), now=world.clock.now())
    world.clock.advance(minutes=30)
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": [], "id": "test"}
    event |= {"version": "0", "account": "", "region": "", "time": ""}
    app.handler_map["tick"](event, context("tick", seconds=10))
    assert world.lambdas.bodies("sweep") == []
    world.lambdas.fire("tick")
    assert len(world.lambdas.bodies("sweep")) == 1
