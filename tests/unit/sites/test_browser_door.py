"""The door for browsers, by itself: which site a call speaks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.identity import Principal
from chalicelib.web.browser import site_of
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing, Query


def call(principal: Principal) -> Call[Nothing]:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Call(Nothing(), {}, Query(), at, "req_1", "203.0.113.7", {}, {}, principal)


def test_a_browsers_call_names_its_site() -> None:
    assert site_of(call(Principal("pk_1", "ten_1", frozenset(), site_id="site_1"))) == "site_1"


def test_no_other_caller_is_taken_for_a_browser() -> None:
    with pytest.raises(TypeError):
        site_of(call(Principal("usr_1", "ten_1", frozenset())))
