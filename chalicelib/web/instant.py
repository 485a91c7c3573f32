"""A time in a body: ISO 8601 with its offset, told in UTC from there on. Nothing else that could pass for one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from chalicelib.core.clock import in_whole_milliseconds

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,6})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


def _spelled(said: object) -> object:
    """A bare number in quotes is a time to pydantic; to us it is a mistake."""
    if not isinstance(said, str):
        return said
    if not _ISO.fullmatch(said):
        raise ValueError("must be a time as ISO 8601 has it, with its offset: 2030-01-31T09:00:00Z")
    return datetime.fromisoformat(said)


def _in_utc(at: datetime) -> datetime:
    try:
        return in_whole_milliseconds(at.astimezone(UTC))
    except OverflowError:
        raise ValueError("must be a time that a calendar knows") from None


Instant = Annotated[AwareDatetime, BeforeValidator(_spelled), AfterValidator(_in_utc)]
