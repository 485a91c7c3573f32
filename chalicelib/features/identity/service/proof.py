"""Proving once more who is signed in, by the password, and the second factor where one is on.

It is counted against the session before it is tried: five wrong ones in a row, and the session is over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.core import chance
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.credentials import InvalidCredentials, same_spelling
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, InvalidToken, User
from chalicelib.features.identity.model.second_factor import OtpRequired, SecondFactor
from chalicelib.features.identity.model.session import Bearer, Ending, Session
from chalicelib.features.identity.service.sessions import Hasher, SecondFactorGate, Sessions

_MOST_ROUNDS = 8
MARK_BYTES = 8


class Bearers(Protocol):
    def bearer(self, user_id: str, session_id: str) -> Bearer:
        """In one look-up."""
        ...


class ProvenStore(Protocol):
    def count_attempt(self, session: Session, *, mark: str) -> Session:
        """`mark` names this attempt. Raises Stale for all but one of those that count at once."""
        ...

    def forgive_attempts(self, session: Session) -> Session:
        """The last one was right. Raises Stale."""
        ...


class Proof:
    def __init__(
        self,
        *,
        bearers: Bearers,
        session_rows: ProvenStore,
        sessions: Sessions,
        second_factors: SecondFactorGate,
        hasher: Hasher,
    ) -> None:
        self._bearers = bearers
        self._session_rows = session_rows
        self._sessions = sessions
        self._second_factors = second_factors
        self._hasher = hasher

    def fully(
        self, *, user_id: str, session_id: str, password: str, otp: str | None, request_id: str, now: datetime
    ) -> tuple[User, Session]:
        """All that a sign-in asks for."""
        user, session, factor = self._with_password(user_id, session_id, password, now)
        try:
            self._second_factors.ask(user, otp, factor=factor, request_id=request_id, now=now)
        except OtpRequired:  # the password was right, and nothing else was tried
            self._session_rows.forgive_attempts(session)
            raise
        except InvalidCredentials:
            self._give_up(session)
            raise
        return user, session

    def again(self, *, user_id: str, session_id: str, password: str, now: datetime) -> tuple[User, Session]:
        """The attempt stays counted: whoever writes the session next forgives it."""
        user, session, _ = self._with_password(user_id, session_id, password, now)
        return user, session

    def _with_password(
        self, user_id: str, session_id: str, password: str, now: datetime
    ) -> tuple[User, Session, SecondFactor | None]:
        user, session, factor = self._attempt(user_id, session_id, now)
        if self._hasher.verify(user.password_hash, same_spelling(password)):
            return user, session, factor
        self._give_up(session)
        raise InvalidCredentials

    def _give_up(self, session: Session) -> None:
        if session.attempts >= MOST_ATTEMPTS:
            self._sessions.end(session, Ending.GUESSING)

    def _attempt(self, user_id: str, session_id: str, now: datetime) -> tuple[User, Session, SecondFactor | None]:
        for _ in range(_MOST_ROUNDS):
            found = self._bearers.bearer(user_id, session_id)
            user, session = found.user, found.session
            if user is None or session is None or not session.may_prove(user, now):
                raise InvalidToken
            try:
                counted = self._session_rows.count_attempt(session, mark=chance.token(MARK_BYTES).hex())
            except Stale:
                continue
            return user, counted, found.factor
        raise Stale
