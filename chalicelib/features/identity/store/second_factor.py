"""A second factor as a row beside its person: `USER#<id>` / `TOTP`. That it is on also stands in the user's own row, in
the same transaction, so that signing in without one costs no look-up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib.aws.dynamo import Delete, Put, Refused, Write, absent, equals, transact
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.person import User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.store.person import user_key
from chalicelib.features.identity.store.rows import CORE, Key, changing, fields, read
from chalicelib.features.identity.store.session import session_key

_SWEPT_AFTER = timedelta(hours=1)


class SecondFactorRows:
    def of_user(self, user_id: str) -> SecondFactor | None:
        row = CORE.get(*factor_key(user_id))
        return read(row, SecondFactor) if row else None

    def begin(self, factor: SecondFactor, *, instead_of: SecondFactor | None) -> None:
        pk, sk = factor_key(factor.user_id)
        row = {"pk": pk, "sk": sk, "v": 1, **fields(factor), "ttl": in_seconds(factor.expires_at + _SWEPT_AFTER)}
        try:
            CORE.write(Put(CORE, row, equals("rev", instead_of.rev) if instead_of else absent()))
        except Refused:
            raise Stale from None

    def change(self, factor: SecondFactor) -> SecondFactor:
        """All that may change in one by itself. Its secret never does, but it may be sealed anew; never in one that was
        begun since, though that may have come to the same `rev`.
        """
        changed = changing(
            factor_key(factor.user_id),
            rev=factor.rev,
            sealed_secret=factor.sealed_secret,
            last_step=factor.last_step,
            recovery_hashes=factor.recovery_hashes,
            wrong=factor.wrong,
            wrong_at=factor.wrong_at,
            last_attempt=factor.last_attempt,
        )
        still = equals("rev", factor.rev) & equals("begun_at", fields(factor)["begun_at"])
        try:
            CORE.write(replace(changed, condition=still))
        except Refused:
            raise Stale from None
        return replace(factor, rev=factor.rev + 1)

    def switch_on(self, factor: SecondFactor, *, user: User, keeping: Session) -> None:
        era = user.era + 1
        _commit(
            changing(user_key(user.id), rev=user.rev, era=era, second_factor_at=factor.confirmed_at),
            changing(session_key(keeping.user_id, keeping.id), rev=keeping.rev, era=era),
            changing(
                factor_key(user.id),
                rev=factor.rev,
                confirmed_at=factor.confirmed_at,
                last_step=factor.last_step,
                recovery_hashes=factor.recovery_hashes,
                last_attempt=factor.last_attempt,
                ttl=None,
            ),
        )

    def switch_off(self, factor: SecondFactor, *, user: User) -> None:
        _commit(
            changing(user_key(user.id), rev=user.rev, second_factor_at=None),
            Delete(CORE, *factor_key(user.id), equals("rev", factor.rev)),
        )


def factor_key(user_id: str) -> Key:
    return f"USER#{user_id}", "TOTP"


def _commit(*writes: Write) -> None:
    try:
        transact(*writes)
    except Refused:
        raise Stale from None
