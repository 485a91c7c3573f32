"""Whom a block stops: asked by the door for each caller, remembered as long as a key is, listed and lifted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Stale, Unavailable
from chalicelib.core.paging import Cursors, Page
from chalicelib.core.suspicion import Block

KNOWN_FOR = timedelta(seconds=20)
_PAUSE = timedelta(seconds=5)  # after which the store is asked again
MOST_SUBJECTS = 2_000
_MOST_ROUNDS = 8


class BlockStore(Protocol):
    def put(self, block: Block, *, now: datetime) -> bool:
        """False when one stands already for this subject."""
        ...

    def standing(self, subject: str) -> Block | None:
        """The last one of this subject, over or not."""
        ...

    def get(self, tenant_id: str, block_id: str) -> Block | None:
        """One block of a tenant."""
        ...

    def of_tenant(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Block]:
        """Newest first."""
        ...

    def lift(self, block: Block, *, by: str, now: datetime) -> None:
        """Raises Stale."""
        ...


class Blocks:
    def __init__(self, *, store: BlockStore, cursor_secret: Callable[[], str]) -> None:
        self._store = store
        self._cursor_secret = cursor_secret
        self._known: dict[str, tuple[Block | None, datetime]] = {}
        self._unasked_until: datetime | None = None

    def of(self, subject: str, *, now: datetime) -> Block | None:
        """The block that stands. When nobody answers, one that was known goes on to its end; else Unavailable."""
        block, since = self._known.get(subject, (None, None))
        if since is None or not timedelta() <= now - since < KNOWN_FOR:
            try:
                block = self._ask(subject, now)
            except Unavailable:
                if block is None or not block.stands(now):
                    raise
        return block if block is not None and block.stands(now) else None

    def of_address(self, subject: str, *, now: datetime) -> Block | None:
        """Never from memory: whoever signs in waits for a hash anyway."""
        block = self._store.standing(subject)
        return block if block is not None and block.stands(now) else None

    def learn(self, subject: str, block: Block | None, *, now: datetime) -> None:
        """As if it had just been asked for: somebody has read it along with something else."""
        if len(self._known) >= MOST_SUBJECTS:
            self._known.clear()
        self._known[subject] = (block, now)

    def begin(self, block: Block, *, now: datetime) -> bool:
        """False when another one was first."""
        is_first = self._store.put(block, now=now)
        self._known.pop(block.subject, None)
        return is_first

    def list(self, *, tenant_id: str, limit: int, cursor: str | None) -> Page[Block]:
        cursors = Cursors(secret=self._cursor_secret().encode(), scope=f"{tenant_id} blocks")
        page = self._store.of_tenant(tenant_id, limit=limit, position=cursors.open(cursor))
        return Page(page.rows, cursors.seal(page.position))

    def lift(self, *, tenant_id: str, block_id: str, by: str, now: datetime) -> None:
        """Once more does no harm."""
        for _ in range(_MOST_ROUNDS):
            block = self._store.get(tenant_id, block_id) if ids.is_id(block_id, "blk") else None
            if block is None:
                raise NotFound
            self._known.pop(block.subject, None)
            if not block.stands(now):
                return
            try:
                self._store.lift(block, by=by, now=now)
            except Stale:
                continue
            return
        raise Stale

    def _ask(self, subject: str, now: datetime) -> Block | None:
        if self._unasked_until is not None and now < self._unasked_until:
            raise Unavailable
        try:
            block = self._store.standing(subject)
        except Unavailable:
            self._unasked_until = now + _PAUSE
            raise
        self.learn(subject, block, now=now)
        return block
