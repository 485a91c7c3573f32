"""What is said of a thing that is done: in the audit trail where no caller stands, and by letter.

Behind a caller the HTTP door writes the trail itself. Whoever cannot be reached must not make it look undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import Unavailable
from chalicelib.features.identity.model.letters import Letter
from chalicelib.features.identity.model.person import Member


class Post(Protocol):
    def send(self, letter: Letter) -> None:
        """Later and elsewhere."""
        ...


class Trail(Protocol):
    def append(self, *, tenant_id: str, actor: str, action: str, subject: str, request_id: str, at: datetime) -> None:
        """Write one mutation into the tenant's audit log."""
        ...


class Alarm(Protocol):
    def __call__(self, event: str, **facts: str) -> None:
        """Something is wrong with us."""
        ...


class Recorder:
    def __init__(self, *, trail: Trail, post: Post, alarm: Alarm) -> None:
        self._trail = trail
        self._post = post
        self._alarm = alarm

    def note(self, action: str, *, tenant_id: str, actor: str, subject: str, request_id: str, now: datetime) -> None:
        try:
            self._trail.append(
                tenant_id=tenant_id, actor=actor, action=action, subject=subject, request_id=request_id, at=now
            )
        except Unavailable:
            self._alarm("audit_lost", tenant_id=tenant_id, request_id=request_id, kind=action)

    def note_everywhere(self, action: str, *, members: Iterable[Member], request_id: str, now: datetime) -> None:
        """What somebody changed about themselves, in the trail of each of their tenants."""
        for member in members:
            self.note(
                action,
                tenant_id=member.tenant_id,
                actor=member.user_id,
                subject=member.user_id,
                request_id=request_id,
                now=now,
            )

    def tell(self, letter: Letter, *, request_id: str) -> None:
        try:
            self._post.send(letter)
        except Unavailable:
            self._alarm("letter_lost", request_id=request_id)
