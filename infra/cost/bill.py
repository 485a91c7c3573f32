"""A bill: lines of a quantity each, at a list price. It adds up to what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.cost.prices import Price, prices


@dataclass(frozen=True)
class Line:
    item: str
    quantity: float
    price: Price

    @property
    def usd(self) -> float:
        return self.price.of(self.quantity)


@dataclass(frozen=True)
class Bill:
    title: str
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)

    def text(self) -> str:
        return "\n".join([self.title, *(_row(*cells) for cells in self._rows())])

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        yield "item", "quantity", "list price", "USD"
        for line in self.lines:
            yield line.item, f"{_amount(line.quantity)} {line.price.unit}", _rate(line.price), f"{line.usd:.4f}"
        yield "total", "", "", f"{self.usd:.4f}"


def line(item: str, quantity: float, price: str) -> Line:
    return Line(item, quantity, prices()[price])


_ROUND_FROM = 10
_SHORT = {1: "", 1_000: "k", 10_000: "10k", 100_000: "100k", 1_000_000: "M"}


def _amount(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= _ROUND_FROM else f"{quantity:,.3g}"


def _rate(price: Price) -> str:
    """`0.125 / M`, and the whole figure where it is a small one."""
    many = _SHORT[int(price.per)]
    return f"{price.usd:.10f}".rstrip("0").rstrip(".") + (f" / {many}" if many else "")


def _row(item: str, quantity: str, rate: str, usd: str) -> str:
    return f"  {item:<58} {quantity:>28} {rate:>14} {usd:>9}"
