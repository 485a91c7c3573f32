"""What people do with their own account: their name, their password, their sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.paging import Cursors, Page
from chalicelib.features.identity.model import letters
from chalicelib.features.identity.model.credentials import clean_password
from chalicelib.features.identity.model.person import InvalidToken, Member, User
from chalicelib.features.identity.model.session import Ending, Session, Tokens
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.proof import Proof
from chalicelib.features.identity.service.sessions import Hasher, Sessions
from chalicelib.features.tenants.model import Tenant, clean_name

_MOST_ROUNDS = 8


class OwnSessionStore(Protocol):
    def get(self, user_id: str, session_id: str) -> Session | None:
        """As last written."""
        ...

    def of_user(self, user_id: str, *, limit: int, position: str | None) -> Page[Session]:
        """By birth, also those that are over."""
        ...

    def prove(self, session: Session, *, now: datetime) -> Session:
        """The last attempt was right: the next generation, and fresh. Raises Stale."""
        ...


class OwnPersonStore(Protocol):
    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def rename(self, user: User, name: str) -> None:
        """Raises Stale."""
        ...

    def change_password(self, user: User, password_hash: str, *, keeping: Session | None = None) -> None:
        """A new password begins a new era, and takes one session along. Raises Stale when either changed meanwhile."""
        ...


class Seats(Protocol):
    def seat(self, tenant_id: str, user_id: str) -> tuple[Member | None, Tenant | None]:
        """A membership and its tenant, in one look-up."""
        ...


class OwnAccount:
    def __init__(
        self,
        *,
        session_rows: OwnSessionStore,
        people: OwnPersonStore,
        seats: Seats,
        sessions: Sessions,
        proof: Proof,
        hasher: Hasher,
        office: Office,
        cursor_secret: Callable[[], str],
    ) -> None:
        self._session_rows = session_rows
        self._people = people
        self._seats = seats
        self._sessions = sessions
        self._proof = proof
        self._hasher = hasher
        self._office = office
        self._cursor_secret = cursor_secret

    def step_up(
        self, *, user_id: str, session_id: str, password: str, otp: str | None, request_id: str, now: datetime
    ) -> Tokens:
        """Takes the place of a refresh, like switching: no second line of tokens comes of it."""
        user, session = self._proof.fully(
            user_id=user_id, session_id=session_id, password=password, otp=otp, request_id=request_id, now=now
        )
        member, tenant = self._seats.seat(session.tenant_id, user.id)
        if member is None or tenant is None:
            raise InvalidToken
        proven = self._session_rows.prove(session, now=now)
        return self._sessions.issue(proven, user=user, tenant=tenant, role=member.role, now=now)

    def rename(self, *, user_id: str, name: str) -> None:
        cleaned = clean_name(name, pointer="/name")
        for _ in range(_MOST_ROUNDS):
            user = self._known(user_id)
            try:
                self._people.rename(user, cleaned)
            except Stale:
                continue
            return
        raise Stale

    def change_password(
        self, *, user_id: str, session_id: str, current: str, password: str, request_id: str, now: datetime
    ) -> None:
        """Every other session ends with it, and so do links that were sent before."""
        chosen = clean_password(password)
        user, session = self._proof.again(user_id=user_id, session_id=session_id, password=current, now=now)
        self._people.change_password(user, self._hasher.hash(chosen), keeping=session)
        letter = letters.password_changed(to=user.email, public_url=self._office.public_url)
        self._office.recorder.tell(letter, request_id=request_id)

    def list_sessions(self, *, user_id: str, limit: int, cursor: str | None, now: datetime) -> Page[Session]:
        """Those that are not over: of a page of rows perhaps fewer, perhaps none."""
        cursors = Cursors(secret=self._cursor_secret().encode(), scope=f"{user_id} sessions")
        position = cursors.open(cursor)
        user = self._known(user_id)
        page = self._session_rows.of_user(user_id, limit=limit, position=position)
        return Page([each for each in page.rows if each.is_live(user, now)], cursors.seal(page.position))

    def end_session(self, *, user_id: str, session_id: str) -> None:
        session = self._session_rows.get(user_id, session_id) if ids.is_id(session_id, "ses") else None
        if session is None:
            raise NotFound
        self._sessions.end(session, Ending.LOGOUT)

    def _known(self, user_id: str) -> User:
        user = self._people.user(user_id)
        if user is None:
            raise NotFound
        return user
