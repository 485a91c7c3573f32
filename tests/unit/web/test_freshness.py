"""The HTTP door where a token is not enough: its session must stand, or the password must have been given just now."""

from __future__ import annotations

import pytest

from tests.fakes.clock import ManualClock
from tests.unit.web.toy_app import Toy


@pytest.mark.parametrize(
    ("caller", "expected"),
    [("ada+0", 200), ("ada+10", 200), ("ada+10.001", 403), ("ada", 403), ("over+0", 401), ("key", 403)],
)
def test_what_is_dangerous_asks_for_a_recent_password(toy: Toy, clock: ManualClock, caller: str, expected: int) -> None:
    reply = toy.call("GET", "/fresh", as_=caller)
    assert reply.status == expected
    if caller.startswith("ada") and expected == 403:
        assert reply.json()["code"] == "step_up_required"


@pytest.mark.parametrize(("caller", "expected"), [("ada", 200), ("key", 200), ("over", 401), ("agent", 403)])
def test_where_a_token_is_not_enough_its_session_is_asked_for(toy: Toy, caller: str, expected: int) -> None:
    assert toy.call("GET", "/standing", as_=caller).status == expected
    assert toy.call("GET", "/mine", as_="over").status == 200  # elsewhere the token is believed
