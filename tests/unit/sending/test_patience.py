"""A store that stumbles is asked again; one that lies down is not, and no other error is swallowed."""

from __future__ import annotations

import pytest

from chalicelib.core import drive
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.features.sending.service.patience import patiently


class Moody:
    def __init__(self, *moods: Exception) -> None:
        self.moods = list(moods)
        self.asked = 0

    async def ask(self, *words: str, **more: str) -> tuple[tuple[str, ...], dict[str, str]]:
        self.asked += 1
        if self.moods:
            raise self.moods.pop(0)
        return words, more


@pytest.mark.parametrize("stumbles", [0, 1, 4])
def test_up_to_five_times(stumbles: int) -> None:
    store = Moody(*[Unavailable()] * stumbles)
    assert drive.run(patiently(store.ask, "a", b="c")) == (("a",), {"b": "c"})
    assert store.asked == stumbles + 1


def test_not_a_sixth_time() -> None:
    store = Moody(*[Unavailable()] * 5)
    with pytest.raises(Unavailable):
        drive.run(patiently(store.ask))
    assert store.asked == 5


def test_only_for_what_may_pass() -> None:
    store = Moody(NotFound())
    with pytest.raises(NotFound):
        drive.run(patiently(store.ask))
    assert store.asked == 1
