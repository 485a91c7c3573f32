"""A new key for access tokens, and the end of the old one: in three writes of one secret, so far apart that nobody is
signed out. Every function remembers the secret for minutes, so all of them have to know a key before one signs with it,
and none may forget one before what it has signed has run out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.secrets import KEPT_FOR
from chalicelib.core import clock
from chalicelib.features.identity.adapters import key_set
from chalicelib.features.identity.adapters.access_tokens import LEEWAY, LIVES
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt

_MARGIN = timedelta(minutes=5)  # by how much AWS lets a clock of ours be wrong
UNTIL_KNOWN = KEPT_FOR + _MARGIN
UNTIL_SPENT = KEPT_FOR + LIVES + LEEWAY + _MARGIN


@dataclass(frozen=True)
class _Kept:
    text: str
    version: int
    changed_at: datetime


@dataclass(frozen=True)
class _Step:
    """Taken when the secret has not been changed for so long."""

    does: str
    waits: timedelta
    take: Callable[[str], str]


_MAKE = _Step("made a new key; the old one still signs", timedelta(), key_set.with_next)
_TURN = _Step("the new key signs; the old one is still known", UNTIL_KNOWN, key_set.with_next_in_front)
_RETIRE = _Step("the old key is gone", UNTIL_SPENT, key_set.with_first_alone)


def renew_signing_key(ground: Ground) -> None:
    """Stopped half-way, it is run again, whenever: it goes on from what the secret shows."""
    while True:
        kept = _read(ground)
        step = _next(kept.text)
        if (left := step.waits - (clock.now() - kept.changed_at)) > timedelta():
            minutes = -(-left // timedelta(minutes=1))
            ground.terminal.say(f"waiting {minutes} minutes; you may stop this, and run it again later")
            ground.pause(left.total_seconds())
            continue
        _write(ground, step.take(kept.text), instead_of=kept)
        ground.terminal.say(step.does)
        if step is _RETIRE:
            return


def _next(text: str) -> _Step:
    if key_set.is_one(text):
        return _MAKE
    return _TURN if key_set.has_next(text) else _RETIRE


def _read(ground: Ground) -> _Kept:
    found = ground.aws.call("ssm", "get-parameter", name=_name(ground), with_decryption=True)["Parameter"]
    try:
        key_set.read_key_set(found["Value"])
    except (ValueError, KeyError, IndexError, TypeError):
        then = "docs/runbooks/restore.md brings an earlier one back."
        raise Halt(f"{_name(ground)} is no key set.", then=then) from None
    return _Kept(found["Value"], found["Version"], datetime.fromisoformat(found["LastModifiedDate"]))


def _write(ground: Ground, text: str, *, instead_of: _Kept) -> None:
    wanted = {"Name": _name(ground), "Value": text, "Type": "SecureString", "Overwrite": True}
    key = {"KeyId": ground.stage.environment["KMS_KEY"]}
    put = ground.aws.call_secretly("ssm", "put-parameter", wanted | key)
    if put["Version"] != instead_of.version + 1:
        raise Halt("Somebody else changed the key set at the same moment.", then="Only one of you runs it again.")


def _name(ground: Ground) -> str:
    return ground.stage.environment["SECRET_JWT"]
