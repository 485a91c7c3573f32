"""What is kept of somebody who has an account here: told to them, and erased when they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.core.errors import PushError, Unavailable
from chalicelib.features.due.model import Entry
from chalicelib.features.identity.model.team import Leaver
from chalicelib.features.privacy.model import Job, Kind, Portion
from chalicelib.features.privacy.service.jobs import Calendar, Jobs

Row = Mapping[str, Any]

_TOLD: Mapping[str, tuple[str, Sequence[str]]] = {
    "-": ("user", ("email", "name", "created_at", "second_factor_at")),
    "DOOR": ("provider", ("provider", "linked_at")),
    "EMAIL_CHANGE": ("email_change", ("email", "asked_at")),
    "LEFT": ("left_team", ("look_at",)),
    "MEMBER": ("membership", ("tenant_id", "role", "joined_at")),
    "SESSION": ("session", ("tenant_id", "created_at", "rotated_at", "user_agent", "country", "ended")),
    "SIGHTING": ("sign_in", ("country", "at")),
    "TOTP": ("second_factor", ("begun_at", "confirmed_at", "wrong_at")),
}
_LEAVES_WITHIN = timedelta(minutes=2)  # of the request that asks for it
_BY_THEMSELVES = "leaves"
_WITHOUT_TEAM = "left"
_MEMBER_OF = "member_of"
_OURS = frozenset({"pk", "sk", "v", "rev", "ttl", "user_id"})


class Team(Protocol):
    def about_to_leave(self, *, user_id: str) -> Leaver:
        """Raises LastOwner; nothing is done yet."""
        ...

    def leave_everything(self, leaver: Leaver, *, but_noted_in: str, request_id: str, now: datetime) -> None:
        """From now on a member nowhere, and signed out."""
        ...


class Rows(Protocol):
    def of_person(self, user_id: str) -> Sequence[Row]:
        """Everything in their own partition."""
        ...

    def person(self, user_id: str) -> Row | None:
        """As last written."""
        ...

    def looked_for_at(self, user_id: str) -> datetime | None:
        """When to see whether somebody who has left a team is in another."""
        ...

    def tenants_of(self, user_id: str) -> Sequence[str]:
        """Where they are a member."""
        ...

    def remove_person(self, job: Job) -> Portion:
        """A portion of everything that is keyed by them or about them."""
        ...

    def forget_answers(self, job: Job) -> Portion:
        """A portion of the answers kept for a replay, which stay without their address."""
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
    def __init__(self, *, team: Team, rows: Rows, calendar: Calendar, jobs: Callable[[], Jobs]) -> None:
        self._team = team
        self._rows = rows
        self._calendar = calendar
        self._jobs = jobs

    def export(self, *, user_id: str) -> list[Record]:
        return [_record(row) for row in self._rows.of_person(user_id)]

    def leave(self, *, user_id: str, tenant_id: str, request_id: str, now: datetime) -> Job:
        """The job is written down before they are a member nowhere: from then on they could not ask for it again."""
        jobs, leaver = self._jobs(), self._team.about_to_leave(user_id=user_id)
        about = _about(user_id, leaver.user.mailbox, leaver.user.email) | {_BY_THEMSELVES: "-"}
        at = now + _LEAVES_WITHIN
        job = jobs.begin(Kind.PERSON, tenant_id=user_id, asked_by=user_id, about=about, now=now, at=at)
        try:
            self._team.leave_everything(leaver, but_noted_in=tenant_id, request_id=request_id, now=now)
        except PushError as error:
            if not error.retryable:  # else they may have left, and nobody has heard
                with suppress(Unavailable):  # then the job finds them where they were
                    jobs.give_up(job)
            raise
        jobs.wake(job)
        return job

    def erase(self, *, user_id: str, mailbox: str, email: str, now: datetime) -> Job:
        """Of somebody whose last account goes, and they with it."""
        about = _about(user_id, mailbox, email) | {_MEMBER_OF: " ".join(self._rows.tenants_of(user_id))}
        return self._erase(about, now)

    def let_go(self, entry: Entry, *, now: datetime) -> None:
        """Of somebody who has left a team a while ago and is in none. Who has left another since waits longer."""
        user_id = entry.tenant_id
        person = self._rows.person(user_id)
        is_meant = self._rows.looked_for_at(user_id) == entry.at
        if person is not None and is_meant and not self._rows.tenants_of(user_id):
            self._erase(_about(user_id, person["mailbox"], person["email"]) | {_WITHOUT_TEAM: "-"}, now)
        self._calendar.done(entry)

    def _erase(self, about: Mapping[str, str], now: datetime) -> Job:
        jobs, user_id = self._jobs(), about["user_id"]
        job = jobs.begin(Kind.PERSON, tenant_id=user_id, asked_by=user_id, about=about, now=now, at=now)
        jobs.wake(job)
        return job

    # --- The job's stages ---

    def be_gone(self, job: Job, now: datetime) -> Portion:
        """Whoever is still a member has not left after all, whatever it was that came between: they may ask again. And
        whoever has joined another team since is somebody there.
        """
        left_behind = job.about.get(_MEMBER_OF, "").split()
        if not {*self._rows.tenants_of(job.about["user_id"])} - {*left_behind}:
            return Portion()
        if _BY_THEMSELVES in job.about and now < job.created_at + _LEAVES_WITHIN:
            return Portion(until=job.created_at + _LEAVES_WITHIN)
        self._jobs().give_up(job)
        return Portion()

    def remove(self, job: Job, _now: datetime) -> Portion:
        return self._rows.remove_person(job)

    def forget_answers(self, job: Job, _now: datetime) -> Portion:
        return self._rows.forget_answers(job)

    def remove_last(self, job: Job, _now: datetime) -> Portion:
        self._rows.remove_last(job)
        return Portion()


def _about(user_id: str, mailbox: str, email: str) -> dict[str, str]:
    return {"user_id": user_id, "mailbox": mailbox, "email": email}


def _record(row: Row) -> Record:
    """What is not known here is named, and not told: a test has to hear of it."""
    kind, told = _TOLD.get(str(row["sk"]).split("#")[0], (str(row["sk"]).split("#")[0].lower(), ()))
    fields = {name: row[name] for name in told if row.get(name) not in {None, ""}}
    return Record(kind, fields, sorted(row.keys() - _OURS - {*told}))
