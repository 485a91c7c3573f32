"""Docstrings of errors as public explanations."""

from __future__ import annotations

import pytest

from chalicelib.core.errors import Conflict, Invalid, OverLimit, PushError, Unauthenticated
from chalicelib.web.explain import STATUS_NAMES, explain, explanations
from chalicelib.web.problems import STATUS


class Full(Conflict):
    """What it means,
    on two lines.

    A second paragraph with `code`.

    When: Somebody does
    something.

    Do: This.

    Do: And that.

    Members:
    - first: one thing
      on two lines.
    - second: another
    """

    code = "full"
    title = "Full."


class Silent(Conflict):
    code = "silent"
    title = "Silent."


class Terse(Full):
    """Only what it means."""

    code = "terse"
    title = "Terse."


class Orphan(PushError):
    code = "orphan"
    title = "Orphan."


class Quota(OverLimit):
    """No units are left."""

    code = "quota"
    title = "Quota."


def test_a_whole_docstring_is_read() -> None:
    full = explain(Full)
    assert full.meaning == "What it means, on two lines.\n\nA second paragraph with `code`."
    assert full.when == "Somebody does something."
    assert full.do == "This.\n\nAnd that."
    assert full.members == {"first": "One thing on two lines.", "second": "Another."}
    assert (full.code, full.title, full.status, full.family) == ("full", "Full.", 409, "conflict")


def test_what_a_leaf_leaves_out_its_family_says() -> None:
    conflict, silent, terse = explain(Conflict), explain(Silent), explain(Terse)
    assert (silent.meaning, silent.when, silent.do) == (conflict.meaning, conflict.when, conflict.do)
    assert (terse.meaning, terse.when) == ("Only what it means.", "Somebody does something.")
    assert (terse.family, conflict.family) == ("full", None)
    assert explain(Orphan).meaning == ""


@pytest.mark.parametrize(
    ("kind", "headers"), [(Quota, {"Retry-After"}), (Unauthenticated, {"WWW-Authenticate"}), (Invalid, set())]
)
def test_headers_follow_from_the_family(kind: type[PushError], headers: set[str]) -> None:
    assert set(explain(kind).headers) == headers


def test_an_example_is_a_problem_document() -> None:
    assert explain(Full).example["type"] == "/problems/full"
    assert explain(Full).example["status"] == 409


def test_every_status_has_its_name() -> None:
    assert set(STATUS_NAMES) == set(STATUS.values())


def test_every_error_of_ours_is_explained_and_none_of_the_tests() -> None:
    known = explanations()
    assert {"not_found", "unreadable_body", "idempotency_in_progress", "tampered_secret"} <= set(known)
    assert not {"full", "silent", "orphan"} & set(known)
    for explanation in known.values():
        assert explanation.meaning, explanation.code
        assert explanation.when, explanation.code
        assert explanation.do, explanation.code
