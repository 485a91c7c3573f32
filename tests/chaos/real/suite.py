"""A number of seeds for real, one after the other in one house; and the mutants, each with a crew of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.chaos.real.crew import Crew
from tests.chaos.real.house import House
from tests.chaos.real.mutants import MUTANTS, Mutant
from tests.chaos.real.weather import RealWeather
from tests.chaos.suite import Told
from tests.chaos.witness import Breach

CREW = 2
MOST_SEEDS = 20  # for a mutant to hide in: the kernel strikes where it likes, and misses more often than not
_LOG_TAIL = 4_000


class RealSuite:
    def __init__(self, house: House) -> None:
        self._house = house

    def tell_all(self, seeds: Iterable[int]) -> Iterator[Told]:
        with self._crew() as crew:
            for seed in seeds:
                told = self._tell(crew, seed, RealWeather.of(seed))
                if told.breaches:
                    print(self._house.log.read_text()[-_LOG_TAIL:])
                yield told

    def try_mutants(self) -> Iterator[tuple[str, tuple[int, Breach] | None]]:
        """Each by its name, with the seed that caught it, and how."""
        for mutant in MUTANTS:
            found = self._catch(mutant)
            yield mutant.name, found if found and self._is_stood(found[0], mutant.weather(found[0])) else None

    def _catch(self, mutant: Mutant) -> tuple[int, Breach] | None:
        with self._crew(mutant.name) as crew:
            for seed in range(MOST_SEEDS):
                breaches = self._tell(crew, seed, mutant.weather(seed)).breaches
                if breaches:
                    return seed, breaches[0]
        return None

    def _is_stood(self, seed: int, weather: RealWeather) -> bool:
        """By the engine itself; or nothing was caught but the weather."""
        with self._crew() as crew:
            return not self._tell(crew, seed, weather).breaches

    def _tell(self, crew: Crew, seed: int, weather: RealWeather) -> Told:
        from tests.chaos.real.tale import Tale

        tale = Tale(self._house, crew, seed, weather)
        return Told(seed, tuple(tale.tell()), tale.figures)

    @contextmanager
    def _crew(self, mutant: str = "") -> Iterator[Crew]:
        crew = Crew(CREW, replace(self._house.surroundings, mutant=mutant))
        try:
            yield crew
        finally:
            crew.dismiss()
