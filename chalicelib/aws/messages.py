"""What every queue message starts with. Apart from the sending of them, so that a model may name its message."""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A class whose format changes raises the default of `v`; readers know it and the one before."""

    v: int = 1
