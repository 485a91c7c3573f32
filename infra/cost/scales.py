"""What one call of DynamoDB weighs and costs: the items it touched, looked up where they stand, by `dynamo_units`.

Answers alone do not say: a projection hides what was read, and a write is charged for what stood there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.cost.dynamo_units import Item, item_bytes, read_units, write_units

Params = Mapping[str, Any]
Place = tuple[str, tuple[str, str]]  # a table's name and the key of an item in it

_KEY = ("pk", "sk")
_PROJECTION = "ProjectionExpression"


@dataclass(frozen=True)
class Weight:
    reads: float = 0.0
    writes: float = 0.0
    rows: int = 0
    row_bytes: int = 0


NOTHING = Weight()


class Scales:
    """`client` is one whose calls nobody counts."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def before(self, operation: str, params: Params) -> dict[Place, int]:
        """Bytes of what a write is about to change."""
        return {place: self._bytes_at(place) for place in _written(operation, params)}

    def weigh(self, operation: str, params: Params, answer: Params, before: Mapping[Place, int]) -> Weight:
        match operation:
            case "GetItem":
                return _read([answer.get("Item") or {}], consistent=bool(params.get("ConsistentRead")))
            case "BatchGetItem":
                return _picked(params, answer)
            case "Query":
                return self._queried(params, answer)
        together = operation == "TransactWriteItems"
        units = [write_units(size, self._bytes_at(place), in_transaction=together) for place, size in before.items()]
        return Weight(writes=sum(units))

    def _queried(self, params: Params, answer: Params) -> Weight:
        """A projection changes what is answered, not what is read: ask again for all of it."""
        if _PROJECTION in params:
            answer = self._client.query(**_unprojected(params))
        sizes = [item_bytes(item) for item in answer.get("Items", [])]
        units = read_units(sum(sizes), consistent=bool(params.get("ConsistentRead")))
        return Weight(reads=units, rows=len(sizes), row_bytes=sum(sizes))

    def _bytes_at(self, place: Place) -> int:
        table, key = place
        named = {name: {"S": value} for name, value in zip(_KEY, key, strict=True)}
        answer = self._client.get_item(TableName=table, Key=named, ConsistentRead=True)
        return item_bytes(answer.get("Item", {}))


def _read(items: list[Item], *, consistent: bool) -> Weight:
    sizes = [item_bytes(item) for item in items]
    units = sum(read_units(size, consistent=consistent) for size in sizes)
    return Weight(reads=units, rows=sum(map(bool, sizes)), row_bytes=sum(sizes))


def _picked(params: Params, answer: Params) -> Weight:
    """Each item is rounded by itself, and one that is not there is charged as the smallest."""
    found = answer.get("Responses", {})
    tables = [_picked_of(asked, found.get(table, [])) for table, asked in params["RequestItems"].items()]
    return Weight(
        reads=sum(each.reads for each in tables),
        rows=sum(each.rows for each in tables),
        row_bytes=sum(each.row_bytes for each in tables),
    )


def _picked_of(asked: Params, found: list[Item]) -> Weight:
    absent: list[Item] = [{}] * (len(asked["Keys"]) - len(found))
    return _read([*found, *absent], consistent=bool(asked.get("ConsistentRead")))


def _written(operation: str, params: Params) -> Iterator[Place]:
    match operation:
        case "PutItem":
            yield _place(params, params["Item"])
        case "UpdateItem" | "DeleteItem":
            yield _place(params, params["Key"])
        case "TransactWriteItems":
            for (write,) in (entry.values() for entry in params["TransactItems"]):
                yield _place(write, write.get("Item") or write["Key"])


def _place(params: Params, item: Item) -> Place:
    pk, sk = (item[name]["S"] for name in _KEY)
    return params["TableName"], (pk, sk)


def _unprojected(params: Params) -> Params:
    """Without the names that only the projection used: DynamoDB refuses idle ones."""
    kept = {name: value for name, value in params.items() if name != _PROJECTION}
    condition = params["KeyConditionExpression"]
    names = params.get("ExpressionAttributeNames", {})
    return kept | {"ExpressionAttributeNames": {short: name for short, name in names.items() if short in condition}}
