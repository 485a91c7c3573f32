"""A device that somebody has signed in from: it keeps a token of ours, and others' wrong guesses do not lock it out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.core import ids
from chalicelib.core.clock import in_seconds
from chalicelib.features.identity.model.signature import Signer

_KNOWN_FOR = timedelta(days=365)
_ULID = "[0-9a-hjkmnp-tv-z]{26}"
_TOKEN = re.compile(rf"dt_(usr_{_ULID})_({_ULID})_([0-9]{{1,12}})")


@dataclass(frozen=True)
class KnownDevice:
    """It proves no identity: a password is asked for all the same."""

    id: str
    user_id: str


def device_token(*, user_id: str, known: KnownDevice | None, signer: Signer, now: datetime) -> str:
    """`dt_<user>_<device>_<until>_<HMAC>`. A device that was known stays the same one, for another year."""
    device_id = known.id if known is not None else ids.ulid()
    return signer.sign(f"dt_{user_id}_{device_id}_{in_seconds(now + _KNOWN_FOR)}")


def read_device_token(token: str | None, *, signer: Signer, now: datetime) -> KnownDevice | None:
    """None for all but a genuine one that is not too old: then nothing is known, and nobody is told."""
    parts = signer.read(token or "", _TOKEN)
    if parts is None:
        return None
    user_id, device_id, until = parts
    if datetime.fromtimestamp(int(until), UTC) <= now:
        return None
    return KnownDevice(id=device_id, user_id=user_id)
