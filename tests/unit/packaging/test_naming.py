from __future__ import annotations

import pytest

from infra.packaging.naming import kebab, snake


@pytest.mark.parametrize(
    ("logical_id", "in_code", "on_aws"),
    [
        ("Tick", "tick", "tick"),
        ("SendSmall", "send_small", "send-small"),
        ("APIHandler", "api_handler", "api-handler"),
        ("RestAPI", "rest_api", "rest-api"),
    ],
)
def test_a_name_has_three_spellings(logical_id: str, in_code: str, on_aws: str) -> None:
    assert snake(logical_id) == in_code
    assert kebab(logical_id) == on_aws
