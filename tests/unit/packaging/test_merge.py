from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.packaging.merge import join, lay
from infra.packaging.refusal import Refused

_TREES = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Ref", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)


def test_sections_of_both_stand_side_by_side() -> None:
    chalice = {"Transform": "T", "Resources": {"Send": {}}, "Outputs": {"Url": 1}}
    ours = {"Parameters": {"Prefix": 1}, "Resources": {"SendQueue": {}}}
    assert join(chalice, ours) == {
        "Transform": "T",
        "Resources": {"Send": {}, "SendQueue": {}},
        "Outputs": {"Url": 1},
        "Parameters": {"Prefix": 1},
    }


def test_a_resource_named_like_a_function_is_refused() -> None:
    with pytest.raises(Refused, match=r"^Resources: Send is defined twice$"):
        join({"Resources": {"Send": {}}}, {"Resources": {"Send": {}}})


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    below = {"Send": {"Type": "F", "Properties": {"Timeout": 60, "Memory": 512}}}
    assert lay(below, {"Send": {"Properties": {"Memory": 1024}}}) == {
        "Send": {"Type": "F", "Properties": {"Timeout": 60, "Memory": 1024}}
    }


@pytest.mark.parametrize(
    ("below", "patch"),
    [
        ([1, 2], [3]),
        ("arn:x", {"Fn::GetAtt": ["Role", "Arn"]}),
        ({"Fn::Sub": "arn:${AWS::Region}:audit"}, {"Fn::GetAtt": ["AuditQueue", "Arn"]}),
        ({"Ref": "One"}, {"a": 1}),
        ({"a": 1}, {"Ref": "One"}),
        ({"Ref": "One"}, {"Ref": "Other"}),
        ({"a": 1}, "text"),
    ],
)
def test_lists_texts_and_intrinsics_are_replaced_whole(below: Any, patch: Any) -> None:
    assert lay({"x": below}, {"x": patch}) == {"x": patch}


def test_a_resource_may_be_given_nothing_but_a_condition() -> None:
    assert lay({"Type": "T", "Properties": {}}, {"Condition": "HasDomain"}) == {
        "Type": "T",
        "Properties": {},
        "Condition": "HasDomain",
    }


@given(_TREES, _TREES)
def test_laying_changes_neither_side_and_twice_is_once(below: Any, patch: Any) -> None:
    before = copy.deepcopy((below, patch))
    once = lay(below, patch)
    assert lay(once, patch) == once
    assert (below, patch) == before
