"""Faults on the way to AWS, planted through botocore's own events: calls that never leave, and answers that get lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from chalicelib.aws import dynamo_connection
from chalicelib.aws.clients import client

_SDK_ATTEMPTS = 4
_NOWHERE = "https://fault.invalid"
DECOY = "a batch needs one entry at least"


class LostAnswer(ReadTimeoutError):  # type: ignore[misc]  # botocore is untyped
    """AWS did it, and nobody heard."""


class Faults:
    """Calls are named as botocore does: `dynamodb.PutItem`. What is planted goes off at the next calls of that name.

    The HTTP door counts requests, some one by one and some by the dozen, before anything is done for them. Those calls
    are let through and not listed, unless the faults are to be `of_counters`, and then of nothing else.
    """

    def __init__(self, *, of_counters: bool = False) -> None:
        self._of_counters = of_counters
        self.calls: list[str] = []
        self._rejected: Counter[str] = Counter()
        self._silenced: Counter[str] = Counter()
        self._failed: dict[str, str] = {}
        self._throttled = 0
        self._clashes = False
        self._refused_sends = 0
        self._refused_entries: list[dict[str, Any]] = []
        self._handed_back: dict[str, Any] = {}
        self._clients = [dynamo_connection.connection().client, *(client(name) for name in ("kms", "s3", "sqs", "ssm"))]

    def reject(self, name: str, *, times: int = 1) -> None:
        """The call does not leave the building: surely not done."""
        self._rejected[name] += times

    def silence(self, name: str, *, times: int = 1) -> None:
        """Done, but the answer is lost. The SDK sends the same again, up to four times, here without its long waits."""
        self._silenced[name] += times

    def fail(self, name: str, code: str) -> None:
        """AWS answers the next call with this error."""
        self._failed[name] = code

    def throttle_batch_gets(self, *, times: int) -> None:
        """DynamoDB answers the first half of the keys and hands the others back."""
        self._throttled = times

    def refuse_sends(self, *, times: int) -> None:
        """SQS takes the first half of a batch and fails the others."""
        self._refused_sends = times

    def clash(self) -> None:
        """The next transaction that is cancelled was so by another transaction, not by a condition."""
        self._clashes = True

    def clear(self) -> None:
        self._rejected.clear()
        self._silenced.clear()

    def __enter__(self) -> Self:
        for each in self._clients:
            for event, hook in self._hooks():
                first_or_last = (
                    each.meta.events.register_last if hook == self._on_answer else each.meta.events.register_first
                )
                first_or_last(event, hook)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for each in self._clients:
            for event, hook in self._hooks():
                each.meta.events.unregister(event, hook)

    def _hooks(self) -> list[tuple[str, Callable[..., Any]]]:
        return [
            ("before-call", self._on_call),
            ("before-send", self._on_answer),  # after moto's own, which answers there
            ("needs-retry", self._on_retry),
            ("provide-client-params.dynamodb.BatchGetItem", self._on_batch_get),
            ("after-call.dynamodb.BatchGetItem", self._on_batch_got),
            ("after-call.dynamodb.TransactWriteItems", self._on_transacted),
            ("provide-client-params.sqs.SendMessageBatch", self._on_send_batch),
            ("after-call.sqs.SendMessageBatch", self._on_batch_sent),
        ]

    def _on_call(self, event_name: str, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        if _is_counting(params["body"]) is not self._of_counters:
            return None
        name = event_name.removeprefix("before-call.")
        self.calls.append(name)
        if self._rejected[name] > 0:
            self._rejected[name] -= 1
            raise EndpointConnectionError(endpoint_url=_NOWHERE)
        if code := self._failed.pop(name, None):
            return AWSResponse(_NOWHERE, 400, {}, None), {"Error": {"Code": code}, "ResponseMetadata": {}}
        return None

    def _on_answer(self, event_name: str, request: Any, **_: Any) -> None:
        if _is_counting(request.body) is not self._of_counters:
            return
        name = event_name.removeprefix("before-send.")
        if self._silenced[name] > 0:
            self._silenced[name] -= 1
            raise LostAnswer(endpoint_url=_NOWHERE)

    def _on_retry(self, attempts: int, caught_exception: Exception | None, **_: Any) -> float | bool | None:
        if not isinstance(caught_exception, LostAnswer):
            return None
        return 0.001 if attempts < _SDK_ATTEMPTS else False

    def _on_batch_get(self, params: dict[str, Any], **_: Any) -> None:
        self._handed_back = {}
        if self._throttled:
            self._throttled -= 1
            for table, asked in params["RequestItems"].items():
                half = len(asked["Keys"]) // 2
                self._handed_back[table] = asked | {"Keys": asked["Keys"][half:]}
                asked["Keys"] = asked["Keys"][:half] or [{"pk": {"S": "nobody"}, "sk": {"S": "-"}}]

    def _on_batch_got(self, parsed: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedKeys"] = self._handed_back

    def _on_transacted(self, parsed: dict[str, Any], **_: Any) -> None:
        if self._clashes and "CancellationReasons" in parsed:
            self._clashes = False
            parsed["CancellationReasons"] = [{"Code": "TransactionConflict"} for _ in parsed["CancellationReasons"]]

    def _on_send_batch(self, params: dict[str, Any], **_: Any) -> None:
        self._refused_entries = []
        if self._refused_sends:
            self._refused_sends -= 1
            kept = params["Entries"][: len(params["Entries"]) // 2]
            self._refused_entries = params["Entries"][len(kept) :]
            params["Entries"] = kept or [self._refused_entries[0] | {"MessageBody": DECOY}]

    def _on_batch_sent(self, parsed: dict[str, Any], **_: Any) -> None:
        if self._refused_entries:
            refused = [entry["Id"] for entry in self._refused_entries]
            parsed["Failed"] = [{"Id": each, "SenderFault": False, "Code": "InternalError"} for each in refused]


def _is_counting(body: bytes | dict[str, Any]) -> bool:
    return isinstance(body, bytes) and b"BUCKET#" in body
