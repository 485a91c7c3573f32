"""What the floors may stand on: core on the standard library alone, the product on what Lambda has installed."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.architecture.rules.tree import PRODUCT, Source, imports, sources

_OWN = frozenset({"chalicelib"})
_GIVEN_BY_CHALICE = frozenset({"chalice"})  # Chalice puts its own runtime into the package


def impure_core(root: Path) -> list[str]:
    return [
        source.at(line, f"core stands on the standard library alone, not on {name}")
        for source in sources(root, "chalicelib/core")
        for line, name in imports(source)
        if not name.startswith("chalicelib.core") and _top(name) not in sys.stdlib_module_names
    ]


def unlocked_imports(root: Path) -> list[str]:
    """Third-party modules the product imports that requirements.txt would not install on Lambda."""
    locked = {
        _plain(name) for name in re.findall(r"^([\w.-]+)==", (root / "requirements.txt").read_text(), re.MULTILINE)
    }
    return [
        source.at(line, f"{name} is not in requirements.txt")
        for source in sources(root, *PRODUCT)
        for line, name in _foreign(source)
        if not {_plain(distribution) for distribution in _makers(_top(name))} & (locked | _GIVEN_BY_CHALICE)
    ]


def _foreign(source: Source) -> list[tuple[int, str]]:
    known = _OWN | sys.stdlib_module_names
    return [(line, name) for line, name in imports(source) if _top(name) not in known]


def _makers(module: str) -> list[str]:
    return _DISTRIBUTIONS.get(module, [module])


def _top(name: str) -> str:
    return name.partition(".")[0]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


_DISTRIBUTIONS = packages_distributions()
