"""The one way a command of ours ends early: with a line that says why, and a line that says what to do next."""

from __future__ import annotations

AGAIN = "Mend that and run the same command again: what is done already is not done twice."


class Halt(Exception):
    def __init__(self, reason: str, *, then: str = AGAIN) -> None:
        super().__init__(reason)
        self.then = then
