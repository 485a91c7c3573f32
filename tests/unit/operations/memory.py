"""What operators stop, and queues with dead letters, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.features.operations.model import DeadLetter, Depth, Stop

NOTHING = Depth(waiting=0, in_flight=0, delayed=0)


class Stops:
    """None stands for everyone."""

    def __init__(self) -> None:
        self.rows: dict[str | None, datetime] = {}
        self.closing: set[str] = set()

    def put(self, tenant_id: str | None, *, at: datetime) -> None:
        self.rows[tenant_id] = at

    def drop(self, tenant_id: str | None) -> None:
        self.rows.pop(tenant_id, None)

    def put_closing(self, tenant_id: str, *, at: datetime) -> None:
        self.closing.add(tenant_id)

    def drop_closing(self, tenant_id: str) -> None:
        self.closing.discard(tenant_id)

    def has_any(self, tenant_id: str) -> bool:
        return None in self.rows or tenant_id in self.rows.keys() | self.closing

    def standing(self) -> Sequence[Stop]:
        return [Stop(tenant_id, self.rows[tenant_id]) for tenant_id in sorted(self.rows, key=lambda one: one or "")]


@dataclass
class Queues:
    """`stuck` dead letters are those that their queue does not take back."""

    depths: dict[str, Depth] = field(default_factory=dict)
    dead: dict[str, list[DeadLetter]] = field(default_factory=dict)
    revived: dict[str, list[DeadLetter]] = field(default_factory=dict)
    stuck: int = 0

    def depth(self, name: str) -> Depth:
        return self.depths.get(name, NOTHING)

    def dead_depth(self, name: str) -> Depth:
        return Depth(waiting=len(self.dead.get(name, ())), in_flight=0, delayed=0)

    def dead_letters(self, name: str) -> Sequence[DeadLetter]:
        return self.dead.get(name, [])[:10]

    def revive(self, name: str) -> int:
        dead = self.dead.get(name, [])
        moving = dead[self.stuck : self.stuck + 10]
        del dead[self.stuck : self.stuck + 10]
        self.revived.setdefault(name, []).extend(moving)
        return len(moving)
