"""What the stand-in of AWS remembers, and how a command line is read. It can be kept as JSON between two processes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-central-1"


class Says(Exception):
    """An error as AWS makes it: code, then message."""


@dataclass
class State:
    """`ends`: how the next changes of stacks end, where not well. `gone`: what was deleted for good.

    `fault_of_change`: what CloudFormation has against every change set.
    """

    is_signed_in: bool = True
    region: str = REGION
    concurrency: int = 1_000
    rows: int = 0
    has_production_mail: bool = False
    endpoint: str = "https://api123.execute-api.eu-central-1.amazonaws.com/prod/"
    buckets: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    identities: list[str] = field(default_factory=list)
    ringing: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    stacks: dict[str, Any] = field(default_factory=dict)
    change_sets: dict[str, Any] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)
    fault_of_change: str = ""


@dataclass(frozen=True)
class Line:
    """`aws <service> <operation> words… --flag values…`"""

    service: str
    operation: str
    words: Sequence[str]
    flags: dict[str, list[str]]

    @classmethod
    def read(cls, line: Sequence[str]) -> Line:
        words: list[str] = []
        flags: dict[str, list[str]] = {}
        taking = words
        for word in line[2:]:
            if word.startswith("--"):
                taking = flags.setdefault(word[2:], [])
            else:
                taking.append(word)
        return cls(line[0], line[1], words, flags)

    def one(self, flag: str, default: str = "") -> str:
        return self.flags.get(flag, [default])[0]

    def json(self, flag: str) -> Any:
        """None when it is not said."""
        return json.loads(self.one(flag)) if flag in self.flags else None
