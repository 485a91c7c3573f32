"""The one file that changes moto (5.2.5, pinned): one lock, no hot spots, a clock to follow. `aws.py` applies it.

moto's DynamoDB and SQS are not thread-safe, its queries sort the whole table, its transactions copy it, and each send
counts all messages. That the answers stay the same is proven against the stock methods in tests/adapters/local_aws.
"""

from __future__ import annotations

import copy
import functools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from threading import Condition, RLock
from typing import Any

import flask
import moto
from moto.core import utils as core_utils
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodbstreams.models import DynamoDBStreamsBackend
from moto.kms.models import Key
from moto.moto_api._internal import mock_random
from moto.sqs import models as sqs_models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

from chalicelib.core.ports import Clock
from infra.local.attribute_values import wire_value
from infra.local.key_window import key_window
from infra.local.queue_attributes import QueueAttributes
from infra.local.undo import Undo

PINNED = "5.2.5"
LOCK = RLock()
"""Held during every call to the local AWS, from request to answer, and while a snapshot is taken."""

Method = Callable[..., Any]


def apply() -> None:
    """Idempotent."""
    if moto.__version__ != PINNED:
        raise RuntimeError(f"infra/local/moto_patch.py was made for moto {PINNED}, not {moto.__version__}")
    for owner, name, replacement in _patches:
        setattr(owner, name, replacement)


@contextmanager
def stock() -> Iterator[None]:
    """Stock moto for the length of a block, so that tests can compare the two."""
    for owner, name, original in _originals:
        if original is None:
            delattr(owner, name)
        else:
            setattr(owner, name, original)
    try:
        yield
    finally:
        apply()


def follow(clock: Clock | None) -> None:
    """From now on queue delays, visibility and retention go by `clock` (None: by the machine's)."""
    _followed[:] = [clock] if clock else []


# --- How a patch is made ---

_patches: list[tuple[Any, str, Any]] = []
_originals: list[tuple[Any, str, Any]] = []
_followed: list[Clock] = []


def _instead_of(owner: Any, name: str) -> Callable[[Method], Method]:
    """Decorates a replacement, which gets the stock function as its first argument."""

    def register(replacement: Method) -> Method:
        original = vars(owner).get(name)

        @functools.wraps(replacement)
        def patched(*args: Any, **kwargs: Any) -> Any:
            return replacement(_function(original), *args, **kwargs)

        wrap: Any = type(original) if isinstance(original, (classmethod, property)) else _unwrapped
        _patches.append((owner, name, wrap(patched)))
        _originals.append((owner, name, original))
        return replacement

    return register


def _function(original: Any) -> Any:
    match original:
        case classmethod():
            return original.__func__
        case property():
            return original.fget
    return original


def _unwrapped(function: Method) -> Method:
    return function


# --- One lock around every call, in process and over HTTP ---


@_instead_of(BotocoreStubber, "process_request")
def _one_at_a_time(process_request: Method, stubber: BotocoreStubber, request: Any) -> Any:
    with LOCK:
        return process_request(stubber, request)


@_instead_of(core_utils.convert_to_flask_response, "__call__")
def _one_at_a_time_over_http(call: Method, view: Any, args: Any = None, **kwargs: Any) -> Any:
    flask.request.get_data(parse_form_data=True)  # of whoever stops half-way: nobody else must wait for the rest
    with LOCK:
        return call(view, args, **kwargs)


# --- DynamoDB: answers without a search for every member an attribute value might have ---


