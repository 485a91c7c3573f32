"""A signed answer is read as it was said, whichever part of it is signed; `make fuzz` spoils the same ones."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import saml_answer
from tests.fuzz.targets.saml_answer import EXPECTED, GENUINE, IDP, TRUTHS


@pytest.mark.parametrize("name", GENUINE)
def test_it_is_read_as_it_was_said(name: str) -> None:
    said = TRUTHS[GENUINE[name]]
    assert (said.subject, said.in_response_to, said.issuer) == ("id-of-grace", "_request", IDP.entity_id)
    assert said.attributes["groups"] == ["readers", "writers"]
    assert said.authenticated_at == EXPECTED.now


def test_nothing_of_ours_is_nearly_right() -> None:
    """Whatever is wrapped differs from what was signed, so that reading it is a finding."""
    assert len(saml_answer.WRAPPED) == 16
    assert not set(saml_answer.WRAPPED) & set(TRUTHS)
