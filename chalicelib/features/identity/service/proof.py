"""Proving once more who is signed in, by the password.

It is counted against the session before it is tried: five wrong ones in a row, and the session is over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.core import chance
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.credentials import InvalidCredentials, same_spelling
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, InvalidToken, User
from chalicelib.features.identity.model.session import Ending, Session
from chalicelib.features.identity.service.sessions import Hasher, Sessions

_MOST_ROUNDS = 8
MARK_BYTES = 8


class ProvenStore(Protocol):
    def get(self, user_id: str, session_id: str) -> Session | None:
        """As last written."""
        ...

    def count_attempt(self, session: Session, *, mark: str) -> Session:
        """`mark` names this attempt. Raises Stale for all but one of those that count at once."""
        ...


class UserLookup(Protocol):
    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...


class Proof:
    def __init__(self, *, session_rows: ProvenStore, people: UserLookup, sessions: Sessions, hasher: Hasher) -> None:
        self._session_rows = session_rows
        self._people = people
        self._sessions = sessions
        self._hasher = hasher

    def again(self, *, user_id: str, session_id: str, password: str, now: datetime) -> tuple[User, Session]:
        """The attempt stays counted: whoever writes the session next forgives it."""
        user, session = self._attempt(user_id, session_id, now)
        if self._hasher.verify(user.password_hash, same_spelling(password)):
            return user, session
        if session.attempts >= MOST_ATTEMPTS:
            self._sessions.end(session, Ending.GUESSING)
        raise InvalidCredentials

    def _attempt(self, user_id: str, session_id: str, now: datetime) -> tuple[User, Session]:
        user = self._people.user(user_id)
        for _ in range(_MOST_ROUNDS):
            session = self._session_rows.get(user_id, session_id)
            if user is None or session is None or not session.may_prove(user, now):
                raise InvalidToken
            try:
                return user, self._session_rows.count_attempt(session, mark=chance.token(MARK_BYTES).hex())
            except Stale:
                continue
        raise Stale
