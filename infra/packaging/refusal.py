"""Why there is no package: raised by every step, printed as one line by `infra/package.py`."""

from __future__ import annotations


class Refused(Exception):
    """The message says what is wrong and where; it is for the person who ran the command."""
