"""The product's log as lines of JSON, caught where Powertools writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws import telemetry


class Sink(list[dict[str, Any]]):
    def write(self, text: str) -> None:
        self.extend(json.loads(line) for line in text.splitlines() if line)

    def flush(self) -> None: ...


def logged_from_now(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sink = Sink()
    monkeypatch.setattr(telemetry._logger().registered_handler, "stream", sink)
    return sink
