"""Faults on the way to AWS, planted through botocore's own events: calls that never leave, and answers that get lost."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Any

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from chalicelib.aws import dynamo
from chalicelib.aws.clients import client

_SDK_ATTEMPTS = 4
_NOWHERE = "https://fault.invalid"


class LostAnswer(ReadTimeoutError):  # type: ignore[misc]  # botocore is untyped
    """AWS did it, and nobody heard."""


class Faults:
    """Calls are named as botocore does: `dynamodb.PutItem`. What is planted goes off at the next calls of that name."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._rejected: Counter[str] = Counter()
        self._silenced: Counter[str] = Counter()
        self._clients = [dynamo._connection().client, *(client(name) for name in ("kms", "sqs", "ssm"))]

    def reject(self, name: str, *, times: int = 1) -> None:
        """The call does not leave the building: surely not done."""
        self._rejected[name] += times

    def silence(self, name: str, *, times: int = 1) -> None:
        """Done, but the answer is lost. The SDK sends the same again, up to four times, here without its long waits."""
        self._silenced[name] += times

    def clear(self) -> None:
        self._rejected.clear()
        self._silenced.clear()

    def __enter__(self) -> Faults:
        for each in self._clients:
            each.meta.events.register_first("before-call", self._on_call)
            each.meta.events.register_last("before-send", self._on_answer)
            each.meta.events.register_first("needs-retry", self._on_retry)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for each in self._clients:
            each.meta.events.unregister("before-call", self._on_call)
            each.meta.events.unregister("before-send", self._on_answer)
            each.meta.events.unregister("needs-retry", self._on_retry)

    def _on_call(self, event_name: str, **_: Any) -> None:
        name = event_name.removeprefix("before-call.")
        self.calls.append(name)
        if self._rejected[name] > 0:
            self._rejected[name] -= 1
            raise EndpointConnectionError(endpoint_url=_NOWHERE)

    def _on_answer(self, event_name: str, **_: Any) -> None:
        name = event_name.removeprefix("before-send.")
        if self._silenced[name] > 0:
            self._silenced[name] -= 1
            raise LostAnswer(endpoint_url=_NOWHERE)

    def _on_retry(self, attempts: int, caught_exception: Exception | None, **_: Any) -> float | bool | None:
        if not isinstance(caught_exception, LostAnswer):
            return None
        return 0.001 if attempts < _SDK_ATTEMPTS else False
