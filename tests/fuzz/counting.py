"""Counts what schemathesis sends of its own, by operation: its report only knows the sum. `habits.py` loads it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis.cli
from schemathesis.cli.commands.run.handlers.base import EventHandler
from schemathesis.engine.events import EngineEvent, ScenarioFinished

SENT = Path("sent.json")


@schemathesis.cli.handler()
class Counting(EventHandler[Any]):
    """No two of an operation's are alike. Requests that checks derive from others do not count."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._sent: Counter[str] = Counter()

    def hear(self, ctx: Any, event: EngineEvent) -> None:
        if not isinstance(event, ScenarioFinished):
            return
        recorder = event.recorder
        for case_id, node in recorder.cases.items():
            if case_id in recorder.interactions and (node.parent_id is None or node.transition):
                self._sent[node.value.operation.label] += 1

    handle_event = hear  # the name that schemathesis calls it by

    def shutdown(self, ctx: Any) -> None:
        SENT.write_text(json.dumps(self._sent), encoding="utf-8")
