"""What the parent of `make run` makes of a child that ends by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from infra.local.supervisor import Ended, follow


class Child:
    """Ends with the next of these codes at every start."""

    def __init__(self, codes: Sequence[int | None], *, comes_up: bool) -> None:
        self._codes = iter(codes)
        self._code = next(self._codes)
        self._comes_up = comes_up

    def exit_code(self) -> int | None:
        return self._code

    def has_been_up(self) -> bool:
        return self._comes_up

    def start_again(self) -> None:
        self._code = next(self._codes)


def quiet_then(*changes: bool) -> Iterator[bool]:
    yield from (False, False, *changes)


@pytest.mark.parametrize(("code", "how"), [(-9, "was killed by signal 9"), (3, "ended by itself with 3")])
def test_a_child_that_ends_ends_everything_and_is_told_once(
    code: int, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(Child([code], comes_up=True), quiet_then(False)) is Ended.BADLY
    said = capsys.readouterr().out
    assert said.count(how) == 1
    assert "when the code changes" not in said


def test_a_child_that_was_asked_to_end_ends_in_peace(capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(Child([0], comes_up=True), quiet_then()) is Ended.WELL
    assert capsys.readouterr().out == ""


def test_a_change_that_breaks_the_child_waits_for_its_mend(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child([None, 1, None], comes_up=False)
    assert follow(child, quiet_then(True, False, False, False, True, False)) is Ended.WELL
    assert child.exit_code() is None
    assert capsys.readouterr().out.count("It starts again when the code changes.") == 1


def test_a_child_that_had_come_up_after_a_change_ends_everything() -> None:
    assert follow(Child([None, -9], comes_up=True), quiet_then(True, False)) is Ended.BADLY
