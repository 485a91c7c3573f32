"""Conditions of a template, judged as CloudFormation does."""

from __future__ import annotations

from typing import Any

import pytest

from infra.packaging.conditions import Conditions

_IS_ON: dict[str, Any] = {"Fn::Equals": [{"Ref": "Switch"}, "on"]}
_TEMPLATE: dict[str, Any] = {
    "Parameters": {"Switch": {"Default": "off"}, "Count": {"Type": "Number", "Default": 3}, "Name": {}},
    "Conditions": {
        "IsOn": _IS_ON,
        "IsOff": {"Fn::Not": [{"Condition": "IsOn"}]},
        "HasThree": {"Fn::Equals": ["3", {"Ref": "Count"}]},
        "Both": {"Fn::And": [{"Condition": "IsOn"}, {"Condition": "HasThree"}]},
        "Either": {"Fn::Or": [{"Condition": "IsOn"}, {"Condition": "HasThree"}]},
        "Odd": {"Fn::Contains": [["a"], "a"]},
        "IsNamed": {"Fn::Equals": [{"Ref": "Name"}, "x"]},
    },
    "Resources": {"Always": {}, "Lit": {"Condition": "IsOn"}, "Dark": {"Condition": "IsOff"}},
}


@pytest.mark.parametrize(
    ("parameters", "holding"),
    [
        ({}, {"IsOff", "HasThree", "Either"}),
        ({"Switch": "on"}, {"IsOn", "HasThree", "Both", "Either"}),
        ({"Switch": "on", "Count": "4"}, {"IsOn", "Either"}),
        ({"Count": "4"}, {"IsOff"}),
    ],
)
def test_they_hold_as_the_parameters_say(parameters: dict[str, str], holding: set[str]) -> None:
    judged = Conditions(_TEMPLATE, parameters)
    names = ("IsOn", "IsOff", "HasThree", "Both", "Either")
    assert {name for name in names if judged.hold(name)} == holding


def test_a_resource_stands_when_its_condition_holds() -> None:
    assert Conditions(_TEMPLATE).standing().keys() == {"Always", "Dark"}
    assert Conditions(_TEMPLATE, {"Switch": "on"}).standing().keys() == {"Always", "Lit"}


def test_what_is_not_understood_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="Fn::Contains"):
        Conditions(_TEMPLATE).hold("Odd")
    with pytest.raises(KeyError):
        Conditions(_TEMPLATE).hold("Unknown")
    with pytest.raises(KeyError):
        Conditions(_TEMPLATE).hold("IsNamed")  # nobody says it, and it has no default
