"""What has stood and passed its smoke test, newest last: where going back leads. Going back takes entries off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from infra.deploy.artifacts import Artifacts
from infra.deploy.halt import Halt

_KEY = "releases/history.json"
_MOST_KEPT = 50


@dataclass(frozen=True)
class Entry:
    """`release` names the template, `parameters` are what it stood with, `commit` is for people."""

    release: str
    parameters: Mapping[str, str]
    commit: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.release} (commit {self.commit or 'unknown'})"


@dataclass(frozen=True)
class History:
    """`heading_for`: where a going back that was not finished leads; begun again, it must not lead further."""

    entries: Sequence[Entry] = ()
    heading_for: Entry | None = None

    @property
    def newest(self) -> Entry | None:
        return self.entries[-1] if self.entries else None

    def with_newest(self, entry: Entry) -> History:
        rest = self.entries[:-1] if entry == self.newest else self.entries
        return History([*rest, entry][-_MOST_KEPT:])

    def up_to(self, entry: Entry) -> History:
        return History(self.entries[: _last_place(self.entries, entry) + 1])

    def going_to(self, entry: Entry | None) -> History:
        return History(self.entries, entry)

    def before(self, live: Entry) -> Entry | None:
        """What to go back to from what stands now, whether that ever passed its test or not."""
        known = self.entries[: _last_place(self.entries, live)] if live in self.entries else self.entries
        return next((entry for entry in reversed(known) if entry != live), None)

    def named(self, release: str) -> Entry:
        found = [entry for entry in self.entries if entry.release == release]
        if not found:
            known = ", ".join(dict.fromkeys(str(entry) for entry in reversed(self.entries))) or "none"
            raise Halt(f"No release {release} has stood here.", then=f"Those that have, newest first: {known}")
        return found[-1]


def read_history(artifacts: Artifacts) -> History:
    kept = artifacts.read(_KEY)
    return msgspec.convert(kept, History) if kept else History()


def write_history(artifacts: Artifacts, history: History) -> None:
    artifacts.write(_KEY, msgspec.to_builtins(history))


def forget_history(artifacts: Artifacts) -> None:
    """A new stack has another address: what stood before it cannot stand again."""
    artifacts.remove(_KEY)


def _last_place(entries: Sequence[Entry], entry: Entry) -> int:
    return max(place for place, each in enumerate(entries) if each == entry)
