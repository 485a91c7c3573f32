"""Suspicion as rows. Blocks are in the core table: one under its tenant for owners to see, and the last of each subject
under `BLOCKED#<subject>` for the door. Scores (`SUSPICION#…`) are in the idem table, and nobody misses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from pynamodb.expressions.operand import Path

from chalicelib.aws.dynamo import Delete, Put, Refused, Span, Table, absent, equals, transact
from chalicelib.core.clock import in_milliseconds, in_seconds
from chalicelib.core.errors import Unavailable
from chalicelib.core.paging import Page
from chalicelib.core.suspicion import Block, Rule
from chalicelib.features.identity.model.travel import Sighting
from chalicelib.features.identity.store.rows import CORE, Key, change, fields, insert, read

_SHOWN_FOR = timedelta(days=90)
_KEPT_LONGER = timedelta(minutes=5)
_SEEN_FOR = timedelta(days=2)
_NEXT_AFTER = timedelta(minutes=1)  # several that notice the same at once make one block
_MOST_ROUNDS = 8
_MOST_MARKS = 500


class BlockRows:
    def put(self, block: Block, *, now: datetime) -> bool:
        settled = in_milliseconds(now - _NEXT_AFTER)
        is_free = absent() | (Path("until_ms") <= in_milliseconds(now)) | (Path("since_ms") <= settled)
        pk, sk = guard_key(block.subject)
        guard = {
            "pk": pk,
            "sk": sk,
            "v": 1,
            **fields(block),
            "since_ms": in_milliseconds(block.since),
            "until_ms": in_milliseconds(block.until),
            "ttl": in_seconds(block.until + _KEPT_LONGER),
        }
        listed = insert(_listing(block.tenant_id, block.id), block, ttl=in_seconds(block.until + _SHOWN_FOR))
        try:
            transact(Put(CORE, guard, is_free), listed)
        except Refused:
            return False
        return True

    def standing(self, subject: str) -> Block | None:
        row = CORE.get(*guard_key(subject))
        return read(row, Block) if row else None

    def get(self, tenant_id: str, block_id: str) -> Block | None:
        row = CORE.get(*_listing(tenant_id, block_id))
        return read(row, Block) if row else None

    def of_tenant(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Block]:
        pk, prefix = _listing(tenant_id, "")
        page = CORE.query(pk, Span(prefix=prefix), limit=limit, position=position, newest_first=True)
        return Page([read(row, Block) for row in page.rows], page.position)

    def lift(self, block: Block, *, by: str, now: datetime) -> None:
        """The guard first: should the second write be lost, the block is gone, and lifting it again lists it so."""
        with suppress(Refused):  # another block has taken its place, or time has
            CORE.write(Delete(CORE, *guard_key(block.subject), equals("id", block.id)))
        change(_listing(block.tenant_id, block.id), rev=block.rev, lifted_at=now, lifted_by=by)


class ScoreRows:
    def __init__(self) -> None:
        self._table = Table("idem")

    def add(self, rule: Rule, whose: str, marks: Mapping[str, datetime], *, now: datetime) -> int:
        """Of two at once, the later adds to what the earlier has written."""
        pk = _score(rule, whose)
        for _ in range(_MOST_ROUNDS):
            row = self._table.get(pk)
            before: dict[str, int] = row["marks"] if row else {}
            seen = {mark: until for mark, until in before.items() if until > in_milliseconds(now)}
            new = {mark: _until(rule, at) for mark, at in marks.items() if mark not in seen}
            if not new or len(seen) >= _MOST_MARKS:
                return len(seen)
            rev = row["rev"] if row else 0
            kept_until = in_seconds(now + timedelta(seconds=rule.window_seconds) + _KEPT_LONGER)
            written = {"pk": pk, "sk": "-", "v": 1, "marks": seen | new, "rev": rev + 1, "ttl": kept_until}
            with suppress(Refused):
                self._table.put(written, equals("rev", rev) if row else absent())
                return len(seen | new)
        raise Unavailable

    def forget(self, rule: Rule, whose: str) -> None:
        self._table.delete(_score(rule, whose), "-")


class SightingRows:
    def replace(self, user_id: str, sighting: Sighting) -> Sighting | None:
        key = (f"USER#{user_id}", "SIGHTING")
        for _ in range(_MOST_ROUNDS):
            row = CORE.get(*key)
            before = read(row, Sighting) if row else None
            after = replace(sighting, rev=before.rev + 1 if before else 1)
            put = {"pk": key[0], "sk": key[1], "v": 1, **fields(after), "ttl": in_seconds(after.at + _SEEN_FOR)}
            with suppress(Refused):
                CORE.put(put, equals("rev", before.rev) if before else absent())
                return before
        raise Unavailable


def _until(rule: Rule, at: datetime) -> int:
    return in_milliseconds(at + timedelta(seconds=rule.window_seconds))


def _score(rule: Rule, whose: str) -> str:
    return f"SUSPICION#{rule.name}#{whose}"


def guard_key(subject: str) -> Key:
    return f"BLOCKED#{subject}", "-"


def _listing(tenant_id: str, block_id: str) -> Key:
    return f"T#{tenant_id}", f"BLOCK#{block_id}"
