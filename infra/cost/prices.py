"""What AWS asks for, from prices.yaml. Everything that is printed as dollars has gone through a Price."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import yaml

PRICES = Path(__file__).with_name("prices.yaml")


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`usd` for every `per` units; `source` is the page of AWS that says so."""

    usd: float
    per: float
    unit: str
    source: str
    checked_on: date

    def of(self, quantity: float) -> float:
        return quantity * self.usd / self.per


@cache
def prices() -> dict[str, Price]:
    return msgspec.convert(yaml.safe_load(PRICES.read_text()), dict[str, Price])
