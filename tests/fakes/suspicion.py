"""Suspicion's stores in memory, and the door's view of it. Each may be away; the stores write their calls into `calls`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.errors import Stale, Unavailable
from chalicelib.core.paging import Page
from chalicelib.core.suspicion import Block, Rule
from chalicelib.features.identity.model.travel import Sighting


class _Away:
    def __init__(self, calls: list[str] | None = None) -> None:
        self.calls = calls if calls is not None else []
        self.is_away = False

    def _may(self, call: str) -> None:
        self.calls.append(call)
        if self.is_away:
            raise Unavailable


class MemoryBlocks(_Away):
    def __init__(self, calls: list[str] | None = None) -> None:
        super().__init__(calls)
        self.guards: dict[str, Block] = {}
        self.listed: dict[tuple[str, str], Block] = {}

    def put(self, block: Block, *, now: datetime) -> bool:
        self._may("put block")
        before = self.guards.get(block.subject)
        if before is not None and now < before.until and before.since > now - timedelta(minutes=1):
            return False
        self.guards[block.subject] = self.listed[block.tenant_id, block.id] = block
        return True

    def standing(self, subject: str) -> Block | None:
        self._may("standing block")
        return self.guards.get(subject)

    def get(self, tenant_id: str, block_id: str) -> Block | None:
        self._may("block")
        return self.listed.get((tenant_id, block_id))

    def of_tenant(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Block]:
        self._may("blocks")
        found = sorted((block for (tenant, _), block in self.listed.items() if tenant == tenant_id), key=_id)
        return Page(found[::-1][:limit], None)

    def lift(self, block: Block, *, by: str, now: datetime) -> None:
        self._may("lift block")
        if self.listed[block.tenant_id, block.id].rev != block.rev:
            raise Stale
        if self.guards.get(block.subject, block).id == block.id:
            self.guards.pop(block.subject, None)
        lifted = replace(block, lifted_at=now, lifted_by=by, rev=block.rev + 1)
        self.listed[block.tenant_id, block.id] = lifted


class MemoryScores(_Away):
    def __init__(self, calls: list[str] | None = None) -> None:
        super().__init__(calls)
        self.kept: dict[tuple[str, str], dict[str, datetime]] = {}

    def add(self, rule: Rule, whose: str, marks: Mapping[str, datetime], *, now: datetime) -> int:
        self._may(f"add {rule.name}")
        window = timedelta(seconds=rule.window_seconds)
        there = {mark: at for mark, at in self.kept.get((rule.name, whose), {}).items() if now - at < window}
        self.kept[rule.name, whose] = {**marks, **there}
        return len(self.kept[rule.name, whose])

    def forget(self, rule: Rule, whose: str) -> None:
        self._may(f"forget {rule.name}")
        self.kept.pop((rule.name, whose), None)


class MemorySightings(_Away):
    def __init__(self, calls: list[str] | None = None) -> None:
        super().__init__(calls)
        self.seen: dict[str, Sighting] = {}

    def replace(self, user_id: str, sighting: Sighting) -> Sighting | None:
        self._may("replace sighting")
        before = self.seen.get(user_id)
        self.seen[user_id] = sighting
        return before


class Watchman(_Away):
    """As the door knows suspicion: blocks by subject, and what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, Block] = {}
        self.told: list[tuple[str, dict[str, Any]]] = []

    def block_of(self, subject: str, *, now: datetime) -> Block | None:
        self._may(f"block of {subject}")
        block = self.blocks.get(subject)
        return block if block is not None and block.stands(now) else None

    def note(self, rule: Rule, **facts: Any) -> None:
        self.told.append((rule.name, facts))


def _id(block: Block) -> str:
    return block.id
