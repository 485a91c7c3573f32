"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for the day the phone is gone.

One row holds all of it, and what a code was worth is told only to whoever's write of that row was taken: of many that
are tried at once, each counts, and one that is right is right once.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.core import chance
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import letters
from chalicelib.core.errors import Conflict, OverLimit, Unauthenticated
from chalicelib.features.identity.model.person import MOST_ATTEMPTS
from chalicelib.features.identity.model.signature import Signer

SECRET_BYTES = 20  # what RFC 4226 recommends, and every app takes
STEP_SECONDS = 30
SET_UP_WITHIN = timedelta(hours=1)
RECOVERY_CODES = 10
WAIT_AFTER_MANY = timedelta(minutes=15)
_DRIFT = 1  # steps that a phone's clock may be off, either way
_RECOVERY_LENGTH = 10  # 50 bits: behind a password and five tries
_OTP = re.compile(r"[0-9]{6}")
_BETWEEN = re.compile(r"[\s-]+")
_MISREAD = str.maketrans("oil", "011")


class OtpRequired(Unauthenticated):
    """The password is right, and this account asks for a code of the authenticator app as well.

    When: Somebody with a second factor signs in or steps up without `otp`.

    Do: Send the same request again with `otp`: the six digits that the app shows now, or a recovery code.
    """

    code = "otp_required"
    title = "This account asks for a one-time code, too."


class SecondFactorOn(Conflict):
    """An account has one second factor at a time.

    When: A second factor is set up, or confirmed, where one is on already.

    Do: Remove the one there is at `DELETE /v1/auth/totp` first. Until you do, it stays as it is.
    """

    code = "second_factor_on"
    title = "A second factor is on already."


@dataclass(frozen=True)
class SecondFactor:
    """Off until `confirmed_at`. `wrong` counts codes since the last right one; `last_attempt` as in a registration."""

    user_id: str
    sealed_secret: bytes
    begun_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = 0
    recovery_hashes: tuple[bytes, ...] = ()
    wrong: int = 0
    wrong_at: datetime | None = None
    last_attempt: str = ""
    rev: int = 1

    @property
    def is_on(self) -> bool:
        return self.confirmed_at is not None

    @property
    def expires_at(self) -> datetime:
        """By when it has to be confirmed."""
        return self.begun_at + SET_UP_WITHIN

    @property
    def has_just_had_too_many(self) -> bool:
        return self.wrong == MOST_ATTEMPTS

    def check_patience(self, now: datetime) -> None:
        """After five wrong codes in a row, one every quarter of an hour: who knows the password shall not guess on."""
        if self.wrong < MOST_ATTEMPTS or self.wrong_at is None:
            return
        left = self.wrong_at + WAIT_AFTER_MANY - now
        if left > timedelta():
            raise OverLimit("Too many wrong codes in a row.", retry_after_seconds=left.total_seconds())

    def open_steps(self, now: datetime) -> range:
        """Whose codes are good now: never one that was used, nor any before it."""
        present = in_seconds(now) // STEP_SECONDS
        return range(max(self.last_step + 1, present - _DRIFT), present + _DRIFT + 1)

    def with_step(self, step: int, *, mark: str) -> SecondFactor:
        return replace(self, last_step=step, wrong=0, last_attempt=mark)

    def with_recovery(self, digest: bytes, *, mark: str) -> SecondFactor | None:
        """None when it is no code of theirs, or was used."""
        left = tuple(each for each in self.recovery_hashes if not hmac.compare_digest(each, digest))
        if len(left) == len(self.recovery_hashes):
            return None
        return replace(self, recovery_hashes=left, wrong=0, last_attempt=mark)

    def with_one_wrong(self, now: datetime, *, mark: str) -> SecondFactor:
        return replace(self, wrong=self.wrong + 1, wrong_at=now, last_attempt=mark)


def read_otp(text: str) -> str | None:
    """The six digits, however they were grouped; None for anything else."""
    bare = _BETWEEN.sub("", text)
    return bare if _OTP.fullmatch(bare) else None


def draw_recovery_codes() -> list[str]:
    drawn = [letters(chance.token(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    return [f"{code[:5]}-{code[5:]}" for code in drawn]


def recovery_hash(text: str, *, user_id: str, signer: Signer) -> bytes:
    """However it was typed. A keyed hash, not argon2: nobody chooses these codes, and ten slow hashes for every wrong
    one would be a gift to whoever wants us busy.
    """
    return signer.digest(f"{user_id} {_BETWEEN.sub('', text).lower().translate(_MISREAD)}")


def recovery_hashes(codes: Iterable[str], *, user_id: str, signer: Signer) -> tuple[bytes, ...]:
    return tuple(recovery_hash(code, user_id=user_id, signer=signer) for code in codes)
