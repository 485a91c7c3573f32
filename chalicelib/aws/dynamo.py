"""DynamoDB as the stores see it: rows of plain values, conditions, pages, transactions. Built on pynamodb's connection.

A conditional write whose answer was lost is repeated by the SDK and finds its own row: that counts as done. Where two
writers could write the same, the row names its writer. Nobody else's repeat is forgiven: it is Refused, with the row.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.projection import create_projection_expression
from pynamodb.expressions.update import Action

from chalicelib.aws.dynamo_connection import connection, knowing
from chalicelib.aws.values import Row, WireRow, from_wire, to_wire
from chalicelib.config import settings
from chalicelib.core.errors import Unavailable
from chalicelib.core.paging import Page

_QUESTIONS_AT_ONCE = 8
_BATCH_GET_KEYS = 100
_BATCH_GET_ROUNDS = 8
_CANCELLED = "TransactionCanceledException"
_BUG = "ValidationException"  # of ours: an expression or a row that DynamoDB cannot take will never get better


class Refused(Exception):
    """A condition did not hold. `row` is what stands there instead (None when nothing does); of a transaction, `rows`
    are all that stand in its way.
    """

    def __init__(self, row: Row | None = None, *, is_repeat: bool = False, rows: Sequence[Row] = ()) -> None:
        super().__init__("a condition did not hold")
        self.row = row
        self.rows = rows
        self.is_repeat = is_repeat  # the SDK had sent the same before, and may have been obeyed


def absent(name: str = "pk") -> Condition:
    return Path(name).does_not_exist()


def present(name: str = "pk") -> Condition:
    return Path(name).exists()


def equals(name: str, value: object) -> Condition:
    return Path(name) == value


@dataclass(frozen=True)
class Put:
    table: Table
    row: Row
    condition: Condition | None = None

    def request(self) -> dict[str, Any]:
        attributes = {name: to_wire(value) for name, value in self.row.items() if _is_field(name, value)}
        return self.table.request(self.row["pk"], self.row["sk"], "Item", self.condition, attributes=attributes)

    def stands_in(self, row: Row) -> bool:
        return row == _as_read({name: value for name, value in self.row.items() if value is not None})


def _is_field(name: str, value: object) -> bool:
    return name not in {"pk", "sk"} and value is not None


def _as_read(row: Mapping[str, Any]) -> Row:
    """What comes back of what is stored: tuples as lists, for one."""
    return from_wire({name: to_wire(value) for name, value in row.items()})


class OneMore:
    """A change that counts a field up where it stands: for `rev`, in updates that have not read the row. What else is
    counted is counted elsewhere: an update repeated after a lost answer is told by its condition alone.
    """


ONE_MORE = OneMore()


@dataclass(frozen=True)
class More:
    """Counts a field up, from nothing if need be. An update repeated after a lost answer counts again: only for what
    does no harm when too high.
    """

    by: int


@dataclass(frozen=True)
class Update:
    """Sets and removes fields of one row; a value of None removes, ONE_MORE counts up."""

    table: Table
    pk: str
    sk: str
    changes: Mapping[str, Any]
    condition: Condition | None = None

    def request(self) -> dict[str, Any]:
        actions = [_action(name, value) for name, value in self.changes.items()]
        return self.table.request(self.pk, self.sk, "Key", self.condition, actions=actions)

    def stands_in(self, row: Row) -> bool:
        told = {name: value for name, value in self.changes.items() if value is not ONE_MORE}
        there = _as_read({name: row.get(name) for name in told})
        return bool(row) and bool(told) and there == _as_read(told)


def _action(name: str, value: Any) -> Action:
    if value is None:
        return Path(name).remove()
    if isinstance(value, More):
        return Path(name).set((Path(name) | to_wire(0)) + to_wire(value.by))
    return Path(name).set(Path(name) + to_wire(1) if value is ONE_MORE else to_wire(value))


@dataclass(frozen=True)
class Delete:
    table: Table
    pk: str
    sk: str
    condition: Condition | None = None

    def request(self) -> dict[str, Any]:
        return self.table.request(self.pk, self.sk, "Key", self.condition)

    def stands_in(self, row: Row) -> bool:
        return not row


@dataclass(frozen=True)
class Check:
    """Writes nothing: a transaction is refused where the condition does not hold."""

    table: Table
    pk: str
    sk: str
    condition: Condition

    def request(self) -> dict[str, Any]:
        return self.table.request(self.pk, self.sk, "Key", self.condition)

    def stands_in(self, _row: Row) -> bool:
        return False


Write = Put | Update | Delete
_OPERATIONS = {Put: "put_item", Update: "update_item", Delete: "delete_item"}
_MEMBERS = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


@dataclass(frozen=True)
class Span:
    """A stretch of sort keys: all, those with a prefix, or those in (after, to]."""

    prefix: str = ""
    after: str = ""
    to: str = ""

    def condition(self, name: str) -> Condition | None:
        if self.prefix:
            return Path(name).startswith(self.prefix)
        if self.after and self.to:
            return Path(name).between(_just_after(self.after), self.to)
        if self.to:
            return Path(name) <= self.to
        return Path(name) > self.after if self.after else None


def _just_after(key: str) -> str:
    """BETWEEN includes its ends; the smallest string above `key` keeps the read exclusive."""
    return key + "\0"


@dataclass(frozen=True)
class Table:
    """One table by its short name; the physical name carries the installation's prefix."""

    short_name: str

    @property
    def name(self) -> str:
        return f"{settings().prefix}-{self.short_name}"

    def get(self, pk: str, sk: str = "-", *, consistent: bool = True) -> Row | None:
        request = self.request(pk, sk, "Key") | {"ConsistentRead": consistent}
        item = call("get_item", request).get("Item")
        return from_wire(item) if item else None

    def get_many(self, keys: Iterable[tuple[str, str]], *, consistent: bool = True) -> list[Row]:
        """Rows in no order; absent ones are simply missing."""
        return [row for _, row in look_up([(self, key) for key in dict.fromkeys(keys)], consistent=consistent)]

    def put(self, row: Row, condition: Condition | None = None) -> None:
        self.write(Put(self, row, condition))

    def update(self, pk: str, sk: str, changes: Mapping[str, Any], condition: Condition | None = None) -> None:
        self.write(Update(self, pk, sk, changes, condition))

    def delete(self, pk: str, sk: str, condition: Condition | None = None) -> None:
        self.write(Delete(self, pk, sk, condition))

    def count(self, pk: str, sk: str, changes: Mapping[str, Any], condition: Condition) -> Row:
        """An update with `More` in it; returns what it changed, as it stands now. No repeat of it is forgiven."""
        request = Update(self, pk, sk, changes, condition).request()
        wishes = {"ReturnValues": "UPDATED_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        return from_wire(call("update_item", request | wishes)["Attributes"])

    def write(self, write: Write) -> None:
        request = write.request()
        if write.condition is not None:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            call(_OPERATIONS[type(write)], request)
        except Refused as refused:
            if not (refused.is_repeat and write.stands_in(refused.row or {})):
                raise

    def query(
        self,
        pk: str,
        span: Span | None = None,
        *,
        limit: int | None = None,
        position: str | None = None,
        newest_first: bool = False,
        consistent: bool = True,
    ) -> Page[Row]:
        """One page. `position` is the sort key of the last row seen; it survives rows coming and going."""
        items, last = self.query_wire(
            pk, span, limit=limit, position=position, newest_first=newest_first, consistent=consistent
        )
        return Page([from_wire(item) for item in items], last)

    def query_wire(
        self,
        pk: str,
        span: Span | None = None,
        *,
        limit: int | None = None,
        position: str | None = None,
        newest_first: bool = False,
        consistent: bool = True,
        fields: Sequence[str] = (),
    ) -> tuple[list[WireRow], str | None]:
        """The same, rows as DynamoDB spells them: the send path asks for and decodes only the `fields` it needs."""
        condition = Path("pk") == pk
        if span is not None and (stretch := span.condition("sk")) is not None:
            condition &= stretch
        request = self._key_query(condition, fields)
        request |= {"ConsistentRead": consistent, "ScanIndexForward": not newest_first}
        if limit:
            request["Limit"] = limit
        if position:
            request["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": position}}
        answer = call("query", request)
        last = answer.get("LastEvaluatedKey")
        return answer["Items"], last["sk"]["S"] if last else None

    def find(self, index: str, name: str, value: str, *, most: int) -> list[tuple[str, str]]:
        """Keys of the rows whose `name` is `value`, by a keys-only index: may miss the last second."""
        request = self._key_query(Path(name) == value) | {"IndexName": index}
        found: list[tuple[str, str]] = []
        while len(found) < most:
            answer = call("query", request | {"Limit": most - len(found)})
            found += [(item["pk"]["S"], item["sk"]["S"]) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found

    def find_each(self, index: str, name: str, values: Sequence[str], *, most: int) -> list[tuple[str, str]]:
        """The same for many values, several at once: most of a question is waiting for its answer."""
        if len(values) == 1:
            return self.find(index, name, values[0], most=most)
        with ThreadPoolExecutor(max_workers=_QUESTIONS_AT_ONCE) as pool:
            answers = pool.map(lambda value: self.find(index, name, value, most=most), values)
            return [key for keys in answers for key in keys]

    def _key_query(self, condition: Condition, fields: Sequence[str] = ()) -> dict[str, Any]:
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        expressions = {"KeyConditionExpression": condition.serialize(names, values)}
        if fields:
            expressions["ProjectionExpression"] = create_projection_expression(list(fields), names)
        return {
            "TableName": self.name,
            **expressions,
            "ExpressionAttributeNames": {placeholder: name for name, placeholder in names.items()},
            "ExpressionAttributeValues": values,
        }

    def request(self, pk: str, sk: str, key: str, condition: Condition | None = None, **parts: Any) -> dict[str, Any]:
        kwargs: dict[str, Any] = knowing(self.name).get_operation_kwargs(
            self.name, pk, range_key=sk, key=key, condition=condition, **parts
        )
        return kwargs


def look_up(wanted: Sequence[tuple[Table, tuple[str, str]]], *, consistent: bool = True) -> Iterator[tuple[Table, Row]]:
    """Rows of any tables by their keys, in no order; absent ones are simply missing. A hundred are one call; what was
    throttled is asked for again.
    """
    tables = {table.name: table for table, _ in wanted}
    left = [(table.name, {"pk": {"S": pk}, "sk": {"S": sk}}) for table, (pk, sk) in wanted]
    throttled = 0
    while left:
        asked: dict[str, Any] = {}
        for name, key in left[:_BATCH_GET_KEYS]:
            asked.setdefault(name, {"Keys": [], "ConsistentRead": consistent})["Keys"].append(key)
        answer = call("batch_get_item", {"RequestItems": asked})
        for name, items in answer["Responses"].items():
            yield from ((tables[name], from_wire(item)) for item in items)
        again = [(name, key) for name, keys in answer.get("UnprocessedKeys", {}).items() for key in keys["Keys"]]
        if again:
            throttled += 1
            if throttled == _BATCH_GET_ROUNDS:
                raise Unavailable
            time.sleep(min(0.4, 0.025 * 2**throttled))
        left = left[_BATCH_GET_KEYS:] + again


def transact(*writes: Write | Check) -> None:
    """All or none. Refused when any condition does not hold (its row is the first that stood in the way)."""
    items: list[dict[str, Any]] = []
    for write in writes:
        request = write.request()
        if write.condition is not None:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        items.append({_MEMBERS[type(write)]: request})
    try:
        call("transact_write_items", {"TransactItems": items})
    except ClientError as error:
        if error.response["Error"]["Code"] == _BUG:
            raise
        _judge(writes, error.response["CancellationReasons"], error)


def _judge(writes: Sequence[Write | Check], reasons: Sequence[Mapping[str, Any]], error: ClientError) -> None:
    failed = [
        (write, from_wire(reason.get("Item") or {}))
        for write, reason in zip(writes, reasons, strict=True)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    if not failed:
        raise Unavailable from error  # a clash with another transaction, or a throttle: nothing was written
    foreign = [row for write, row in failed if not write.stands_in(row)]
    if foreign or not _is_repeat(error):
        standing = [row for _, row in failed if row]
        raise Refused((foreign or [failed[0][1]])[0] or None, rows=standing) from error
    if all(isinstance(write, Delete) for write, _ in failed):
        raise Refused from error  # nothing there to delete: alone, that is no sign of an earlier attempt of ours


def call(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's own words, and our errors: Unavailable, Refused; what is our fault goes on as it is."""
    try:
        answer: dict[str, Any] = getattr(connection().client, operation)(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {_CANCELLED, _BUG}:
            raise
        if code == "ConditionalCheckFailedException":
            row = from_wire(error.response.get("Item") or {})
            raise Refused(row or None, is_repeat=_is_repeat(error)) from error
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    return answer


def _is_repeat(error: ClientError) -> bool:
    return bool(error.response["ResponseMetadata"].get("RetryAttempts"))
