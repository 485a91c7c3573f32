"""A push service for each test, and a sender that knows how to speak to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.push_service.service import PushService
from tests.adapters.push_service.sender import Sender


@pytest.fixture
def service(caplog: pytest.LogCaptureFixture) -> Iterator[PushService]:
    with PushService() as running:
        yield running
    complaints = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert complaints == [], "the server's thread met an error of its own"


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def subscription(service: PushService, sender: Sender) -> dict[str, Any]:
    return service.subscribe(vapid_public_key=sender.public_key)
