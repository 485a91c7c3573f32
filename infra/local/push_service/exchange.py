"""What passes between connections and the desk: a request, its answer, and how that shall be spoilt on its way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from infra.local.push_service.ledger import Record


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    authority: str
    path: str
    headers: Mapping[str, str]  # as headers_of makes them: names in lower case, repeated ones joined by ", "
    body: bytes  # its first KEPT_BODY_BYTES; body_size tells the whole
    body_size: int
    protocol: str


def headers_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Action(StrEnum):
    """What may happen to an answer, or instead of one."""

    SLOW = "slow"  # after delay_ms
    HANG = "hang"  # never
    RESET = "reset"  # TCP reset
    RESET_STREAM = "reset_stream"  # RST_STREAM INTERNAL_ERROR; HTTP/1.1: TCP reset
    REFUSE_STREAM = "refuse_stream"  # RST_STREAM REFUSED_STREAM; HTTP/1.1: TCP reset
    GOAWAY = "goaway"  # the connection says goodbye to this stream unprocessed; HTTP/1.1: closed without an answer
    GARBAGE = "garbage"  # bytes that are no HTTP, then the end
    LOSE_ANSWER = "lose_answer"  # accepted, then TCP reset
    TRUNCATE = "truncate"  # half of a body, then the stream is cut
    DRIP = "drip"  # a body byte by byte, delay_ms apart
    OVERSIZE = "oversize"  # a body of size_bytes
    BOMB = "bomb"  # a small body that unpacks to size_bytes


# Nothing was decided about the message when these strike, unless the rule brings its own answer.
UNANSWERED = frozenset(
    {Action.HANG, Action.RESET, Action.RESET_STREAM, Action.REFUSE_STREAM, Action.GOAWAY, Action.GARBAGE}
)

KEPT_BODY_BYTES = 262_144
DEFAULT_OVERSIZE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Spoiling:
    action: Action | None = None
    delay_seconds: float = 0.0
    size_bytes: int = DEFAULT_OVERSIZE_BYTES


UNSPOILT = Spoiling()


@dataclass(frozen=True, slots=True)
class Reply:
    answer: Answer | None
    record: Record | None = None
    spoiling: Spoiling = field(default=UNSPOILT)
