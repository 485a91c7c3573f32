"""How push services answer, as far as it matters for the bill: how late, and how often never."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from infra.cost import assumptions as assumed


@dataclass(frozen=True)
class Mix:
    """`quantiles` are (share of answers, seconds until then), from 0 to 1; straight lines between them."""

    quantiles: tuple[tuple[float, float], ...] = assumed.PUSH_SECONDS
    hang_share: float = assumed.HANG_SHARE
    gone_share: float = assumed.GONE_SHARE
    hangs_again: bool = False  # whether who hung once hangs at every further try

    def seconds(self, lot: float) -> float:
        """For a lot in [0, 1)."""
        for (low, least), (high, most) in pairwise(self.quantiles):
            if lot <= high:
                return least + (most - least) * (lot - low) / (high - low)
        return self.quantiles[-1][1]
