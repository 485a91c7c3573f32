"""What a session was opened with, as its headers tell it: for its owner to know it by, and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core.locales import country_code

_LONGEST_AGENT = 200
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True)
class Device:
    user_agent: str = ""
    country: str = ""


UNKNOWN = Device()


def read_device(headers: Mapping[str, str], *, country_header: str) -> Device:
    """`headers` by their lower-case names. The country is told by a CDN in front; without one anybody could tell it."""
    user_agent = _UNPRINTABLE.sub(" ", headers.get("user-agent", "")).strip()[:_LONGEST_AGENT]
    country = headers.get(country_header.lower(), "") if country_header else ""
    return Device(user_agent, country_code(country) or "")
