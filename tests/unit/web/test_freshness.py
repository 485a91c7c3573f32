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


@pytest.mark.parametrize(
    ("caller", "expected"), [("ada", 200), ("dan", 200), ("eli", 403), ("eli+0", 403), ("key", 403), ("operator", 404)]
)
def test_who_owes_a_second_factor_waits_outside_the_tenant(toy: Toy, caller: str, expected: int) -> None:
    """Dan has set one up since his token was issued, and need not wait for another."""
    reply = toy.call("GET", "/mine", as_=caller)
    assert reply.status == expected
    if caller.startswith("eli"):
        assert reply.json()["code"] == "second_factor_required"
        assert toy.call("GET", "/standing", as_=caller).json()["code"] == "second_factor_required"
        assert toy.calls == []


def test_what_is_their_own_is_open_to_them(toy: Toy) -> None:
    assert toy.call("GET", "/own", as_="eli").status == 200
    assert toy.call("GET", "/own/fresh", as_="eli+0").status == 200
    assert toy.call("GET", "/own/fresh", as_="eli").json()["code"] == "step_up_required"


@pytest.mark.parametrize(
    ("caller", "body", "expected"),
    [
        ("agent", '{"name":"x"}', 200),
        ("agent+0", '{"secure":true}', "forbidden"),
        ("agent+0", '{"name":"x","secure":false}', "forbidden"),
        ("ada", '{"name":"x","secure":null}', 200),
        ("ada", '{"secure":false}', "step_up_required"),
        ("ada+11", '{"secure":true}', "step_up_required"),
        ("ada+0", '{"secure":true}', 200),
        ("over+0", '{"secure":true}', "unauthenticated"),
        ("over+0", '{"name":"x"}', 200),
        ("ada+0", '{"secure":"yes"}', "invalid"),
    ],
)
def test_a_field_may_ask_for_more_than_its_endpoint(toy: Toy, caller: str, body: str, expected: int | str) -> None:
    reply = toy.call("PATCH", "/settings", as_=caller, body=body)
    assert (reply.json()["code"] if reply.status != 200 else 200) == expected
    assert len(toy.calls) == (expected == 200)
