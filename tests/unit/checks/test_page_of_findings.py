"""docs/check.md tells of every finding, in the order in which they come."""

from __future__ import annotations

import re
from pathlib import Path

from chalicelib.features.checks.model.finding import Subject

PAGE = Path(__file__).parents[3] / "docs" / "check.md"
DOCTOR = Path(__file__).parents[3] / "infra" / "local" / "console" / "static" / "doctor.js"


def test_the_table_has_a_line_for_each_finding() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE) == [each.value for each in Subject]


def test_the_doctor_has_a_title_for_each() -> None:
    titles = DOCTOR.read_text().partition("TITLES = {")[2].partition("}")[0]
    assert re.findall(r"^  (\w+):", titles, re.MULTILINE) == [each.value for each in Subject]
