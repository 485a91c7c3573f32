"""A number of seeds for real, one after the other in one house."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.chaos.real.crew import Crew
from tests.chaos.real.house import standing
from tests.chaos.suite import Told

CREW = 2
_LOG_TAIL = 4_000


def tell_for_real(seeds: Iterable[int]) -> Iterator[Told]:
    with standing() as house:
        from tests.chaos.real.tale import Tale

        crew = Crew(CREW, house.surroundings)
        try:
            for seed in seeds:
                tale = Tale(house, crew, seed)
                breaches = tale.tell()
                if breaches:
                    print(house.log.read_text()[-_LOG_TAIL:])
                yield Told(seed, tuple(breaches), tale.figures)
        finally:
            crew.dismiss()
