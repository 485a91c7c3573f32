"""The locks: every version pinned and hashed, the smaller inside the larger, no address of any registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

LOCKS = ("requirements.txt", "requirements-run.txt", "requirements-dev.txt")
BESIDE = ("requirements-checkov.txt",)  # an environment of its own: nothing in it has to agree with ours
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)((?:.*\\\n)*.*)", re.MULTILINE)
_ADDRESS = re.compile(r"://|--(extra-)?index-url|--find-links")


def loose_locks(root: Path) -> Iterator[str]:
    for lock in (*LOCKS, *(name for name in BESIDE if (root / name).exists())):
        text = (root / lock).read_text()
        names = re.findall(r"^[A-Za-z0-9].*", text, re.MULTILINE)
        pins = _PIN.findall(text)
        if len(names) != len(pins):
            yield f"{lock}: a requirement is not pinned with =="
        yield from (f"{lock}: {name} has no hash" for name, _, rest in pins if "--hash=sha256:" not in rest)
        if _ADDRESS.search(text):
            yield f"{lock}: names a registry; where packages come from is the machine's business"


def diverging_locks(root: Path) -> Iterator[str]:
    """What runs on Lambda runs locally; what runs locally is what is tested."""
    for smaller, larger in pairwise(LOCKS):
        missing = _pins(root / smaller) - _pins(root / larger)
        yield from (f"{smaller} has {name} {version}, {larger} has not" for name, version in sorted(missing))


def _pins(lock: Path) -> set[tuple[str, str]]:
    return {(name, version) for name, version, _ in _PIN.findall(lock.read_text())}
