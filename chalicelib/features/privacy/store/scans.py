"""Everything of a tenant, or of a person, wherever it is: all tables are read from end to end. That is done once for an
account or a person that goes for good, finds what no key leads to, and knows of tables that are not thought of yet.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.aws import blobs, bulk
from chalicelib.aws.dynamo import Delete, Refused, Table, equals, transact
from chalicelib.aws.values import Row
from chalicelib.core import suspicion
from chalicelib.features.privacy.model import Job, Portion
from chalicelib.features.privacy.store import answers, keys

TABLES = ("core", "subs", "sends", "events", "due", "idem", "audit")
OF_PEOPLE = ("core", "due", "idem")  # subscribers are no people of ours; the audit log has nothing but a bare id
_NAMES_A_PERSON = ("user_id", "mailbox", "subject")
CORE = Table("core")


class ScanRows:
    def remove_tenant(self, job: Job) -> Portion:
        """All but its jobs: two that are at it at once would end each other, and nobody what they have begun."""
        return _sweep(TABLES, _of_tenant(job.tenant_id) & ~_is_job_of(job), (), job.position)

    def remove_other_jobs(self, job: Job) -> int:
        jobs = (keys.key_of(row) for row in keys.rows(CORE, _jobs_of(job)))
        return bulk.remove(CORE, [key for key in jobs if key != _key_of(job)])

    def remove_person(self, job: Job) -> Portion:
        """All but the jobs, the person and the claim on their address: while that stands, nobody new can be taken for
        them.
        """
        user_id, mailbox, email = (job.about[name] for name in ("user_id", "mailbox", "email"))
        spared = {(f"USER#{user_id}", "-"), _claim(mailbox)}
        wanted = _of_person(user_id, mailbox, email) & ~_is_job_of(job)
        if "left" in job.about:  # who was removed from a team stays out of it until invited, by that hash
            wanted &= ~Path("sk").startswith("GONE#")
        return _sweep(OF_PEOPLE, wanted, spared, job.position)

    def forget_answers(self, job: Job) -> Portion:
        """Any tenant's: whoever has invited them has an answer with their address."""
        words = (job.about["mailbox"] and job.about["email"],)
        return answers.redact(Path("body").exists(), [word for word in words if word], position=job.position)

    def remove_last(self, job: Job) -> None:
        """The person and the claim, and with them the job: nothing is left that knows who it was. Before them goes what
        has come since, for until now somebody could still bring the password.
        """
        user_id = job.about["user_id"]
        self.remove_other_jobs(job)
        rows = keys.rows(CORE, f"USER#{user_id}")
        bulk.remove(CORE, (key for row in rows if row["sk"] != "-" for key in _twice(row)))
        person = self.person(user_id) or {}
        for mailbox in {job.about["mailbox"], person.get("mailbox", "")} - {""}:
            with suppress(Refused):  # it is somebody else's by now, for another job has done all this
                CORE.delete(*_claim(mailbox), equals("user_id", user_id))
        transact(Delete(CORE, f"USER#{user_id}", "-"), Delete(CORE, *_key_of(job)))

    def remove_blobs(self, tenant_id: str) -> int:
        return blobs.remove(f"exports/{tenant_id}/")

    def shut_out(self, tenant_id: str) -> int:
        """API keys, and sessions that are in this tenant."""
        going = []
        for row in keys.rows(CORE, f"T#{tenant_id}", "APIKEY#"):
            going += [keys.key_of(row), (f"APIKEY#{row['prefix']}", "-")]
        for member in self.members(tenant_id):
            sessions = keys.rows(CORE, f"USER#{member}", "SESSION#")
            going += [keys.key_of(row) for row in sessions if row["tenant_id"] == tenant_id]
        return bulk.remove(CORE, going)

    def members(self, tenant_id: str) -> list[str]:
        return [row["sk"].removeprefix("MEMBER#") for row in keys.rows(CORE, f"T#{tenant_id}", "MEMBER#")]

    def tenants_of(self, user_id: str) -> list[str]:
        return [row["sk"].removeprefix("MEMBER#") for row in keys.rows(CORE, f"USER#{user_id}", "MEMBER#")]

    def kept_by(self, tenant_id: str, *, position: str) -> tuple[list[str], str | None]:
        """People whom its identity provider alone knew, members or no more; and where the next page begins."""
        after = tuple(json.loads(position)) if position else None
        found, following = bulk.scan(CORE, equals("kept_by", tenant_id), after=after)
        return [pk.removeprefix("USER#") for pk, _ in found], json.dumps(following) if following else None

    def person(self, user_id: str) -> Row | None:
        return CORE.get(f"USER#{user_id}", "-")

    def looked_for_at(self, user_id: str) -> datetime | None:
        row = CORE.get(f"USER#{user_id}", "LEFT")
        return datetime.fromisoformat(row["look_at"]) if row else None

    def of_person(self, user_id: str) -> list[Row]:
        return list(keys.rows(CORE, f"USER#{user_id}"))


