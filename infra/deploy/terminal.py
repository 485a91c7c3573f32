"""Whoever runs the command: told what happens, and asked before anything that cannot be taken back."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from infra.deploy.halt import Halt

DECLINED = "Nothing was changed. Run the command again when you want it."
_YES = "YES=1"


@dataclass(frozen=True)
class Terminal:
    """`says_yes`: the answer was given beforehand (YES=1)."""

    says_yes: bool = False

    @property
    def is_read(self) -> bool:
        """By a person, rather than by a log that others read."""
        return sys.stdout.isatty()

    def say(self, *lines: str) -> None:
        print(*lines, sep="\n", flush=True)

    def agree(self, question: str, *, declined: str = DECLINED) -> None:
        """`declined` tells what is there all the same, if anything is."""
        if not self.says_yes:
            self._must_answer(question, "yes", beforehand=_YES, declined=declined)

    def agree_by_name(
        self, question: str, name: str, *, beforehand: str, variable: str, declined: str = DECLINED
    ) -> None:
        """For what a plain yes must not do: its name is typed, or was given beforehand in a variable of its own."""
        if beforehand != name:
            self._must_answer(question, name, beforehand=f"{variable}={name}", declined=declined)

    def _must_answer(self, question: str, word: str, *, beforehand: str, declined: str) -> None:
        if not sys.stdin.isatty():
            raise Halt(f"{question} Nobody is here to answer.", then=f"Say it beforehand: {beforehand}")
        try:
            answer = input(f"{question} Type {word}: ")
        except EOFError:
            answer = ""
        if answer.strip() != word:
            raise Halt(f"You did not type {word}.", then=declined)
