"""What this process has seen of each rule, so that the same thing is told once, and what is rare is not told at all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.core.suspicion import Rule

MOST_REMEMBERED = 2_000
_Seen = dict[str, tuple[datetime, bool]]


class Marks:
    def __init__(self, *, most_remembered: int = MOST_REMEMBERED) -> None:
        self._seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()
        self._most_remembered = most_remembered

    def see(self, rule: Rule, whose: str, mark: str, *, now: datetime) -> Mapping[str, datetime]:
        """Those to be told, with when they were seen: none while there are few, or when this one is not new."""
        before = self._seen.pop((rule.name, whose), {})
        window = timedelta(seconds=rule.window_seconds)
        seen = {each: entry for each, entry in before.items() if now - entry[0] < window}
        is_new = mark not in seen
        if is_new and len(seen) < rule.needed:
            seen[mark] = (now, False)
        self._seen[rule.name, whose] = seen
        if len(self._seen) > self._most_remembered:
            self._seen.popitem(last=False)
        if not is_new or len(seen) < rule.told_from:
            return {}
        return {each: at for each, (at, is_told) in seen.items() if not is_told}

    def told(self, rule: Rule, whose: str, marks: Mapping[str, datetime]) -> None:
        seen = self._seen.get((rule.name, whose), {})
        seen |= {mark: (at, True) for mark, at in marks.items()}

    def forget(self, rule: Rule, whose: str) -> None:
        self._seen.pop((rule.name, whose), None)
