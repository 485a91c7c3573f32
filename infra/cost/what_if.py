"""The same campaign under other assumptions: what the figure hangs on, and what changing the product would do to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.cost import assumptions as assumed
from infra.cost.batch_simulation import simulate
from infra.cost.demo_run import LANE, Run
from infra.cost.latency import Mix
from infra.cost.machine import Machine
from infra.cost.per_million import per_million

_MEMORIES = (256, 512, 1_024, 1_769)
_SLOWER = 3


@dataclass(frozen=True)
class WhatIf:
    question: str
    machine: Machine
    mix: Mix


def text(demo: Run, machines: Mapping[str, Machine]) -> str:
    rows = [f"  {_padded(each)} {_usd(demo, machines, each):>9.4f}" for each in what_ifs(machines[LANE])]
    return "\n".join(["One campaign to 1,000,000 subscribers, if …", *rows])


def what_ifs(machine: Machine) -> Iterator[WhatIf]:
    for megabytes in _MEMORIES:
        yield WhatIf(f"the bulk lane had {megabytes:,} MB", Machine(megabytes), Mix())
    yield WhatIf("no push ever hung", machine, Mix(hang_share=0.0))
    yield WhatIf(f"{5 * assumed.HANG_SHARE:.1%} of pushes hung", machine, Mix(hang_share=5 * assumed.HANG_SHARE))
    yield WhatIf("whoever hangs hung at every try", machine, Mix(hangs_again=True))
    yield WhatIf(f"push services were {_SLOWER} times as slow", machine, Mix(quantiles=_slower()))


def _slower() -> tuple[tuple[float, float], ...]:
    return tuple((share, seconds * _SLOWER) for share, seconds in assumed.PUSH_SECONDS)


def _usd(demo: Run, machines: Mapping[str, Machine], what: WhatIf) -> float:
    return per_million(demo, simulate(what.machine, what.mix), {**machines, LANE: what.machine}).usd


def _padded(what: WhatIf) -> str:
    return f"{what.question:<58}"
