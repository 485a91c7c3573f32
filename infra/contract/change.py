"""What a comparison of two contracts finds. Its sentence is also how an intended break is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Change:
    """Breaking: a client that was right before may be wrong now."""

    where: str
    what: str
    is_breaking: bool

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def always(_name: str) -> bool:
    return True


def never(_name: str) -> bool:
    return False


def gone_and_new(
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    prefix: str = "",
    *,
    gone_breaks: Callable[[str], bool] = always,
    new_breaks: Callable[[str], bool] = never,
) -> Iterator[Change]:
    """What one of the two has and the other has not."""
    yield from (Change(prefix + name, "is gone", gone_breaks(name)) for name in olds.keys() - news.keys())
    yield from (Change(prefix + name, "is new", new_breaks(name)) for name in news.keys() - olds.keys())


def listed(values: Iterable[object]) -> str:
    """Values in a sentence, in an order that does not change."""
    return ", ".join(sorted(str(value) for value in values))
