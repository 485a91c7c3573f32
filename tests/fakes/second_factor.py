"""Second factors in memory, with an app whose codes can be told by eye and a vault whose seal is its context."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib.core.errors import Stale, Unavailable
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.session import Bearer, Session, Standing
from chalicelib.features.tenants.model import Tenant
from tests.fakes.identity import MemoryPeople, MemorySessions


class MemorySecondFactors:
    """Of the people in `people`. `rival`, if set, is called once between the next reading of a row and its change."""

    def __init__(self, people: MemoryPeople, sessions: MemorySessions) -> None:
        self.people = people
        self.sessions = sessions
        self.calls = people.calls
        self.factors: dict[str, SecondFactor] = {}
        self.rival: Callable[[], None] | None = None

    def of_user(self, user_id: str) -> SecondFactor | None:
        self.calls.append("second factor")
        return self.factors.get(user_id)

    def begin(self, factor: SecondFactor, *, instead_of: SecondFactor | None) -> None:
        self.calls.append("begin second factor")
        self._let_a_rival_in()
        if self._rev(factor.user_id) != (instead_of.rev if instead_of else None):
            raise Stale
        self.factors[factor.user_id] = factor

    def change(self, factor: SecondFactor) -> SecondFactor:
        self.calls.append("change second factor")
        self._let_a_rival_in()
        self._hold(factor)
        if self.factors[factor.user_id].begun_at != factor.begun_at:
            raise Stale
        changed = replace(factor, rev=factor.rev + 1)
        self.factors[factor.user_id] = changed
        return changed

    def switch_on(self, factor: SecondFactor, *, user: User, keeping: Session) -> None:
        self.calls.append("switch on")
        self._let_a_rival_in()
        self._hold(factor)
        self._hold_user(user)
        if self.sessions.sessions.get((keeping.user_id, keeping.id)) != keeping:
            raise Stale
        era = user.era + 1
        self.factors[user.id] = replace(factor, rev=factor.rev + 1)
        on = replace(user, era=era, second_factor_at=factor.confirmed_at, rev=user.rev + 1)
        self.people.users_by_id[user.id] = on
        self.sessions.sessions[keeping.user_id, keeping.id] = replace(keeping, era=era, rev=keeping.rev + 1)

    def switch_off(self, factor: SecondFactor, *, user: User) -> None:
        self.calls.append("switch off")
        self._let_a_rival_in()
        self._hold(factor)
        self._hold_user(user)
        del self.factors[user.id]
        self.people.users_by_id[user.id] = replace(user, second_factor_at=None, rev=user.rev + 1)

    def _rev(self, user_id: str) -> int | None:
        there = self.factors.get(user_id)
        return there.rev if there else None

    def _hold(self, factor: SecondFactor) -> None:
        if self._rev(factor.user_id) != factor.rev:
            raise Stale

    def _hold_user(self, user: User) -> None:
        if self.people.users_by_id.get(user.id) != user:
            raise Stale

    def _let_a_rival_in(self) -> None:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()


class MemoryStandings:
    def __init__(self, people: MemoryPeople, sessions: MemorySessions, factors: MemorySecondFactors) -> None:
        self._people = people
        self._sessions = sessions
        self._factors = factors

    def of(self, *, user_id: str, session_id: str, tenant_id: str) -> Standing:
        return Standing(
            user=self._people.users_by_id.get(user_id),
            session=self._sessions.sessions.get((user_id, session_id)),
            member=self._people.members_by_key.get((tenant_id, user_id)),
            tenant=self._people.tenants.get(tenant_id),
        )

    def bearer(self, user_id: str, session_id: str) -> Bearer:
        self._people.calls.append("bearer")
        return Bearer(
            user=self._people.users_by_id.get(user_id),
            session=self._sessions.sessions.get((user_id, session_id)),
            factor=self._factors.factors.get(user_id),
        )

    def seat(self, tenant_id: str, user_id: str) -> tuple[Member | None, Tenant | None]:
        self._people.calls.append("seat")
        return self._people.members_by_key.get((tenant_id, user_id)), self._people.tenants.get(tenant_id)


class PlainApp:
    def code(self, secret: bytes, step: int) -> str:
        return f"{(int.from_bytes(secret[:4]) + step) % 1_000_000:06}"

    def typed(self, secret: bytes) -> str:
        return secret.hex()

    def url(self, secret: bytes, *, account: str) -> str:
        return f"otpauth://{account}/{secret.hex()}"

    def picture(self, url: str) -> str:
        return f"<svg>{url}</svg>"


class PlainVault:
    """`other` is the key that is being replaced."""

    def __init__(self) -> None:
        self.key, self.other = "first", ""
        self.is_away = False

    def seal(self, plaintext: bytes, context: Mapping[str, str], /) -> bytes:
        if self.is_away:
            raise Unavailable
        return json.dumps([dict(context), plaintext.hex(), self.key]).encode()

    def unseal(self, sealed: bytes, context: Mapping[str, str], /) -> bytes:
        told, plaintext, _ = json.loads(sealed)
        assert told == dict(context)
        return bytes.fromhex(plaintext)

    def is_stale(self, sealed: bytes, /) -> bool:
        return bool(json.loads(sealed)[2] == self.other)
