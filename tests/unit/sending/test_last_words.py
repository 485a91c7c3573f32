"""What a batch says of its hosts at its end is worth less than what it has pushed."""

from __future__ import annotations

from typing import Any, NoReturn

from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.core.errors import Unavailable
from tests.unit.sending.scene import Scene

_REFUSED = Outcome(Verdict.FAILED, "vapid_refused")


def test_gates_that_do_not_answer_at_the_end_repeat_no_push() -> None:
    scene = Scene(window=64)
    keys = scene.subscribe(24)
    scene.launch()
    scene.services.says(keys[-1], _REFUSED)

    async def unavailable(*_: Any) -> NoReturn:
        raise Unavailable

    scene.ports.gates.save = unavailable  # type: ignore[assignment, method-assign]  # the store goes away at the end
    scene.deliver()
    scene.simulation.seconds += 100
    scene.deliver()
    assert len(scene.services.started) == 24
