"""What is kept of somebody who has an account here: told to them, and erased when they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib.features.identity.model.person import User
from chalicelib.features.privacy.model import Job, Kind, Portion
from chalicelib.features.privacy.service.jobs import Jobs

Row = Mapping[str, Any]

_TOLD: Mapping[str, tuple[str, Sequence[str]]] = {
    "-": ("user", ("email", "name", "created_at", "second_factor_at")),
    "DOOR": ("provider", ("provider", "linked_at")),
    "EMAIL_CHANGE": ("email_change", ("email", "asked_at")),
    "MEMBER": ("membership", ("tenant_id", "role", "joined_at")),
    "SESSION": ("session", ("tenant_id", "created_at", "rotated_at", "user_agent", "country", "ended")),
    "SIGHTING": ("sign_in", ("country", "at")),
    "TOTP": ("second_factor", ("begun_at", "confirmed_at", "wrong_at")),
}
_OURS = frozenset({"pk", "sk", "v", "rev", "ttl", "user_id"})


class Team(Protocol):
    def leave_everything(self, *, user_id: str, but_noted_in: str, request_id: str, now: datetime) -> User:
        """Raises LastOwner before anything is done."""
        ...


class Rows(Protocol):
    def of_person(self, user_id: str) -> Sequence[Row]:
        """Everything in their own partition."""
        ...

    def person(self, user_id: str) -> Row | None:
        """The first of these."""
        ...

    def remove_person(self, job: Job) -> Portion:
        """A portion of everything that is keyed by them or about them."""
        ...

    def remove_last(self, job: Job) -> None:
        """What keeps others from being taken for them, and the job with it."""
        ...


@dataclass(frozen=True)
class Record:
    """`withheld` names what proves who somebody is, or counts how often they failed to."""

    kind: str
    fields: Mapping[str, Any]
    withheld: Sequence[str]


class OwnAccounts:
    def __init__(self, *, team: Team, rows: Rows, jobs: Callable[[], Jobs]) -> None:
        self._team = team
        self._rows = rows
        self._jobs = jobs

    def export(self, *, user_id: str) -> list[Record]:
        return [_record(row) for row in self._rows.of_person(user_id)]

    def leave(self, *, user_id: str, tenant_id: str, request_id: str, now: datetime) -> Job:
        user = self._team.leave_everything(user_id=user_id, but_noted_in=tenant_id, request_id=request_id, now=now)
        return self.erase(user_id=user_id, mailbox=user.mailbox, email=user.email, now=now)

    def erase(self, *, user_id: str, mailbox: str, email: str, now: datetime) -> Job:
        """Of somebody who is in no tenant any more."""
        jobs, about = self._jobs(), {"user_id": user_id, "mailbox": mailbox, "email": email}
        job = jobs.begin(Kind.PERSON, tenant_id=user_id, asked_by=user_id, about=about, now=now, at=now)
        jobs.wake(job)
        return job

    def remove(self, job: Job, _now: datetime) -> Portion:
        return self._rows.remove_person(job)

    def remove_last(self, job: Job, _now: datetime) -> Portion:
        self._rows.remove_last(job)
        return Portion(2)


def _record(row: Row) -> Record:
    """What is not known here is named, and not told: a test has to hear of it."""
    kind, told = _TOLD.get(str(row["sk"]).split("#")[0], (str(row["sk"]).split("#")[0].lower(), ()))
    fields = {name: row[name] for name in told if row.get(name) not in {None, ""}}
    return Record(kind, fields, sorted(row.keys() - _OURS - {*told}))
