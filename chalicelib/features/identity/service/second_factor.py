"""Switching a second factor on and off, and asking for it at the doors."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.core import chance
from chalicelib.core.errors import NotFound, Stale, Unavailable
from chalicelib.features.identity.model import second_factor_letters as letters
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import InvalidToken, Member, User
from chalicelib.features.identity.model.second_factor import (
    SECRET_BYTES,
    OtpRequired,
    SecondFactor,
    SecondFactorOn,
    draw_recovery_codes,
    read_otp,
    recovery_hash,
    recovery_hashes,
)
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.office import Office

_MOST_ROUNDS = 8
_MOST_MEMBERSHIPS = 100
_MARK_BYTES = 8
_WRONG = "The one-time code is wrong, or was used before."


class FactorStore(Protocol):
    def of_user(self, user_id: str) -> SecondFactor | None:
        """As last written."""
        ...

    def begin(self, factor: SecondFactor, *, instead_of: SecondFactor | None) -> None:
        """Raises Stale when another was written meanwhile."""
        ...

    def change(self, factor: SecondFactor) -> SecondFactor:
        """IF it still is at its `rev`. Raises Stale for all but one of those that change it at once."""
        ...

    def switch_on(self, factor: SecondFactor, *, user: User, keeping: Session) -> None:
        """For factor and user at once, who begins a new era and takes one session along. Raises Stale."""
        ...

    def switch_off(self, factor: SecondFactor, *, user: User) -> None:
        """For both at once. Raises Stale."""
        ...


class PersonLookup(Protocol):
    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        """Of one person, by tenant id."""
        ...


class SessionLookup(Protocol):
    def get(self, user_id: str, session_id: str) -> Session | None:
        """As last written."""
        ...


class Vault(Protocol):
    def seal(self, plaintext: bytes, context: Mapping[str, str], /) -> bytes:
        """Opens again only under the same context."""
        ...

    def unseal(self, sealed: bytes, context: Mapping[str, str], /) -> bytes:
        """Raises Tampered for anything that was not sealed under this context."""
        ...

    def is_stale(self, sealed: bytes, /) -> bool:
        """Whether it may stand under a key of the installation that is being replaced. Opens nothing."""
        ...


class App(Protocol):
    """The authenticator's side of it."""

    def code(self, secret: bytes, step: int) -> str:
        """What it shows in this step of time."""
        ...

    def typed(self, secret: bytes) -> str:
        """For who types it in."""
        ...

    def url(self, secret: bytes, *, account: str) -> str:
        """For an app on the same device."""
        ...

    def picture(self, url: str) -> str:
        """For its camera, as SVG."""
        ...


@dataclass(frozen=True)
class Enrolment:
    """The only moment at which the secret is shown."""

    secret: str
    url: str
    picture: str


