"""A number of seeds for real, one after the other in one house; and the mutants, each with a crew of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.chaos.real.crew import Crew
from tests.chaos.real.house import House, standing
from tests.chaos.suite import Told
from tests.chaos.witness import Breach

CREW = 2
MOST_SEEDS = 4  # for a mutant to hide in
_LOG_TAIL = 4_000


class RealSuite:
    """In `standing()`."""

    def __init__(self, house: House) -> None:
        self._house = house

    def tell_all(self, seeds: Iterable[int]) -> Iterator[Told]:
        from tests.chaos.real.tale import Tale

        crew = Crew(CREW, self._house.surroundings)
        try:
            for seed in seeds:
                tale = Tale(self._house, crew, seed)
                breaches = tale.tell()
                if breaches:
                    print(self._house.log.read_text()[-_LOG_TAIL:])
                yield Told(seed, tuple(breaches), tale.figures)
        finally:
            crew.dismiss()

    def try_mutants(self) -> Iterator[tuple[str, Breach | None]]:
        """Each by its name, with how it was caught."""
        from tests.chaos.real.mutants import MUTANTS
        from tests.chaos.real.tale import Tale

        for mutant in MUTANTS:
            crew = Crew(CREW, replace(self._house.surroundings, mutant=mutant.name))
            try:
                tales = (Tale(self._house, crew, seed, mutant.blows).tell() for seed in range(MOST_SEEDS))
                yield mutant.name, next((breaches[0] for breaches in tales if breaches), None)
            finally:
                crew.dismiss()


__all__ = ["RealSuite", "standing"]
