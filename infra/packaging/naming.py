"""One name in its three spellings: `SendSmall` in templates, `send_small` in code and files, `send-small` in AWS."""

from __future__ import annotations

import re

_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(logical_id: str) -> str:
    return _SEAM.sub("_", logical_id).lower()


def kebab(logical_id: str) -> str:
    return _SEAM.sub("-", logical_id).lower()