def _sweep(tables: Sequence[str], wanted: Condition, spared: Collection[bulk.Key], position: str) -> Portion:
    """One page of one table."""
    name, after = json.loads(position) if position else (tables[0], None)
    found, following = bulk.scan(Table(name), wanted, after=tuple(after) if after else None)
    removed = bulk.remove(Table(name), (key for key in found if key not in spared))
    if following is not None:
        return Portion(removed, json.dumps([name, following]))
    later = tables[tables.index(name) + 1 :]
    return Portion(removed, json.dumps([later[0], None]) if later else None)


def _of_tenant(tenant_id: str) -> Condition:
    wanted: Condition = Path("pk").contains(tenant_id) | Path("sk").contains(tenant_id)
    wanted |= Path("tenant_id") == tenant_id
    return wanted


def _of_person(user_id: str, mailbox: str, email: str) -> Condition:
    """Keyed by them, or about them. Who invited or made something stays named by the bare id, which leads nowhere.

    Whom an identity provider alone knows has no mailbox: the address is its word, and may well be another's who has
    proven it. So nothing of theirs is known by it, and what others are known by is never an address.
    """
    wanted = _names(user_id)
    if mailbox:
        wanted |= _of_address(mailbox, email) & ~_of_somebody_else()
    return wanted


def _of_address(mailbox: str, email: str) -> Condition:
    wanted: Condition = _names(mailbox) | _names(suspicion.made_up(mailbox))
    wanted |= Path("email") == email
    wanted |= Path("profile.email") == email  # on their way back from a provider
    wanted |= Path("about.email") == email  # asked for by a tenant that has invited them
    return wanted


def _of_somebody_else() -> Condition:
    """Who has the address today is nobody that an erasure of yesterday is about. A wish to move to it tells of it."""
    kept: Condition = Path("user_id").exists() | Path("pk").startswith("USER#")
    kept &= Path("sk") != "EMAIL_CHANGE"
    return kept


def _names(whom: str) -> Condition:
    wanted: Condition = Path("pk").contains(whom) | Path("sk").contains(whom)
    for name in _NAMES_A_PERSON:
        wanted |= Path(name) == whom
    return wanted


def _claim(mailbox: str) -> bulk.Key:
    return f"EMAIL#{mailbox}", "-"


def _twice(row: Row) -> list[bulk.Key]:
    """Memberships and what opens the account are written down in two places."""
    kind, _, rest = str(row["sk"]).partition("#")
    elsewhere = {"MEMBER": (f"T#{rest}", f"MEMBER#{row['pk'].removeprefix('USER#')}"), "DOOR": (f"DOOR#{rest}", "-")}
    return [keys.key_of(row), elsewhere[kind]] if kind in elsewhere else [keys.key_of(row)]


def _is_job_of(job: Job) -> Condition:
    return equals("pk", _jobs_of(job))


def _jobs_of(job: Job) -> str:
    return f"JOBS#{job.tenant_id}"


def _key_of(job: Job) -> bulk.Key:
    return _jobs_of(job), job.id
