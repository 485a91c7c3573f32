"""Envelope encryption: AES-256-GCM under a KMS data key, bound to its context: moved elsewhere, a ciphertext is noise.

Layout, version 2: `0x02 | mark (8) | length of wrapped key (2) | wrapped key | nonce (12) | ciphertext and tag`. The
mark says under which key of the installation it stands, to who may not open it. Version 1, still read, had none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.aws.clients import client
from chalicelib.config import settings
from chalicelib.core import chance, clock
from chalicelib.core.errors import PushError, Unavailable

Context = Mapping[str, str]

MARK_BYTES = 8

_UNMARKED, _MARKED = b"\x01", b"\x02"
_LENGTH_BYTES = 2
_NONCE_BYTES = 12
_KEPT_FOR = timedelta(minutes=5)
_MOST_KEPT = 1_000
_opened: dict[tuple[bytes, bytes], tuple[datetime, bytes]] = {}


class Tampered(PushError):
    """A secret at rest was changed, or stands where it does not belong. It was not used.

    When: A stored key was altered, or moved to another site or person. Replacing the encryption key does not do this.

    Do: Nothing on your side will help. Tell us the request id that stands in `instance`.
    """

    code = "tampered_secret"
    title = "A stored secret does not open in its place."


@dataclass(frozen=True)
class _Box:
    """A sealed secret, taken apart. What is `bound` cannot be changed without the tag noticing."""

    mark: bytes
    wrapped: bytes
    bound: bytes
    rest: bytes


def seal(plaintext: bytes, context: Context) -> bytes:
    try:
        fresh = client("kms").generate_data_key(
            KeyId=settings().kms_key, KeySpec="AES_256", EncryptionContext=dict(context)
        )
    except (ClientError, BotoCoreError) as error:
        raise Unavailable from error
    wrapped: bytes = fresh["CiphertextBlob"]
    nonce = chance.token(_NONCE_BYTES)
    header = _MARKED + mark_of(fresh["KeyId"]) + len(wrapped).to_bytes(_LENGTH_BYTES) + wrapped
    return header + nonce + AESGCM(fresh["Plaintext"]).encrypt(nonce, plaintext, _bound(header, context))


def unseal(sealed: bytes, context: Context) -> bytes:
    box = _apart(sealed)
    key = _data_key(box.wrapped, context)
    try:
        return AESGCM(key).decrypt(box.rest[:_NONCE_BYTES], box.rest[_NONCE_BYTES:], _bound(box.bound, context))
    except InvalidTag:
        raise Tampered from None


def mark(sealed: bytes) -> bytes:
    """Of the key that it stands under; empty when it was sealed before there were marks."""
    return _apart(sealed).mark


def mark_of(key_arn: str) -> bytes:
    return sha256(key_arn.encode()).digest()[:MARK_BYTES]


def is_stale(sealed: bytes) -> bool:
    """Whether it may stand under the key that is being replaced, told without opening it. At other times none does."""
    other = settings().kms_key_other
    return bool(other) and mark(sealed) in {b"", mark_of(other)}


def _apart(sealed: bytes) -> _Box:
    version, after = sealed[:1], sealed[1:]
    if version not in {_UNMARKED, _MARKED}:
        raise Tampered
    marked = MARK_BYTES if version == _MARKED else 0
    wrapped_at = 1 + marked + _LENGTH_BYTES
    wrapped_to = wrapped_at + int.from_bytes(after[marked : marked + _LENGTH_BYTES])
    rest = sealed[wrapped_to:]
    if len(rest) < _NONCE_BYTES:
        raise Tampered
    return _Box(after[:marked], sealed[wrapped_at:wrapped_to], sealed[:wrapped_to], rest)


def _bound(header: bytes, context: Context) -> bytes:
    return header + json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()


def _data_key(wrapped: bytes, context: Context) -> bytes:
    place = (wrapped, _bound(b"", context))
    kept = _opened.get(place)
    if kept and clock.now() - kept[0] < _KEPT_FOR:
        return kept[1]
    try:
        answer = client("kms").decrypt(CiphertextBlob=wrapped, EncryptionContext=dict(context))
    except ClientError as error:
        if error.response["Error"]["Code"] in {"InvalidCiphertextException", "IncorrectKeyException"}:
            raise Tampered from None
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    if len(_opened) >= _MOST_KEPT:
        _opened.clear()
    _opened[place] = (clock.now(), answer["Plaintext"])
    return bytes(answer["Plaintext"])
