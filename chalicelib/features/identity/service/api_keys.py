"""API keys: made by people who may, for machines; and the operator's, made on the installation's command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Stale, Unavailable
from chalicelib.core.identity import Mode, Principal, Scope
from chalicelib.core.paging import Cursors, Page
from chalicelib.core.suspicion import Block
from chalicelib.features.identity.model.api_key import (
    ApiKey,
    IssuedKey,
    KeyText,
    check_scopes,
    draw_key,
    issue,
    read_key,
)
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.key_memory import KeyMemory
from chalicelib.features.tenants.model import clean_name

_MOST_ROUNDS = 8
_COMMAND_LINE = "-"


class ApiKeyStore(Protocol):
    def put(self, key: ApiKey) -> bool:
        """False when its prefix is taken."""
        ...

    def at(self, prefix: str) -> ApiKey | None:
        """The key with this prefix, of whatever tenant."""
        ...

    def with_block(self, key: ApiKey) -> tuple[ApiKey | None, Block | None]:
        """The same as it stands now, and the last block of it, over or not; both in one look-up."""
        ...

    def get(self, tenant_id: str, key_id: str) -> ApiKey | None:
        """One key of a tenant."""
        ...

    def of_tenant(self, tenant_id: str, *, limit: int, position: str | None) -> Page[ApiKey]:
        """By id, which is by birth."""
        ...

    def note_use(self, key: ApiKey, *, now: datetime) -> None:
        """Raises Stale."""
        ...

    def revoke(self, key: ApiKey, *, now: datetime) -> None:
        """Raises Stale."""
        ...


class SiteLookup(Protocol):
    def get(self, *, tenant_id: str, site_id: str) -> object:
        """Raises NotFound."""
        ...


class KnownBlocks(Protocol):
    def learn(self, subject: str, block: Block | None, *, now: datetime) -> None:
        """The door asks for it next, and need not look it up."""
        ...


class ApiKeys:
    def __init__(
        self,
        *,
        store: ApiKeyStore,
        blocks: KnownBlocks,
        sites: SiteLookup,
        signer: Signer,
        cursor_secret: Callable[[], str],
    ) -> None:
        self._store = store
        self._blocks = blocks
        self._sites = sites
        self._signer = signer
        self._cursor_secret = cursor_secret
        self._memory = KeyMemory()

    def create(
        self,
        *,
        creator: Principal,
        name: str,
        scopes: Iterable[Scope],
        now: datetime,
        mode: Mode = Mode.LIVE,
        site_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> IssuedKey:
        wanted = frozenset(scopes)
        check_scopes(wanted, creator.scopes)
        if site_id is not None:
            self._sites.get(tenant_id=creator.tenant_id, site_id=site_id)
        make = partial(
            issue,
            signer=self._signer,
            tenant_id=creator.tenant_id,
            name=clean_name(name, pointer="/name"),
            scopes=wanted,
            created_by=creator.subject,
            now=now,
            site_id=site_id,
            expires_at=expires_at,
        )
        return self._keep(make, mode)

    def issue_operator_key(self, *, name: str, now: datetime) -> IssuedKey:
        make = partial(
            issue,
            signer=self._signer,
            tenant_id="",
            name=name,
            scopes={Scope.OPS},
            created_by=_COMMAND_LINE,
            now=now,
        )
        return self._keep(make, Mode.LIVE)

    def list(self, *, tenant_id: str, limit: int, cursor: str | None) -> Page[ApiKey]:
        cursors = Cursors(secret=self._cursor_secret().encode(), scope=f"{tenant_id} api keys")
        page = self._store.of_tenant(tenant_id, limit=limit, position=cursors.open(cursor))
        return Page(page.rows, cursors.seal(page.position))

    def revoke(self, *, tenant_id: str, key_id: str, now: datetime) -> None:
        for _ in range(_MOST_ROUNDS):
            key = self._store.get(tenant_id, key_id) if ids.is_id(key_id, "key") else None
            if key is None:
                raise NotFound
            self._memory.forget(key.prefix)
            if key.revoked_at is not None:
                return
            try:
                self._store.revoke(key, now=now)
            except Stale:  # its use was noted meanwhile
                continue
            return
        raise Stale

    def authenticate(self, token: str, *, now: datetime) -> Principal:
        text = read_key(token)
        known = self._memory.recall(text.prefix, now=now) if text else None
        key = known or (self._look_up(text.prefix, now) if text else None)
        if text is None or key is None or not text.proves(key, self._signer) or not key.is_good(now):
            raise InvalidToken
        if known is None:
            self._memory.keep(key, now=now)
            self._note_use(key, now)
        return key.principal()

    def _look_up(self, prefix: str, now: datetime) -> ApiKey | None:
        """Whose blocks to ask for along with it is known from the second time on: a prefix does not tell."""
        before = self._memory.last(prefix)
        if before is None:
            return self._store.at(prefix)
        key, block = self._store.with_block(before)
        self._blocks.learn(before.id, block, now=now)
        return key

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        if key.should_note_use(now):
            with suppress(Stale, Unavailable):  # good to know, not worth refusing a caller for
                self._store.note_use(key, now=now)

    def _keep(self, make: Callable[[KeyText], IssuedKey], mode: Mode) -> IssuedKey:
        for _ in range(_MOST_ROUNDS):
            issued = make(draw_key(mode))
            if self._store.put(issued.api_key):
                return issued
        raise Unavailable
