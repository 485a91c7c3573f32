"""How templates become one. `join` is for equals, who may not contradict each other; `lay` puts a patch on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.packaging.refusal import Refused

Template = dict[str, Any]


def join(*templates: Mapping[str, Any]) -> Template:
    """The sections of all of them. A name that two define is an error: one would silently vanish into the other."""
    joined: Template = {}
    for template in templates:
        for section, content in template.items():
            joined[section] = _united(section, joined.get(section, {}), content) if _is_open(content) else content
    return joined


def lay(below: Any, patch: Any) -> Any:
    """Mappings merge, everything else is replaced: lists, and intrinsics on either side, because two keys of
    `{"Ref": …}` and `{"Fn::Sub": …}` side by side mean nothing.
    """
    if not (_is_open(below) and _is_open(patch)):
        return patch
    return below | {key: lay(below[key], value) if key in below else value for key, value in patch.items()}


def _united(section: str, ours: Template, theirs: Template) -> Template:
    if shared := sorted(ours.keys() & theirs.keys()):
        raise Refused(f"{section}: {', '.join(shared)} is defined twice")
    return ours | theirs


def _is_open(value: object) -> bool:
    """`{"Condition": …}` counts as a mapping: a resource's patch may consist of it, and merging does no harm to it."""
    return isinstance(value, dict) and not any(key == "Ref" or key.startswith("Fn::") for key in value)
