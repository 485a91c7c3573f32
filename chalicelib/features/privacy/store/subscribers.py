"""What the tenant keeps of one subscriber besides their subscriptions, and how all of it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from chalicelib.aws import bulk
from chalicelib.aws.dynamo import Table, equals
from chalicelib.features.privacy.model import Invited, Kind, Portion
from chalicelib.features.privacy.store import answers, keys

CORE, SUBS = Table("core"), Table("subs")


class SubscriberRows:
    def remove(self, tenant_id: str, site_id: str, found: Iterable[bytes]) -> int:
        """Alive or buried."""
        return bulk.remove(SUBS, ((f"S#{tenant_id}#{site_id}#{key[0] >> 4:x}", key.hex()) for key in found))

    def forget_answers(self, tenant_id: str, words: Sequence[str], *, position: str) -> Portion:
        """Answers kept for an Idempotency-Key that name the subscriber. Nothing leads to them: they are looked for."""
        return answers.redact(equals("tenant_id", tenant_id), words, position=position)

    def forget_exports(self, tenant_id: str, about: Mapping[str, str]) -> int:
        """They hold nothing but whom they are about; that is enough to go."""
        named = {*about.values()}
        rows = keys.rows(CORE, f"JOBS#{tenant_id}")
        going = [row for row in rows if row["kind"] == Kind.EXPORT and named & {*row["about"].values()}]
        return bulk.remove(CORE, map(keys.key_of, going))

    def invited(self, tenant_id: str, email: str) -> list[Invited]:
        rows = keys.rows(CORE, f"T#{tenant_id}", "INVITE#")
        return [
            Invited(row["email"], row["role"], datetime.fromisoformat(row["created_at"]), row["sk"])
            for row in rows
            if row["email"].lower() == email.lower()
        ]

    def disinvite(self, tenant_id: str, invited: Iterable[Invited]) -> int:
        return bulk.remove(CORE, ((f"T#{tenant_id}", each.place) for each in invited))
