"""The one source of chance: unguessable bytes for ids and secrets, and jitter. Engines take it as a port instead."""

from __future__ import annotations

import random
import secrets


class SystemChance:
    def uniform(self) -> float:
        return random.random()  # nosec B311 # noqa: S311 -- jitter and samples, never a secret

    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def uniform() -> float:
    return SystemChance().uniform()


def token(size: int) -> bytes:
    return SystemChance().token(size)
