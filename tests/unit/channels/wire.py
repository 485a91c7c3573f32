"""A wire for tests of the sender: keeps what was started, answers what the test says."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.channels.webpush.transport import Refused, Reply


@dataclass(frozen=True)
class Started:
    ticket: bytes
    url: str
    host: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedWire:
    refuses: set[str] = field(default_factory=set)
    started: list[Started] = field(default_factory=list)
    come: deque[tuple[bytes, Reply]] = field(default_factory=deque)
    waits: list[float] = field(default_factory=list)
    abandoned: int = 0

    def start(self, ticket: bytes, *, url: str, host: str, headers: Sequence[str], body: bytes) -> None:
        if host in self.refuses:
            raise Refused
        named = dict(header.split(":", 1) for header in headers)
        self.started.append(Started(ticket, url, host, {name: value.strip() for name, value in named.items()}, body))

    def replies(self, wait_seconds: float) -> list[tuple[bytes, Reply]]:
        self.waits.append(wait_seconds)
        found = list(self.come)
        self.come.clear()
        return found

    def abandon(self) -> None:
        self.abandoned += 1
