"""The one connection of a process to DynamoDB. Only `aws/dynamo.py` speaks over it."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

from botocore.session import Session
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable

from chalicelib.aws import clients

_CONNECT_SECONDS = 1.0
_READ_SECONDS = 3.0
_ATTEMPTS = 3


class _Connection(Connection):
    """pynamodb's, on the session of all other clients."""

    @property
    def session(self) -> Session:
        return clients.session()


@cache
def connection() -> Connection:
    made = _Connection(
        connect_timeout_seconds=_CONNECT_SECONDS,
        read_timeout_seconds=_READ_SECONDS,
        max_retry_attempts=_ATTEMPTS,
        max_pool_connections=32,
    )
    with clients.making:
        _ = made.client  # made when it is first asked for
    return made


def knowing(table: str) -> Connection:
    """Every table has the same two keys, so nobody needs to ask DynamoDB for them."""
    made = connection()
    if table not in made._tables:  # noqa: SLF001 -- pynamodb offers no other way to look
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        described = {
            "TableName": table,
            "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        }
        with suppress(ValueError):  # another thread was first
            made.add_meta_table(MetaTable(described))
    return made