@_instead_of(BaseJSONSerializer, "_serialize_type_structure")
def _serialize_directly(serialize: Method, self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name == "AttributeValue":
        with suppress(AttributeError, TypeError, ValueError):  # whatever else it is, stock may know it
            serialized[key] = wire_value(value)
            return
    serialize(self, serialized, value, shape, key)


# --- DynamoDB: look only at the rows in question, sort them natively ---


@_instead_of(Table, "all_items")
def _sorted_natively(all_items: Method, table: Any) -> list[Item]:
    if (table.hash_key_type, table.range_key_type) != ("S", "S"):
        return list(all_items(table))
    rows: list[Any] = [item for partition in table.items.values() for item in partition.values()]
    rows.sort(key=lambda item: (item.hash_key.value, item.range_key.value))
    return rows


@_instead_of(Table, "query")
def _query_rows_in_question(
    query: Method,
    table: Any,
    hash_key: DynamoType | None,
    comparison: str | None,
    operands: Sequence[DynamoType],
    limit: int | None,
    start: Mapping[str, Any] | None,
    is_forward: bool,  # noqa: FBT001 -- moto's signature
    projections: Any,
    index_name: str | None = None,
    *rest: Any,
    hash_key_conditions: Sequence[tuple[str, DynamoType]] = (),
    range_key_conditions: Sequence[Any] = (),
    **filters: Any,
) -> Any:
    """The stock query, over a view without the rows it would pass over (but one, so that it sees an end)."""
    view = copy.copy(table)
    if index_name:
        view.items = _rows_of_index(table, hash_key_conditions)
    else:
        partition: dict[DynamoType, Item] = table.items.get(hash_key) or {}
        view.items = {hash_key: partition}
        if table.range_key_type == "S" and not filters and all(operand.type == "S" for operand in operands):
            keys = sorted(partition, key=lambda key: str(key.value))
            values = [operand.value for operand in operands]
            after = _start_within(table, hash_key, start)
            window = key_window(
                [k.value for k in keys], comparison, values, after=after, limit=limit, forward=is_forward
            )
            view.items = {hash_key: {key: partition[key] for key in keys[window]}}
    return query(
        view, hash_key, comparison, operands, limit, start, is_forward, projections, index_name, *rest,
        hash_key_conditions=hash_key_conditions, range_key_conditions=range_key_conditions, **filters,
    )  # fmt: skip


def _rows_of_index(table: Any, conditions: Sequence[tuple[str, DynamoType]]) -> dict[DynamoType, Any]:
    def has(item: Item) -> bool:
        return all(name in item.attrs and item.attrs[name] == value for name, value in conditions)

    found = ((pk, {sk: item for sk, item in partition.items() if has(item)}) for pk, partition in table.items.items())
    return {pk: rows for pk, rows in found if rows}


def _start_within(table: Any, hash_key: DynamoType | None, start: Mapping[str, Any] | None) -> str | None:
    if not start or hash_key is None or start.get(table.hash_key_attr) != hash_key.to_json():
        return None
    return (start.get(table.range_key_attr) or {}).get("S")


# --- DynamoDB: a failed transaction puts back what it touched, instead of a copy of every table ---

_ITERATORS_KEPT = 100
_in_transaction: ContextVar[bool] = ContextVar("in_transaction", default=False)


@_instead_of(DynamoDBBackend, "transact_write_items")
def _transact_with_undo(transact: Method, backend: DynamoDBBackend, operations: list[dict[str, Any]]) -> None:
    undo = Undo(backend, operations)
    token = _in_transaction.set(True)
    try:
        transact(backend, operations)
    except BaseException:
        undo.restore()
        raise
    finally:
        _in_transaction.reset(token)


@_instead_of(Table, "__deepcopy__")
def _not_copied_in_a_transaction(_: None, table: Table, memo: dict[int, Any]) -> Table:
    if _in_transaction.get():
        return table
    twin = object.__new__(type(table))
    memo[id(table)] = twin
    twin.__dict__.update(copy.deepcopy(table.__dict__, memo))
    return twin


@_instead_of(DynamoDBStreamsBackend, "get_records")
def _read_without_a_trail(get_records: Method, backend: DynamoDBStreamsBackend, iterator: str, limit: int) -> Any:
    answer = get_records(backend, iterator, limit)
    for forgotten in list(backend.shard_iterators)[:-_ITERATORS_KEPT]:  # stock keeps each one ever made
        del backend.shard_iterators[forgotten]
    return answer


# --- SQS: standard queues without counting, receivers that wait without the lock ---

_LONGEST_NAP_SECONDS = 0.1  # how soon a waiting receiver sees that the local clock was advanced


@_instead_of(sqs_models, "unix_time_millis")
def _milliseconds(stock_time: Method, at: datetime | None = None) -> float:
    return float(_followed[0].now().timestamp() * 1000 if _followed and at is None else stock_time(at))


@_instead_of(sqs_models, "unix_time")
def _seconds(stock_time: Method, at: datetime | None = None) -> float:
    return float(_followed[0].now().timestamp() if _followed and at is None else stock_time(at))


@_instead_of(sqs_models, "generate_receipt_handle")
def _receipt_handle(_: Method) -> str:
    return f"{mock_random.getrandbits(740):0185x}"


@_instead_of(Queue, "add_message")
def _append(add_message: Method, queue: Queue, message: Message) -> None:
    if queue.fifo_queue:
        add_message(queue, message)
        return
    with LOCK:
        queue._messages.append(message)  # noqa: SLF001 -- this file's purpose
        _arrival(queue).notify()


def _now() -> float:
    milliseconds: float = vars(sqs_models)["unix_time_millis"]()
    return milliseconds


@_instead_of(Message, "visible")
def _is_visible(_: Method, message: Message) -> bool:
    return _now() >= message.visible_at  # stock: later than; a clock that stands still never is


@_instead_of(Queue, "attributes")
def _attributes_on_demand(_: Method, queue: Queue) -> Mapping[str, Any]:
    return QueueAttributes(queue)


@_instead_of(SQSBackend, "receive_message")
def _receive(
    receive_message: Method,
    backend: SQSBackend,
    queue_name: str,
    count: int,
    wait_seconds: int,
    visibility_seconds: int,
    attribute_names: list[str] | None = None,
) -> list[Message]:
    queue = backend.get_queue(queue_name)
    if queue.fifo_queue:  # stock would wait with the lock in hand
        return list(receive_message(backend, queue_name, count, 0, visibility_seconds, attribute_names))
    deadline = time.monotonic() + int(wait_seconds or 0)
    with LOCK:
        while not (taken := _take(queue, count, visibility_seconds)):
            if (left := deadline - time.monotonic()) <= 0:
                break
            _arrival(queue).wait(min(left, _LONGEST_NAP_SECONDS))
        return [_as_sent(message, attribute_names or []) for message in taken]


def _take(queue: Any, count: int, visibility_seconds: int) -> list[Message]:
    now = _now()
    taken: list[Message] = []
    leaving: list[Message] = []
    for message in queue._messages:  # noqa: SLF001 -- this file's purpose
        if now < message.visible_at or now < message.delayed_until:
            continue
        if _is_expired(queue, message, now) or _is_exhausted(queue, message):
            leaving.append(message)
            continue
        taken.append(message)
        if len(taken) == count:
            break
    for message in leaving:
        _remove(queue, message)
        if not _is_expired(queue, message, now):
            _bury(queue.dead_letter_queue, message)
    for message in taken:
        message.mark_received(visibility_timeout=visibility_seconds)
        _by_handle(queue)[message.receipt_handle] = message
    return taken


def _bury(dead_letters: Queue, message: Message) -> None:
    dead_letters.add_message(message)
    _by_handle(dead_letters).update(dict.fromkeys(message.all_receipt_handles, message))


def _is_exhausted(queue: Any, message: Message) -> bool:
    policy = queue.redrive_policy if queue.dead_letter_queue is not None else None
    return bool(policy and message.approximate_receive_count >= policy["maxReceiveCount"])


def _is_expired(queue: Any, message: Any, now: float) -> bool:
    return bool(message.sent_timestamp + queue.message_retention_period * 1000 <= now)


def _as_sent(message: Message, attribute_names: list[str]) -> Message:
    twin = copy.copy(message)
    sqs_models._filter_message_attributes(twin, attribute_names)  # noqa: SLF001 -- this file's purpose
    return twin


@_instead_of(Queue, "delete_message")
def _delete(delete_message: Method, queue: Queue, receipt_handle: str) -> None:
    if queue.fifo_queue:
        delete_message(queue, receipt_handle)
        return
    with LOCK:
        if (message := _by_handle(queue).get(receipt_handle)) is not None:
            _remove(queue, message)
            queue.deleted_messages.update(handle for handle in message.all_receipt_handles if handle)
        elif receipt_handle not in queue.deleted_messages:
            raise ReceiptHandleIsInvalid


@_instead_of(SQSBackend, "purge_queue")
def _purge(purge_queue: Method, backend: SQSBackend, queue_name: str) -> None:
    purge_queue(backend, queue_name)
    _by_handle(backend.get_queue(queue_name)).clear()


def _remove(queue: Any, message: Message) -> None:
    queue._messages.remove(message)  # noqa: SLF001 -- this file's purpose
    for handle in message.all_receipt_handles:
        _by_handle(queue).pop(handle, None)


def _by_handle(queue: Queue) -> dict[str | None, Message]:
    found: dict[str | None, Message] = vars(queue).setdefault("messages_by_handle", {})
    return found


def _arrival(queue: Queue) -> Condition:
    """On the one lock, so that waiting lets everyone else work. Made anew after a snapshot."""
    arrival: Condition | None = vars(queue).get("arrival")
    if arrival is None:
        arrival = vars(queue)["arrival"] = Condition(LOCK)
    return arrival


# --- KMS: a policy as CloudFormation allows it, a mapping ---


@_instead_of(Key, "create_from_cloudformation_json")
def _key_with_policy(create: Method, cls: type[Key], name: str, resource: dict[str, Any], *args: Any, **kw: Any) -> Key:
    policy = resource["Properties"]["KeyPolicy"]
    text = policy if isinstance(policy, str) else json.dumps(policy)
    key: Key = create(cls, name, resource | {"Properties": resource["Properties"] | {"KeyPolicy": text}}, *args, **kw)
    return key
