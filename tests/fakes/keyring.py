"""The installation's key, and a second one for it to be replaced by, as an operator would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from moto.kms.models import kms_backends

from chalicelib.aws.clients import client
from chalicelib.aws.envelope import _bound
from chalicelib.config import settings
from chalicelib.core import chance
from infra.local import aws
from tests.fakes.cold import start_cold


class Keyring:
    """`first` is the key there has been. Whoever looks on is a process that has just begun, with nothing in memory."""

    def __init__(self, prefix: str, environment: pytest.MonkeyPatch) -> None:
        self._alias = f"alias/{prefix}"
        self._environment = environment
        self._kms = aws.client("kms")
        self._locked: dict[str, Any] = {}
        self.first = str(self._kms.describe_key(KeyId=self._alias)["KeyMetadata"]["Arn"])
        self.second = str(self._kms.create_key(Description="the next one")["KeyMetadata"]["Arn"])

    @classmethod
    @contextmanager
    def of(cls, prefix: str) -> Iterator[Keyring]:
        with pytest.MonkeyPatch.context() as environment:
            keyring = cls(prefix, environment)
            yield keyring
            keyring.unlock()
            keyring._seal_with(keyring.first)
        start_cold()

    def replace(self) -> None:
        """The second seals from now on; both can be opened."""
        self._turn(self.second, other=self.first)

    def go_back(self) -> None:
        self._turn(self.first, other=self.second)

    def finish(self) -> None:
        """Nobody speaks of the first any more, and it opens nothing."""
        self._turn(self.second, other="")
        self.lock(self.first)

    def lock(self, key: str) -> None:
        """As if it were disabled: KMS opens and seals nothing with it."""
        keys = kms_backends[aws.ACCOUNT][aws.REGION].keys
        key_id = key.rsplit("/", 1)[1]
        self._locked[key_id] = keys.pop(key_id)
        start_cold()

    def unlock(self) -> None:
        kms_backends[aws.ACCOUNT][aws.REGION].keys.update(self._locked)
        self._locked.clear()

    def _turn(self, key: str, *, other: str) -> None:
        self._seal_with(key)
        self._environment.setenv("KMS_KEY_OTHER", other)
        start_cold()

    def _seal_with(self, key: str) -> None:
        self._kms.update_alias(AliasName=self._alias, TargetKeyId=key)


def seal_without_mark(plaintext: bytes, context: dict[str, str]) -> bytes:
    """As it was done before envelopes had marks."""
    fresh = client("kms").generate_data_key(KeyId=settings().kms_key, KeySpec="AES_256", EncryptionContext=context)
    wrapped, nonce = fresh["CiphertextBlob"], chance.token(12)
    header = b"\x01" + len(wrapped).to_bytes(2) + wrapped
    return bytes(header + nonce + AESGCM(fresh["Plaintext"]).encrypt(nonce, plaintext, _bound(header, context)))
