"""API keys: `ps_live_<prefix>_<secret>`. The prefix finds the key, the secret proves it; only a keyed hash is kept."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import chance, ids
from chalicelib.core.encoding import CROCKFORD, letters
from chalicelib.core.errors import Forbidden, Invalid
from chalicelib.core.identity import Mode, Principal, Scope
from chalicelib.features.identity.model.signature import Signer

USED_NOTED_EVERY = timedelta(minutes=5)
REVOKED_KEPT_FOR = timedelta(days=90)
_PREFIX_LENGTH = 8
_SECRET_LENGTH = 52  # 260 bits
_KEY = re.compile(rf"ps_(live|test)_([{CROCKFORD}]{{{_PREFIX_LENGTH}}})_([{CROCKFORD}]{{{_SECRET_LENGTH}}})")


class ScopeNotYours(Forbidden):
    """A key can do no more than the person who makes it.

    When: A key is asked for with a scope that your role does not include.

    Do: Leave that scope out, or ask an owner of the account to make the key.

    Members:
    - scope: the scope that you do not have
    """

    code = "scope_not_yours"
    title = "A key cannot have a scope that you do not have."


@dataclass(frozen=True)
class ApiKey:
    """`tenant_id` is empty for the operator's."""

    id: str
    tenant_id: str
    prefix: str
    secret_hash: bytes
    name: str
    scopes: tuple[Scope, ...]
    mode: Mode
    created_by: str
    created_at: datetime
    site_id: str | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    rev: int = 1

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def should_note_use(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= USED_NOTED_EVERY

    def principal(self) -> Principal:
        return Principal(
            subject=self.id,
            tenant_id=self.tenant_id,
            scopes=frozenset(self.scopes),
            mode=self.mode,
            site_id=self.site_id,
        )


@dataclass(frozen=True)
class KeyText:
    """A key as its holder writes it."""

    mode: Mode
    prefix: str
    secret: str

    def __str__(self) -> str:
        return f"ps_{self.mode}_{self.prefix}_{self.secret}"

    def hash(self, signer: Signer) -> bytes:
        return signer.digest(str(self))

    def proves(self, key: ApiKey, signer: Signer) -> bool:
        return hmac.compare_digest(key.secret_hash, self.hash(signer))


@dataclass(frozen=True)
class IssuedKey:
    """The only moment at which `key`, the text itself, is known."""

    api_key: ApiKey
    key: str


def read_key(text: str) -> KeyText | None:
    parts = _KEY.fullmatch(text)
    return KeyText(Mode(parts[1]), parts[2], parts[3]) if parts else None


def draw_key(mode: Mode) -> KeyText:
    return KeyText(mode, letters(chance.token(_PREFIX_LENGTH)), letters(chance.token(_SECRET_LENGTH)))


def issue(
    text: KeyText,
    *,
    signer: Signer,
    tenant_id: str,
    name: str,
    scopes: Iterable[Scope],
    created_by: str,
    now: datetime,
    site_id: str | None = None,
    expires_at: datetime | None = None,
) -> IssuedKey:
    if expires_at is not None and expires_at <= now:
        raise Invalid("A key cannot expire in the past.", pointer="/expires_at")
    key = ApiKey(
        id=ids.new("key"),
        tenant_id=tenant_id,
        prefix=text.prefix,
        secret_hash=text.hash(signer),
        name=name,
        scopes=tuple(sorted(set(scopes))),
        mode=text.mode,
        created_by=created_by,
        created_at=now,
        site_id=site_id,
        expires_at=expires_at,
    )
    return IssuedKey(key, str(text))


def check_scopes(wanted: Iterable[Scope], held: frozenset[Scope]) -> None:
    missing = sorted(set(wanted) - held)
    if missing:
        raise ScopeNotYours(f"You do not have the scope {missing[0]} yourself.", scope=str(missing[0]))
