"""Getting back in: somebody forgot the password, and proves the mailbox instead."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import Stale
from chalicelib.features.identity.model import letters
from chalicelib.features.identity.model.credentials import clean_email, clean_password
from chalicelib.features.identity.model.password_reset import (
    PasswordReset,
    ask_for_reset,
    open_reset_token,
    reset_token,
)
from chalicelib.features.identity.model.person import NOBODY, InvalidToken, Member, User
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.sessions import Hasher

_MOST_ROUNDS = 8
_MOST_MEMBERSHIPS = 100


class ResetStore(Protocol):
    def at(self, mailbox: str) -> PasswordReset | None:
        """The open one of this mailbox."""
        ...

    def put(self, reset: PasswordReset, *, instead_of: PasswordReset | None) -> None:
        """Raises Stale when another was put meanwhile."""
        ...


class ForgetfulStore(Protocol):
    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...

    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def change_password(self, user: User, password_hash: str) -> None:
        """A new password begins a new era. Raises Stale."""
        ...

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        """Of one person, by tenant id."""
        ...


class Recovery:
    def __init__(
        self,
        *,
        resets: ResetStore,
        people: ForgetfulStore,
        hasher: Hasher,
        office: Office,
    ) -> None:
        self._resets = resets
        self._people = people
        self._hasher = hasher
        self._office = office

    def forgot(self, *, email: str, now: datetime) -> None:
        """Takes the same steps for an address nobody has: a row is written and a decoy posted."""
        mailbox = self._office.mailbox(clean_email(email))
        user = self._people.user(self._people.user_id_at(mailbox) or NOBODY)
        before = self._resets.at(mailbox)
        if before is not None and before.is_recent(now):
            return
        reset = ask_for_reset(mailbox=mailbox, user=user, now=now)
        try:
            self._resets.put(reset, instead_of=before)
        except Stale:  # somebody asks at the same moment, and theirs is the letter
            return
        self._office.post.send(self._letter(reset, user) if user else letters.DECOY)

    def reset(self, *, token: str, password: str, request_id: str, now: datetime) -> None:
        mailbox, reset_id = open_reset_token(token, self._office.link_signer)
        chosen = clean_password(password)
        for _ in range(_MOST_ROUNDS):
            user = self._entitled(mailbox, reset_id, now)
            try:
                self._people.change_password(user, self._hasher.hash(chosen))
            except Stale:  # perhaps by the same link: is it still good?
                continue
            self._tell(user, request_id, now)
            return
        raise Stale

    def _entitled(self, mailbox: str, reset_id: str, now: datetime) -> User:
        reset = self._resets.at(mailbox)
        user = self._people.user(reset.user_id or NOBODY) if reset and reset.id == reset_id else None
        if reset is None or user is None or not reset.lets_in(user, now):
            raise InvalidToken
        return user

    def _tell(self, user: User, request_id: str, now: datetime) -> None:
        letter = letters.password_changed(to=user.email, public_url=self._office.public_url)
        self._office.recorder.tell(letter, request_id=request_id)
        members = self._people.memberships(user.id, limit=_MOST_MEMBERSHIPS)
        self._office.recorder.note_everywhere("password.reset", members=members, request_id=request_id, now=now)

    def _letter(self, reset: PasswordReset, user: User) -> letters.Letter:
        token = reset_token(reset, self._office.link_signer)
        return letters.reset_password(to=user.email, public_url=self._office.public_url, token=token)
