"""What happens in one story besides its seed: how many there are, the weather, and what people do meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from chalicelib.features.sending.model.run import Source
from chalicelib.features.sending.service.ports import Tuning
from tests.chaos.queues import FUNCTION_SECONDS
from tests.chaos.service import ORDINARY, Episode, Habits
from tests.chaos.simulation import CALM, Faults


class Deed(StrEnum):
    PURGE = "purge"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    STOP = "stop"
    START = "start"


@dataclass(frozen=True)
class Occasion:
    at_seconds: float
    deed: Deed


@dataclass(frozen=True)
class Order:
    """What the owner asked for. `chosen` browsers by name make it a notification."""

    careful: bool = False
    throttle_per_minute: int | None = None
    expires_after: timedelta = timedelta(days=1)
    chosen: int = 0

    @property
    def is_patient(self) -> bool:
        return self.expires_after >= timedelta(days=1)

    @property
    def source(self) -> Source:
        return Source.NOTIFICATION if self.chosen else Source.CAMPAIGN


@dataclass(frozen=True)
class Plot:
    """`comings` are people who subscribe, leave, return or change hands, evenly over the first `restless_seconds`."""

    subscribers: int = 200
    order: Order = Order()
    tuning: Tuning = field(default_factory=lambda: Tuning(rows_per_batch=25, window=16, careful_window=4))
    faults: Faults = CALM
    habits: Habits = ORDINARY
    episodes: tuple[Episode, ...] = ()
    occasions: tuple[Occasion, ...] = ()
    hosts: tuple[str, ...] = ("push.example",)
    comings: int = 0
    restless_seconds: float = 0.0
    skew_seconds: float = 0.0
    page: int = 23
    workers: int = 1_000
    most_receives: int = 5  # of a wake-up or a look
    planner_seconds: float = FUNCTION_SECONDS  # as it believes; less, and it hands over when it has hardly begun
    at_most: timedelta = timedelta(hours=36)  # it takes: whoever needs longer does not finish

    @property
    def window(self) -> int:
        return self.tuning.careful_window if self.order.careful else self.tuning.window
