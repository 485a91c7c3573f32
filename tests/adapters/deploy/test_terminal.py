from __future__ import annotations

import io
import os
import pty
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest

from infra.deploy.terminal import Terminal
from tests.adapters.deploy.scene import halted


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """What a person types; standard input is the other end of a real terminal."""
    person, terminal = pty.openpty()
    with os.fdopen(terminal) as read, os.fdopen(person, "w") as typed:
        monkeypatch.setattr(sys, "stdin", read)
        yield typed


def test_yes_is_yes(typing: TextIO) -> None:
    print("yes", file=typing, flush=True)
    Terminal().agree("Really?")


@pytest.mark.parametrize("typed", ["no", "y", "", "yes please"])
def test_anything_else_changes_nothing(typing: TextIO, typed: str) -> None:
    print(typed, file=typing, flush=True)
    assert "Nothing was changed" in halted(Terminal().agree, "Really?").then


def test_a_closed_terminal_says_no(typing: TextIO) -> None:
    typing.write("\x04")
    typing.flush()
    halted(Terminal().agree, "Really?")


def test_what_yes_must_not_do_is_asked_by_name(typing: TextIO) -> None:
    print("yes", file=typing, flush=True)
    halted(Terminal(says_yes=True).agree_by_name, "Lose it?", "CoreTable", beforehand="", variable="REPLACE")
    print("CoreTable", file=typing, flush=True)
    Terminal().agree_by_name("Lose it?", "CoreTable", beforehand="", variable="REPLACE")


def test_where_nobody_types_it_must_have_been_said_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert "YES=1" in halted(Terminal().agree, "Really?").then
    Terminal(says_yes=True).agree("Really?")
    Terminal().agree_by_name("Lose it?", "CoreTable", beforehand="CoreTable", variable="REPLACE")


def test_a_log_is_no_person() -> None:
    assert not Terminal().is_read
