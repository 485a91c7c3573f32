from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.core.errors import Conflict, PushError
from tests.architecture.planting import plant
from tests.architecture.rules import errors
from tests.architecture.rules.tree import ROOT


class Fine(PushError):
    code = "fine"
    title = "All is well."


class SameCode(Conflict):
    code = "fine"
    title = "Another."


class NoCode(Conflict):
    title = "It would answer as its family."


class OddCode(Conflict):
    code = "Odd-Code"
    title = "Odd."


class NoTitle(Conflict):
    code = "no_title"


def test_every_error_has_a_code_and_a_title_of_its_own() -> None:
    assert len(errors.leaves()) > 10
    assert list(errors.nameless(errors.leaves())) == []


def test_every_error_has_its_page() -> None:
    assert list(errors.pageless(errors.leaves(), ROOT / "docs" / "problems")) == []


def test_a_shared_code_is_caught_on_both() -> None:
    found = list(errors.nameless([Fine, SameCode]))
    assert [finding.split(" shares ")[0].rsplit(".", 1)[1] for finding in found] == ["Fine", "SameCode"]


@pytest.mark.parametrize("error", [NoCode, OddCode, NoTitle])
def test_an_error_that_does_not_name_itself_is_caught(error: type[PushError]) -> None:
    assert len(list(errors.nameless([error]))) == 1


def test_a_missing_page_and_one_for_nothing_are_caught(tmp_path: Path) -> None:
    plant(tmp_path, **{"problems/index.md": "", "problems/gone.md": ""})
    assert list(errors.pageless([Fine], tmp_path / "problems")) == [
        "docs/problems/fine.md is missing: run `make docs`",
        "docs/problems/gone.md explains an error that nobody raises",
    ]
