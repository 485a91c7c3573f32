"""Puts back the rows a failed transaction touched. For `moto_patch.py`: stock moto restores copies of whole tables."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamShard, Table


class Undo:
    """What stood where a transaction will write, and how long each stream was."""

    def __init__(self, backend: DynamoDBBackend, operations: list[dict[str, Any]]) -> None:
        self._rows: list[tuple[Table, DynamoType, DynamoType, Item | None]] = []
        self._streams: dict[StreamShard, int] = {}
        for operation in operations:
            for body in operation.values():
                self._note(backend.tables.get(body.get("TableName")), body.get("Item") or body.get("Key") or {})

    def _note(self, table: Any, row: Mapping[Any, Any]) -> None:
        if table is None or table.hash_key_attr not in row or table.range_key_attr not in row:
            return  # the stock method refuses it
        hash_key, range_key = DynamoType(row[table.hash_key_attr]), DynamoType(row[table.range_key_attr])
        stood = table.items[hash_key].get(range_key) if hash_key in table.items else None
        self._rows.append((table, hash_key, range_key, copy.deepcopy(stood)))
        if table.stream_shard is not None:
            self._streams[table.stream_shard] = len(table.stream_shard.items)

    def restore(self) -> None:
        for table, hash_key, range_key, stood in self._rows:
            table.items[hash_key].pop(range_key, None)
            if stood is not None:
                table.items[hash_key][range_key] = stood
        for shard, length in self._streams.items():
            del shard.items[length:]