class SecondFactors:
    def __init__(
        self,
        *,
        rows: FactorStore,
        people: PersonLookup,
        session_rows: SessionLookup,
        vault: Vault,
        app: App,
        signer: Signer,
        office: Office,
    ) -> None:
        self._rows = rows
        self._people = people
        self._session_rows = session_rows
        self._vault = vault
        self._app = app
        self._signer = signer
        self._office = office

    def begin(self, *, user_id: str, now: datetime) -> Enrolment:
        """Nothing is asked for before it is confirmed; beginning again makes an end of what was begun."""
        user = self._known(user_id)
        before = self._rows.of_user(user_id)
        if before is not None and before.is_on:
            raise SecondFactorOn
        secret = chance.token(SECRET_BYTES)
        sealed = self._vault.seal(secret, _context(user_id))
        factor = SecondFactor(user_id, sealed, begun_at=now, rev=before.rev + 1 if before else 1)
        self._rows.begin(factor, instead_of=before)
        url = self._app.url(secret, account=user.email)
        return Enrolment(self._app.typed(secret), url, self._app.picture(url))

    def confirm(self, *, user_id: str, session_id: str, otp: str, request_id: str, now: datetime) -> list[str]:
        """The recovery codes. Every other session ends: they were opened by a password alone."""
        for _ in range(_MOST_ROUNDS):
            user, session = self._known(user_id), self._session_rows.get(user_id, session_id)
            if session is None or not session.is_live(user, now):
                raise InvalidToken
            factor = self._begun(user_id, now)
            codes = draw_recovery_codes()
            step = self._matching(factor, otp, now)
            if step is None:
                raise InvalidCredentials(_WRONG)
            hashes = recovery_hashes(codes, user_id=user_id, signer=self._signer)
            on = replace(factor.with_step(step, mark=_mark()), confirmed_at=now, recovery_hashes=hashes)
            try:
                self._rows.switch_on(on, user=user, keeping=session)
            except Stale:
                continue
            letter = letters.second_factor_on(to=user.email, public_url=self._office.public_url)
            self._office.recorder.tell(letter, request_id=request_id)
            return codes
        raise Stale

    def remove(self, *, user_id: str, request_id: str) -> None:
        for _ in range(_MOST_ROUNDS):
            user, factor = self._known(user_id), self._on(user_id)
            try:
                self._rows.switch_off(factor, user=user)
            except Stale:
                continue
            letter = letters.second_factor_off(to=user.email, public_url=self._office.public_url)
            self._office.recorder.tell(letter, request_id=request_id)
            return
        raise Stale

    def replace_recovery_codes(self, *, user_id: str, request_id: str) -> list[str]:
        """Those there were are void."""
        user, codes = self._known(user_id), draw_recovery_codes()
        hashes = recovery_hashes(codes, user_id=user_id, signer=self._signer)
        for _ in range(_MOST_ROUNDS):
            try:
                self._rows.change(replace(self._on(user_id), recovery_hashes=hashes, last_attempt=_mark()))
            except Stale:
                continue
            letter = letters.recovery_codes_replaced(to=user.email, public_url=self._office.public_url)
            self._office.recorder.tell(letter, request_id=request_id)
            return codes
        raise Stale

    def ask(
        self, user: User, otp: str | None, *, request_id: str, now: datetime, factor: SecondFactor | None = None
    ) -> None:
        """Of somebody whose password was right. Returns when they have none, or gave what is asked for."""
        if not user.has_second_factor:
            return
        if otp is None:
            raise OtpRequired
        for _ in range(_MOST_ROUNDS):
            before, factor = factor or self._rows.of_user(user.id), None
            if before is None or not before.is_on:
                break  # switched off since `user` was read
            before.check_patience(now)
            after = self._judged(before, otp, now)
            try:
                self._rows.change(after)
            except Stale:
                continue
            self._conclude(user, before, after, request_id, now)
            return
        raise Stale

    def seal_anew(self, *, user_id: str) -> bool:
        """The same secret, under the key that seals now. False when it was changed or taken away meanwhile."""
        factor = self._rows.of_user(user_id)
        if factor is None:
            return False
        try:
            self._rows.change(self._sealed_anew(factor))
        except Stale:
            return False
        return True

    def _judged(self, factor: SecondFactor, otp: str, now: datetime) -> SecondFactor:
        """Nobody knows how, before it is written."""
        step = self._matching(factor, otp, now)
        if step is not None:
            return self._kept_fresh(factor).with_step(step, mark=_mark())
        digest = recovery_hash(otp, user_id=factor.user_id, signer=self._signer)
        return factor.with_recovery(digest, mark=_mark()) or factor.with_one_wrong(now, mark=_mark())

    def _conclude(self, user: User, before: SecondFactor, after: SecondFactor, request_id: str, now: datetime) -> None:
        recorder, left = self._office.recorder, len(after.recovery_hashes)
        if after.wrong > before.wrong:
            if after.has_just_had_too_many:
                letter = letters.codes_guessed(to=user.email, public_url=self._office.public_url)
                recorder.tell(letter, request_id=request_id)
            raise InvalidCredentials(_WRONG)
        if left < len(before.recovery_hashes):
            letter = letters.recovery_code_used(to=user.email, public_url=self._office.public_url, left=left)
            recorder.tell(letter, request_id=request_id)
            members = self._people.memberships(user.id, limit=_MOST_MEMBERSHIPS)
            recorder.note_everywhere("recovery_code.used", members=members, request_id=request_id, now=now)

    def _matching(self, factor: SecondFactor, otp: str, now: datetime) -> int | None:
        """The step of time whose code this is. What cannot be one opens no secret: recovery codes work without KMS."""
        digits = read_otp(otp)
        if digits is None:
            return None
        secret = self._vault.unseal(factor.sealed_secret, _context(factor.user_id))
        codes = {step: self._app.code(secret, step) for step in factor.open_steps(now)}
        found = [step for step, code in codes.items() if hmac.compare_digest(code, digits)]
        return found[-1] if found else None

    def _kept_fresh(self, factor: SecondFactor) -> SecondFactor:
        """To go along with the write that notes the step. That it cannot be done now keeps nobody out."""
        with suppress(Unavailable):
            if self._vault.is_stale(factor.sealed_secret):
                return self._sealed_anew(factor)
        return factor

    def _sealed_anew(self, factor: SecondFactor) -> SecondFactor:
        context = _context(factor.user_id)
        secret = self._vault.unseal(factor.sealed_secret, context)
        return replace(factor, sealed_secret=self._vault.seal(secret, context))

    def _known(self, user_id: str) -> User:
        user = self._people.user(user_id)
        if user is None:
            raise NotFound
        return user

    def _begun(self, user_id: str, now: datetime) -> SecondFactor:
        factor = self._rows.of_user(user_id)
        if factor is not None and factor.is_on:
            raise SecondFactorOn
        if factor is None or now >= factor.expires_at:
            raise NotFound
        return factor

    def _on(self, user_id: str) -> SecondFactor:
        factor = self._rows.of_user(user_id)
        if factor is None or not factor.is_on:
            raise NotFound
        return factor


def _context(user_id: str) -> dict[str, str]:
    return {"user": user_id, "key": "totp"}


def _mark() -> str:
    return chance.token(_MARK_BYTES).hex()
