"""The same campaign under other assumptions: what the figure hangs on, and what changing the product would do to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.cost import assumptions as assumed
from infra.cost.batch_simulation import simulate
from infra.cost.declared import Declared
from infra.cost.demo_run import LANE, Run
from infra.cost.latency import Mix
from infra.cost.machine import Machine
from infra.cost.per_million import per_million

_MEMORIES = (256, 512, 1_024, 1_769)
_AT_ONCE = (1, 2, 4, 8)
_SLOWER = 3


@dataclass(frozen=True)
class WhatIf:
    question: str
    machine: Machine
    mix: Mix
    at_once: int


def text(demo: Run, stands: Declared) -> str:
    asked = what_ifs(stands.machines[LANE], at_once=stands.at_once[LANE])
    rows = [f"  {_padded(each)} {_usd(demo, stands.machines, each):>9.4f}" for each in asked]
    return "\n".join(["One campaign to 1,000,000 subscribers, if …", *rows])


def what_ifs(machine: Machine, *, at_once: int) -> Iterator[WhatIf]:
    for megabytes in _MEMORIES:
        yield WhatIf(f"the bulk lane had {megabytes:,} MB", Machine(megabytes), Mix(), at_once)
    for number in _AT_ONCE:
        yield WhatIf(f"an invocation were handed {_batches(number)}", machine, Mix(), number)
    for question, mix in (
        ("no push ever hung", Mix(hang_share=0.0)),
        (f"{5 * assumed.HANG_SHARE:.1%} of pushes hung", Mix(hang_share=5 * assumed.HANG_SHARE)),
        ("whoever hangs hung at every try", Mix(hangs_again=True)),
        (f"push services were {_SLOWER} times as slow", Mix(quantiles=_slower())),
    ):
        yield WhatIf(question, machine, mix, at_once)


def _batches(number: int) -> str:
    return "one batch" if number == 1 else f"{number} batches at once"


def _slower() -> tuple[tuple[float, float], ...]:
    return tuple((share, seconds * _SLOWER) for share, seconds in assumed.PUSH_SECONDS)


def _usd(demo: Run, machines: Mapping[str, Machine], what: WhatIf) -> float:
    return per_million(
        demo, simulate(what.machine, what.mix, at_once=what.at_once), {**machines, LANE: what.machine}
    ).usd


def _padded(what: WhatIf) -> str:
    return f"{what.question:<58}"
