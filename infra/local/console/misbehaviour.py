"""How the push service stand-in misbehaves at present, and until when: rules know no time, so the end is kept here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Rules = Sequence[Mapping[str, Any]]

PRESETS: tuple[dict[str, Any], ...] = (
    {
        "label": "10% answer 429",
        "says": "for a minute, try again after 5 s",
        "for_seconds": 60,
        "rules": [{"match": {"fraction": 0.1}, "answer": {"fault": "throttled", "retry_after": 5}}],
    },
    {
        "label": "Everything answers 503",
        "says": "until it is told to behave",
        "for_seconds": None,
        "rules": [{"answer": {"fault": "unavailable", "retry_after": 5}}],
    },
    {
        "label": "1 in 50 is gone",
        "says": "410 for a minute; these subscribers end for good",
        "for_seconds": 60,
        "rules": [{"match": {"fraction": 0.02}, "answer": {"fault": "gone"}}],
    },
    {
        "label": "Answers take 2 s",
        "says": "for a minute",
        "for_seconds": 60,
        "rules": [{"action": "slow", "delay_ms": 2_000}],
    },
    {
        "label": "Answers get lost",
        "says": "one in 20: accepted, then the connection breaks",
        "for_seconds": 60,
        "rules": [{"match": {"every": 20}, "action": "lose_answer"}],
    },
    {
        "label": "A bad day",
        "says": "some of everything, for a minute",
        "for_seconds": 60,
        "rules": [
            {
                "chaos": {
                    "seed": 8030,
                    "rates": {"throttled": 0.1, "unavailable": 0.05, "broken": 0.03, "slow": 0.03, "reset": 0.02},
                    "retry_after": ["none", "seconds", "date_future", "garbage"],
                }
            }
        ],
    },
)


@dataclass(frozen=True)
class Mood:
    label: str = ""
    until: datetime | None = None


class Misbehaviour:
    """The end comes by the local clock when somebody looks, and by the wall clock when nobody does."""

    def __init__(self, set_rules: Callable[[Rules], None], *, now: Callable[[], datetime]) -> None:
        self._set_rules = set_rules
        self._now = now
        self._mood = Mood()
        self._timer: threading.Timer | None = None
        self._mutex = threading.RLock()

    def begin(self, rules: Rules, *, label: str = "", for_seconds: float | None = None) -> None:
        """Replaces what was. Raises ValueError for rules that are none, and changes nothing then."""
        with self._mutex:
            self._set_rules(rules)
            self.close()
            if rules:
                until = self._now() + timedelta(seconds=for_seconds) if for_seconds else None
                self._mood = Mood(label or "rules of your own", until)
            if rules and for_seconds:
                self._timer = threading.Timer(for_seconds, self._lapse, [self._mood])
                self._timer.daemon = True
                self._timer.start()

    def mood(self) -> Mood:
        with self._mutex:
            if self._mood.until is not None and self._now() >= self._mood.until:
                self._lapse(self._mood)
            return self._mood

    def close(self) -> None:
        """Forgets the mood and its end; rules stay as they are."""
        with self._mutex:
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self._mood = None, Mood()

    def _lapse(self, mood: Mood) -> None:
        with self._mutex:
            if mood is self._mood:
                self._set_rules([])
                self.close()
