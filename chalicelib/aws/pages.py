"""A query's answer read in one go: a send worker reads a page of it for every half thousand pushes.

botocore walks through each attribute of each row, 16 us a row; typed decoding gives the very same in a tenth of that.
"""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec

EVENT = "before-parse.dynamodb.Query"
_OK = 200


class Value(TypedDict, total=False):
    """One attribute, as DynamoDB spells it. Bytes are base64 on the wire, and bytes here."""

    S: str
    N: str
    B: bytes
    BOOL: bool
    NULL: bool
    M: dict[str, Value]
    L: list[Value]
    SS: list[str]
    NS: list[str]
    BS: list[bytes]


class Answer(TypedDict, total=False):
    Items: list[dict[str, Value]]
    Count: int
    ScannedCount: int
    LastEvaluatedKey: dict[str, Value]
    ConsumedCapacity: dict[str, Any]


_decode = msgspec.json.Decoder(Answer).decode


def read_at_once(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Leaves botocore nothing but the metadata; errors, and what cannot be read, are wholly its own."""
    if response_dict["status_code"] != _OK:
        return
    try:
        customized_response_dict.update(_decode(response_dict["body"]))
    except msgspec.MsgspecError:
        return
    response_dict["body"] = b"{}"
