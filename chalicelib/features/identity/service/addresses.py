"""Moving to another e-mail address: asked for by somebody signed in, done by the link in a letter and the password."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.core import chance
from chalicelib.core.errors import Invalid, Stale
from chalicelib.features.identity.model import letters
from chalicelib.features.identity.model.credentials import (
    InvalidCredentials,
    clean_email,
    same_spelling,
)
from chalicelib.features.identity.model.email_change import (
    EmailChange,
    ask_for_change,
    change_token,
    open_change_token,
)
from chalicelib.features.identity.model.person import InvalidToken, Member, User
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.proof import MARK_BYTES, Proof
from chalicelib.features.identity.service.sessions import Hasher

_MOST_ROUNDS = 8
_MOST_MEMBERSHIPS = 100


class EmailChangeStore(Protocol):
    def put(self, wanted: EmailChange, *, forgiving: Session) -> None:
        """In place of what was wanted before; the session's last attempt was right. Both or none. Raises Stale."""
        ...

    def of_user(self, user_id: str) -> tuple[EmailChange | None, User | None]:
        """And who wants it; both as last written, in one look-up."""
        ...

    def count_attempt(self, wanted: EmailChange, *, mark: str) -> EmailChange:
        """As with sessions."""
        ...

    def move(self, user: User, wanted: EmailChange) -> None:
        """All or nothing. Raises EmailTaken, or Stale when anything changed meanwhile."""
        ...


class MovingStore(Protocol):
    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        """Of one person, by tenant id."""
        ...


class Forgiveness(Protocol):
    def forgive_attempts(self, session: Session) -> Session:
        """The last one was right. Raises Stale."""
        ...


class Addresses:
    def __init__(
        self,
        *,
        changes: EmailChangeStore,
        people: MovingStore,
        session_rows: Forgiveness,
        proof: Proof,
        hasher: Hasher,
        office: Office,
    ) -> None:
        self._changes = changes
        self._people = people
        self._session_rows = session_rows
        self._proof = proof
        self._hasher = hasher
        self._office = office

    def ask(self, *, user_id: str, session_id: str, email: str, password: str, request_id: str, now: datetime) -> None:
        """Does not look whether the address has an account: who has it learns so, behind the link."""
        address = clean_email(email)
        user, session = self._proof.again(user_id=user_id, session_id=session_id, password=password, now=now)
        try:
            wanted = ask_for_change(user, email=address, mailbox=self._office.mailbox(address), now=now)
        except Invalid:  # the password was right all the same
            self._session_rows.forgive_attempts(session)
            raise
        self._changes.put(wanted, forgiving=session)
        token = change_token(wanted, self._office.link_signer)
        self._office.post.send(letters.please_confirm(to=address, public_url=self._office.public_url, token=token))
        notice = letters.address_may_change(to=user.email, public_url=self._office.public_url)
        self._office.recorder.tell(notice, request_id=request_id)

    def confirm(self, *, token: str, password: str, request_id: str, now: datetime) -> None:
        user_id, change_id = open_change_token(token, self._office.link_signer)
        user, wanted = self._counted(user_id, change_id, now)
        if not self._hasher.verify(user.password_hash, same_spelling(password)):
            raise InvalidCredentials
        self._changes.move(user, wanted)
        self._office.recorder.tell(letters.address_changed(to=user.email), request_id=request_id)
        self._office.recorder.note_everywhere(
            "email.changed",
            members=self._people.memberships(user.id, limit=_MOST_MEMBERSHIPS),
            request_id=request_id,
            now=now,
        )

    def _counted(self, user_id: str, change_id: str, now: datetime) -> tuple[User, EmailChange]:
        for _ in range(_MOST_ROUNDS):
            wanted, user = self._changes.of_user(user_id)
            if wanted is None or wanted.id != change_id or not wanted.is_open(now):
                raise InvalidToken
            if user is None or not wanted.fits(user):
                raise InvalidToken
            try:
                return user, self._changes.count_attempt(wanted, mark=chance.token(MARK_BYTES).hex())
            except Stale:
                continue
        raise Stale
