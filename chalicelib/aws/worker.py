"""The door for queues, cron and streams. Lambda imports a worker's module directly, so all its plumbing is here.

Policy for failures, in one place: a message that can never succeed is logged, counted and done; one that newer code
wrote, or that leads to what newer code wrote, goes back with a delay; anything else fails, SQS tries again, and the
alarmed dead-letter queue has the last word.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.aws import side_by_side, telemetry
from chalicelib.aws.messages import Message
from chalicelib.aws.queues import Queue
from chalicelib.config import settings
from chalicelib.core import clock
from chalicelib.core.errors import FromTheFuture, PushError

M = TypeVar("M", bound=Message)
T = TypeVar("T")

_PUT_BACK_SECONDS = 300


@dataclass(frozen=True)
class Invocation:
    """What a handler may know of its Lambda: when it began and how long it may run."""

    started_at: datetime
    remaining_ms: Callable[[], int]
    attempt: int = 1


class Broke(Exception):
    """Stands for whatever went wrong in a worker. Lambda writes what escapes into its log, words and all."""


class Worker(Blueprint):
    def __init__(self, import_name: str) -> None:
        settings()
        super().__init__(import_name)

    def queue(
        self, name: str, message: type[M], *, maximum_concurrency: int | None = None, at_once: int = 1
    ) -> Callable[[Callable[[M, Invocation], None]], Callable[..., Any]]:
        """One message an invocation; or up to `at_once`, whose failures are told one by one: Chalice cannot ask
        Lambda to listen to that, so the package does.
        """

        def register(view: Callable[[M, Invocation], None]) -> Callable[..., Any]:
            @functools.wraps(view)
            def entry(event: SQSEvent) -> dict[str, Any] | None:
                def work(record: dict[str, Any]) -> None:
                    with _watched(view.__name__):
                        self._deliver(name, message, view, record, event.context)

                return _work_through(name, event.to_dict()["Records"], work)

            registered: Callable[..., Any] = self.on_sqs_message(
                queue=name, batch_size=at_once, maximum_concurrency=maximum_concurrency, name=view.__name__
            )(entry)
            return registered

        return register

    def batch(
        self, name: str, message: type[M], *, at_once: int, window_seconds: int
    ) -> Callable[[Callable[[Sequence[M], Invocation], Collection[int]]], Callable[..., Any]]:
        """Up to `at_once` messages as one piece of work, for which Lambda waits a while: the view tells the places of
        those that have to come again.
        """

        def register(view: Callable[[Sequence[M], Invocation], Collection[int]]) -> Callable[..., Any]:
            @functools.wraps(view)
            def entry(event: SQSEvent) -> dict[str, Any] | None:
                records: list[dict[str, Any]] = event.to_dict()["Records"]
                with _watched(view.__name__):
                    readable = list(_all_readable(name, message, records))
                    again = view([each for _, each in readable], _invocation(event.context))
                return _told(name, [readable[place][0] for place in sorted(again)], of=len(records))

            registered: Callable[..., Any] = self.on_sqs_message(
                queue=name,
                batch_size=at_once,
                maximum_batching_window_in_seconds=window_seconds,
                name=view.__name__,
            )(entry)
            return registered

        return register

    def every(self, *, minutes: int) -> Callable[[Callable[[Invocation], None]], Callable[..., Any]]:
        def register(view: Callable[[Invocation], None]) -> Callable[..., Any]:
            @functools.wraps(view)
            def entry(event: CloudWatchEvent) -> None:
                with _watched(view.__name__):
                    view(_invocation(event.context))

            registered: Callable[..., Any] = self.schedule(Rate(minutes, unit=Rate.MINUTES), name=view.__name__)(entry)
            return registered

        return register

    def stream(self, table: str) -> Callable[[Callable[[list[dict[str, Any]], Invocation], None]], Callable[..., Any]]:
        def register(view: Callable[[list[dict[str, Any]], Invocation], None]) -> Callable[..., Any]:
            @functools.wraps(view)
            def entry(event: DynamoDBEvent) -> None:
                with _watched(view.__name__):
                    view(event.to_dict()["Records"], _invocation(event.context))

            registered: Callable[..., Any] = self.on_dynamodb_record(stream_arn=table, name=view.__name__)(entry)
            return registered

        return register

    def _deliver(
        self, queue: str, message: type[M], view: Callable[[M, Invocation], None], record: dict[str, Any], context: Any
    ) -> None:
        try:
            readable = _read(queue, record["body"], message)
            if readable is not None:
                view(readable, _invocation(context, record))
        except FromTheFuture:
            _put_back(queue, record)
        except PushError as error:
            if error.retryable:
                telemetry.warn("message_comes_again", queue=queue, code=error.code)
                raise
            telemetry.alarm("message_failed", queue=queue, code=error.code)
            telemetry.count("messages_dropped", queue=queue)


def each_for_itself(function: str, do: Callable[[T], None], things: Sequence[T]) -> list[T]:
    """For a view that makes other pieces of its messages: those that went wrong, which take no other with them. What is
    no trouble of a known kind is on record, as if it had broken the worker.
    """

    def work(thing: T) -> None:
        with _watched(function):
            do(thing)

    return side_by_side.each(work, things)


def _work_through(
    queue: str, records: Sequence[dict[str, Any]], work: Callable[[dict[str, Any]], None]
) -> dict[str, Any] | None:
    if len(records) == 1:
        work(records[0])
        return None
    return _told(queue, side_by_side.each(work, records), of=len(records))


def _told(queue: str, failed: Sequence[dict[str, Any]], *, of: int) -> dict[str, Any]:
    if failed and len(failed) == of:
        raise Broke("all of them")  # nothing to tell apart: Lambda's own figure of errors, and its alarm, see it
    if failed:
        telemetry.count("messages_failed", len(failed), queue=queue)
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


def _all_readable(
    queue: str, message: type[M], records: Iterable[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], M]]:
    for record in records:
        try:
            readable = _read(queue, record["body"], message)
        except FromTheFuture:
            _put_back(queue, record)
        else:
            if readable is not None:
                yield record, readable


def _put_back(queue: str, record: dict[str, Any]) -> None:
    telemetry.warn("message_from_the_future", queue=queue)
    Queue(queue).put_back(record["body"], delay_seconds=_PUT_BACK_SECONDS)


def _read(queue: str, body: str, message: type[M]) -> M | None:
    """None when nobody ever can."""
    try:
        return decode(body, message)
    except msgspec.MsgspecError as error:
        telemetry.alarm("message_unreadable", queue=queue, reason=str(error))
        telemetry.count("messages_dropped", queue=queue)
    return None


def decode(body: str, message: type[M]) -> M:
    """Readers accept version v and v-1; an unknown newer one is somebody else's to read."""
    newest = next(field.default for field in msgspec.structs.fields(message) if field.name == "v")
    if msgspec.json.decode(body, type=Message).v > newest:
        raise FromTheFuture
    return msgspec.json.decode(body, type=message)


@contextmanager
def _watched(function: str) -> Iterator[None]:
    try:
        yield
    except PushError:
        raise
    except Exception as error:  # noqa: BLE001 -- the door: whatever it is, it is on record and the message fails
        telemetry.alarm("worker_broke", function=function)
        raise Broke(type(error).__name__) from None


def _invocation(context: Any, record: dict[str, Any] | None = None) -> Invocation:
    attempt = int(record["attributes"].get("ApproximateReceiveCount", 1)) if record else 1
    return Invocation(clock.now(), context.get_remaining_time_in_millis, attempt)
