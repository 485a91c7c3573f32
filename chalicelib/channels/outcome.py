"""What became of one attempt to reach one browser. A refusal is a value here, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    ACCEPTED = "accepted"  # by the push service; nobody can promise more
    GONE = "gone"  # this subscription has ended
    FAILED = "failed"  # this message will not get there
    LATER = "later"  # the service asks us to wait
    UNREACHED = "unreached"  # the request did not leave in one piece: certainly not delivered
    UNKNOWN = "unknown"  # sent, but the answer was lost


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` is a stable word for the ledger; `retry_after_seconds` is the service's own wish."""

    verdict: Verdict
    reason: str = ""
    retry_after_seconds: float | None = None


ACCEPTED = Outcome(Verdict.ACCEPTED)
