"""Whole installations as they stood at rest, kept as files: written once by `python -m tests.adapters.golden`, and never
again. Secrets and data keys are a test's own, and no person in them is real.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.aws.dynamo import Table
from chalicelib.aws.values import Row
from tests.fakes.installation import Installation

FOLDER = Path(__file__).parent
_MOMENTARY = (
    "ATTEMPTS#",
    "BUCKET#",
)  # counters of minutes, which no later version reads: another form gets another key
TABLES = ("audit", "core", "due", "events", "idem", "sends", "subs")
_NAMES = (
    (re.compile(r"\b(blk|cmp|exp|job|key|ntf|run|ses|site|ten|usr|vap)_[0-9a-z]{26}"), r"<\1>"),
    (re.compile(r"\b[0-9a-hjkmnp-tv-z]{26}$"), "<ulid>"),
    (re.compile(r"\b(pk_|adr_)?[0-9a-f]{32,64}\b"), "<hex>"),
    (re.compile(r"^APIKEY#[0-9a-z]{8}$"), "APIKEY#<prefix>"),
    (re.compile(r"#[0-9a-f]{1,2}$"), "#<shard>"),
    (re.compile(r"[0-9]+"), "<n>"),
)

Kinds = Mapping[tuple[str, str, str], frozenset[str]]


@dataclass(frozen=True)
class Museum:
    """`facts` are what a visitor has to know to find anything: keys, ids, figures."""

    at: datetime
    facts: Mapping[str, Any]
    rows: Mapping[str, list[Row]]

    @classmethod
    def of(cls, installation: Installation, facts: Mapping[str, Any], *, at: datetime) -> Museum:
        found = {name: sorted(installation.rows(name), key=lambda row: (row["pk"], row["sk"])) for name in TABLES}
        found["idem"] = [row for row in found["idem"] if not row["pk"].startswith(_MOMENTARY)]
        return cls(at, facts, found)

    @classmethod
    def read(cls, path: Path) -> Museum:
        whole = json.loads(path.read_text(encoding="utf-8"), object_hook=_bytes)
        return cls(datetime.fromisoformat(whole["at"]), whole["facts"], whole["rows"])

    def text(self) -> str:
        whole = {"at": self.at.isoformat(), "facts": self.facts, "rows": self.rows}
        return json.dumps(whole, indent=1, ensure_ascii=False, default=lambda raw: {"hex": raw.hex()}) + "\n"

    def furnish(self) -> None:
        """Today's tables, with what stood in these."""
        for name, rows in self.rows.items():
            for row in rows:
                Table(name).put(row)

    def kinds(self) -> Kinds:
        """Which rows there are, whosever they are: table, keys without names, with the attributes each has."""
        found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for table, rows in self.rows.items():
            for row in rows:
                found[table, nameless(row["pk"]), nameless(row["sk"])] |= row.keys()
        return {kind: frozenset(names) for kind, names in found.items()}


def nameless(key: str) -> str:
    for names, kind in _NAMES:
        key = names.sub(kind, key)
    return key


def paths() -> list[Path]:
    return sorted(FOLDER.glob("museum-*.json"))


def _bytes(value: dict[str, Any]) -> Any:
    return bytes.fromhex(value["hex"]) if value.keys() == {"hex"} else value
