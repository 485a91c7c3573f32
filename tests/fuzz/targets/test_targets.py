"""Each target with few examples, as `make fuzz` tries them with many; and each catches readers that are broken."""

from __future__ import annotations

import pytest
from hypothesis import Phase

from tests.fuzz.targets.broken import BROKEN
from tests.fuzz.targets.registry import TARGETS

FEW = 150
CAUGHT = (AssertionError, ValueError, TypeError, SyntaxError, ExceptionGroup)
ENOUGH = 2_000  # the first that breaks ends it


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_is_brought_breaks_a_reader(name: str) -> None:
    assert TARGETS[name]().attack(FEW) >= FEW


def test_every_target_has_broken_readers() -> None:
    assert set(BROKEN) == set(TARGETS)


@pytest.mark.parametrize(("name", "mistake"), [(name, mistake) for name in BROKEN for mistake in BROKEN[name]])
def test_a_broken_reader_is_caught(name: str, mistake: str) -> None:
    with pytest.raises(CAUGHT):
        BROKEN[name][mistake].attack(ENOUGH, phases=[Phase.generate])
