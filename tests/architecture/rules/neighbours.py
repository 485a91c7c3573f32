"""Who may touch what of a slice. A neighbour comes in through `service` or `model`, or from wiring to wiring; stores and
adapters are known to their own wiring only. Tiers and floors are import-linter's, in pyproject.toml.
"""

from __future__ import annotations

from pathlib import Path

from tests.architecture.rules.tree import imports, sources

_FEATURES = "chalicelib.features."
_OPEN = frozenset({"service", "model"})
_INNER = frozenset({"store", "adapters"})
_OF_THE_APP = frozenset({"api", "worker", "wiring"})


def trespassers(root: Path) -> list[str]:
    found = []
    for source in sources(root, "app.py", "chalicelib"):
        own, own_room = _place(source.module)
        for line, name in imports(source):
            slice_name, room = _place(name)
            if slice_name and not _may_enter(own, own_room, slice_name, room):
                found.append(source.at(line, f"{own or source.module}.{own_room or '-'} may not import {name}"))
    return found


def _place(module: str) -> tuple[str, str]:
    """Slice and room of a module; both empty outside the features."""
    if not module.startswith(_FEATURES):
        return "", ""
    slice_name, _, rest = module.removeprefix(_FEATURES).partition(".")
    return slice_name, rest.partition(".")[0]


def _may_enter(own: str, own_room: str, slice_name: str, room: str) -> bool:
    if own == slice_name:
        return room not in _INNER or own_room in _INNER | {"wiring"}
    if not own:
        return room in _OF_THE_APP
    return room in _OPEN or room == own_room == "wiring"
