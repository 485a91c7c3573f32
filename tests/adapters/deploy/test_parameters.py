from __future__ import annotations

from typing import Any

import pytest

from infra.deploy.parameters import chosen
from tests.adapters.deploy.scene import halted

_TEMPLATE: dict[str, Any] = {"Parameters": {"A": {"Default": "1"}, "B": {}, "C": {"Default": ""}}}


@pytest.mark.parametrize(
    ("asked", "standing", "sent"),
    [
        ({"B": "2"}, {}, [{"ParameterKey": "B", "ParameterValue": "2"}]),
        ({"B": ""}, {}, [{"ParameterKey": "B", "ParameterValue": ""}]),
        ({"B": "2"}, {"B": "9"}, [{"ParameterKey": "B", "ParameterValue": "2"}]),
        ({}, {"B": "9"}, [{"ParameterKey": "B", "UsePreviousValue": True}]),
        ({"B": "2", "Unknown": "x"}, {"Old": "y"}, [{"ParameterKey": "B", "ParameterValue": "2"}]),
        (
            {"A": "3"},
            {"B": "9", "C": "8"},
            [
                {"ParameterKey": "A", "ParameterValue": "3"},
                {"ParameterKey": "B", "UsePreviousValue": True},
                {"ParameterKey": "C", "UsePreviousValue": True},
            ],
        ),
    ],
)
def test_what_is_asked_goes_before_what_stands(
    asked: dict[str, str], standing: dict[str, str], sent: list[Any]
) -> None:
    assert chosen(_TEMPLATE, asked=asked, standing=standing) == sent


def test_what_nobody_says_stops_it_by_name() -> None:
    assert "asks for B" in str(halted(chosen, _TEMPLATE, asked={"A": "1"}, standing={}))
    assert chosen({}, asked={"A": "1"}, standing={}) == []
