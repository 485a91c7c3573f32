"""Invitations as rows of their tenant, `INVITE#<mailbox>`: one for each address. `INVITE` is the ledger of letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from chalicelib.aws.dynamo import Check, Delete, Put, Refused, Span, Write, absent, equals, transact
from chalicelib.aws.values import Row
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.core.paging import Page
from chalicelib.features.identity.model.invitation import Desk, Invitation, Ledger, Reception
from chalicelib.features.identity.model.person import NOBODY, EmailTaken, Member, User
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.model.team import AlreadyMember
from chalicelib.features.identity.store.person import (
    claim_key,
    claimed_by,
    gone_key,
    member_key,
    membership_writes,
    user_key,
    user_writes,
)
from chalicelib.features.identity.store.rows import CORE, Key, TenantRow, change, fields, insert, look_up, read
from chalicelib.features.identity.store.session import session_key

_LEDGER = "INVITE"
_SWEPT_AFTER = timedelta(hours=1)
_LEDGER_KEPT_FOR = timedelta(days=2)


class InvitationRows:
    def __init__(self, *, tenant: TenantRow) -> None:
        self._tenant = tenant

    def desk(self, tenant_id: str) -> Desk:
        """In one query: the ledger's sort key is a prefix of all others, so it is read before them."""
        rows = list(_rows(tenant_id))
        ledgers = [read(row, Ledger) for row in rows if row["sk"] == _LEDGER]
        invitations = [read(row, Invitation) for row in rows if row["sk"] != _LEDGER]
        return Desk(ledgers[0] if ledgers else Ledger(), invitations)

    def page(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Invitation]:
        page = CORE.query(f"T#{tenant_id}", Span(prefix=f"{_LEDGER}#"), limit=limit, position=position)
        return Page([read(row, Invitation) for row in page.rows], page.position)

    def reception(self, tenant_id: str, mailbox: str) -> Reception:
        """In two look-ups, whether or not anybody has the mailbox."""
        found, tenant, claimed = look_up(_key(tenant_id, mailbox), self._tenant.key(tenant_id), claim_key(mailbox))
        invitation = read(found, Invitation) if found else None
        giver_id, user_id = invitation.invited_by if invitation else NOBODY, claimed_by(claimed) if claimed else NOBODY
        giver, user = look_up(member_key(tenant_id, giver_id), user_key(user_id))
        return Reception(
            invitation=invitation,
            tenant=self._tenant.read(tenant) if tenant else None,
            giver=read(giver, Member) if giver else None,
            user=read(user, User) if user else None,
        )

    def put(
        self, invitation: Invitation, *, instead_of: Invitation | None, ledger: Ledger, no_member: str
    ) -> Invitation:
        kept = replace(invitation, rev=instead_of.rev + 1 if instead_of else 1)
        pk, sk = _key(kept.tenant_id, kept.mailbox)
        row = {"pk": pk, "sk": sk, "v": 1, **fields(kept), "ttl": in_seconds(kept.expires_at + _SWEPT_AFTER)}
        book = {"pk": pk, "sk": _LEDGER, "v": 1, **fields(ledger)}
        book["ttl"] = in_seconds(kept.sent_at + _LEDGER_KEPT_FOR)
        try:
            transact(
                Put(CORE, row, equals("rev", instead_of.rev) if instead_of else absent()),
                Put(CORE, book, equals("rev", ledger.rev - 1) if ledger.rev > 1 else absent()),
                Check(CORE, *member_key(kept.tenant_id, no_member), absent()),
            )
        except Refused as refused:
            raise _met(refused) from None
        return kept

    def revoke(self, invitation: Invitation) -> None:
        try:
            CORE.delete(*_key(invitation.tenant_id, invitation.mailbox), equals("rev", invitation.rev))
        except Refused:
            raise Stale from None

    def count_attempt(self, invitation: Invitation, *, mark: str) -> Invitation:
        attempts = invitation.attempts + 1
        key = _key(invitation.tenant_id, invitation.mailbox)
        change(key, rev=invitation.rev, attempts=attempts, last_attempt=mark)
        return replace(invitation, attempts=attempts, last_attempt=mark, rev=invitation.rev + 1)

    def forget_letter(self, invitation: Invitation) -> None:
        change(_key(invitation.tenant_id, invitation.mailbox), rev=invitation.rev, sent_at=invitation.sent_at)

    def accept(self, invitation: Invitation, *, member: Member) -> None:
        _commit([_spent(invitation), *membership_writes(member), _back(invitation)])

    def accept_newcomer(self, invitation: Invitation, *, member: Member, user: User, session: Session) -> None:
        first = insert(session_key(session.user_id, session.id), session, ttl=in_seconds(session.expires_at))
        _commit([*user_writes(user), _spent(invitation), *membership_writes(member), first, _back(invitation)])


def _spent(invitation: Invitation) -> Delete:
    return Delete(CORE, *_key(invitation.tenant_id, invitation.mailbox), equals("rev", invitation.rev))


def _back(invitation: Invitation) -> Delete:
    """Whoever was removed once is so no longer."""
    return Delete(CORE, *gone_key(invitation.tenant_id, invitation.mailbox))


def _commit(writes: list[Write]) -> None:
    try:
        transact(*writes)
    except Refused as refused:
        if str((refused.row or {}).get("pk", "")).startswith("EMAIL#"):
            raise EmailTaken from None
        raise _met(refused) from None


def _met(refused: Refused) -> AlreadyMember | Stale:
    is_member = str((refused.row or {}).get("sk", "")).startswith("MEMBER#")
    return AlreadyMember() if is_member else Stale()


def _rows(tenant_id: str) -> Iterator[Row]:
    position = None
    while True:
        page = CORE.query(f"T#{tenant_id}", Span(prefix=_LEDGER), position=position)
        yield from page.rows
        position = page.position
        if position is None:
            return


def _key(tenant_id: str, mailbox: str) -> Key:
    return f"T#{tenant_id}", f"{_LEDGER}#{mailbox}"
