"""A process that has just begun: nothing that the product has wired, opened or learnt is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from types import ModuleType
from typing import Any

from chalicelib.aws import clients, dynamo_connection, envelope, secrets
from chalicelib.features.sending.adapters import webpush

CLIENTS = (clients.session, clients.client, dynamo_connection.connection)  # making them calls nobody, and takes long


def start_cold() -> None:
    for cached in _caches():
        cached.cache_clear()
    secrets.forget()
    envelope._opened.clear()
    webpush._signers.clear()


def meet_nobody() -> None:
    """Nothing is kept of those whom the process has met. What it knows of the installation stays: secrets, clients."""
    for cached in _caches():
        if cached.__module__.endswith(".wiring"):
            cached.cache_clear()


def _caches() -> Iterator[Any]:
    for module in _product_modules():
        for value in vars(module).values():
            if isinstance(value, _lru_cache_wrapper) and value not in CLIENTS:
                yield value


def _product_modules() -> Iterator[ModuleType]:
    yield from (module for name, module in list(sys.modules.items()) if name.startswith("chalicelib."))
