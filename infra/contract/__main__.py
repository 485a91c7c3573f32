"""`make openapi-diff`: what the routes say now, compared with the contract that is committed at BASE (default: HEAD).

Ends with 1 when a change breaks clients, unless docs/breaking.md names it: an intended break is one line there, the
sentence that is printed here, in the commit that makes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.contract.operations import compare
from infra.local.aws import environment

ROOT = Path(__file__).parents[2]
COMMITTED = "docs/openapi.json"
ACCEPTED = Path("docs/breaking.md")


class UnknownCommit(Exception):
    """There is no such commit."""


def main(base: str, *, root: Path = ROOT) -> int:
    before = committed(base, root)
    if before is None:
        print(f"{base} has no {COMMITTED} yet: there is nothing to compare with")
        return 0
    return report(before, _now(), accepted=intended(root), base=base)


def report(before: Mapping[str, Any], after: Mapping[str, Any], *, accepted: set[str], base: str) -> int:
    counts = {"breaking": 0, "accepted": 0, "additive": 0}
    for change in compare(before, after):
        kind = "additive" if not change.is_breaking else "accepted" if str(change) in accepted else "breaking"
        counts[kind] += 1
        print(f"{kind:<9} {change}")
    if counts["breaking"]:
        print(f"\nIf a break is intended, add its sentence to {ACCEPTED} as a line that starts with `- `.")
    print("CONTRACT " + json.dumps({"base": base, **counts}))
    return 1 if counts["breaking"] else 0


def committed(base: str, root: Path) -> dict[str, Any] | None:
    if _git(root, "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}") is None:
        raise UnknownCommit(f"git knows no commit {base!r}")
    text = _git(root, "show", f"{base}:{COMMITTED}")
    return None if text is None else json.loads(text)


def intended(root: Path) -> set[str]:
    """The lists of docs/breaking.md; what else is there is for people."""
    page = root / ACCEPTED
    lines = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    return {line.removeprefix("- ").strip() for line in lines if line.startswith("- ")}


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _now() -> dict[str, Any]:
    os.environ.update(environment())  # noqa: TID251 -- an entry point: nothing of the product is imported yet
    from infra.contract.current import contract

    return contract()


if __name__ == "__main__":
    try:
        sys.exit(main(os.environ.get("BASE") or "HEAD"))  # noqa: TID251 -- how make hands its variables over
    except UnknownCommit as unknown:
        sys.exit(str(unknown))
