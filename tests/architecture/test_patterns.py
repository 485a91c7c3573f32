"""Regular expressions take as long as their text is (SECURITY 21): proven of each, not measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules.ambiguity import faults
from tests.architecture.rules.patterns import patterns, slow_patterns
from tests.architecture.rules.tree import ROOT

HARMLESS = {
    "chalicelib/web/endpoint.py": "reads our docstrings",
    "chalicelib/web/explain.py": "reads our docstrings",
    "chalicelib/web/pages/html.py": "reads the texts of our own pages, once for each",
    "chalicelib/web/pages/paint.py": "reads the examples of our own contract, once for each",
}


def test_every_pattern_is_linear() -> None:
    assert slow_patterns(ROOT, harmless=HARMLESS) == []


def test_there_are_many_and_none_is_overlooked() -> None:
    found = list(patterns(ROOT))
    written = sum(text.count("re.compile(") + text.count("pattern=") for text in _sources())
    assert len(found) >= written > 40
    assert all(each.text is not None for each in found)


def _sources() -> list[str]:
    return [path.read_text() for path in (ROOT / "chalicelib").rglob("*.py")]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+",
        r"(a*)*b",
        r"(a|a)*b",
        r"(a|ab|b)*c",
        r"(\w+\s?)*$",
        r"(?:[a-z]+[0-9]?)*x",
        r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@)",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(.*)*",
        r"(?:(?:a{1,30}){1,30})b",
    ],
)
def test_exponential_ones_are_caught(pattern: str) -> None:
    assert [fault for fault in faults(pattern, is_anchored=True, must_end=True) if "exponential" in fault]


@pytest.mark.parametrize(
    "pattern", [r"a*a*b", r"\s*\n?\s*x", r".*=.*;", r"\d+\d+", r"[a-z]*[a-z0-9]*!", r"(?:a|b)*(?:b|c)*d"]
)
def test_quadratic_ones_are_caught(pattern: str) -> None:
    assert [fault for fault in faults(pattern, is_anchored=True, must_end=True) if "quadratic" in fault]


@pytest.mark.parametrize("pattern", [r"a+b", r"\s+$", r'"(?:[^"\\]|\\.)*"', r"<[^>]*>", r"\s+(?=x)"])
def test_what_begins_again_at_every_letter_is_caught(pattern: str) -> None:
    assert faults(pattern, is_anchored=False, must_end=False) == ["quadratic: two loops read the same text"]
    assert "quadratic: two loops read the same text" not in faults(pattern, is_anchored=True, must_end=False)


@pytest.mark.parametrize(
    "pattern",
    [
        r"[a-z]+",
        r"(?:[a-z]+-)*[a-z]+",
        r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
        r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        r"\d{4}-\d\d-\d\d",
        r"[0-9a-f]{32}[0-9a-z]{26}",
        r"(?:[^\"\\]++|\\.)*+",
        r"(?i:a+)b+",
    ],
)
def test_innocent_ones_are_let_be(pattern: str) -> None:
    assert faults(pattern, is_anchored=True, must_end=True) == []


@pytest.mark.parametrize("pattern", [r"\s+", r"[\x00-\x1f]", r"\S", r'"[^"]*"', r"^[a-z]+$", r"\A\w+\Z", r"a|b|cd"])
def test_nor_are_those_that_cannot_fail_once_they_have_begun(pattern: str) -> None:
    assert faults(pattern, is_anchored=False, must_end=False) == []


def test_case_is_looked_through() -> None:
    assert faults(r"[a-z]*[A-Z]*1", is_anchored=True, must_end=True) == []
    assert faults(r"[a-z]*[A-Z]*1", re.IGNORECASE, is_anchored=True, must_end=True) != []


def test_what_cannot_be_judged_is_said() -> None:
    assert faults(r"(a)\1", is_anchored=True, must_end=True) == ["nobody knows what GROUPREF costs"]


def test_one_in_the_product_is_caught_wherever_it_stands(tmp_path: Path) -> None:
    plant(
        tmp_path,
        **{
            "chalicelib/one.py": "import re\n\nNAME = re.compile(r'(a+)+')\nNAME.fullmatch('a')\n",
            "chalicelib/two.py": "import re\n\n\ndef cut(text):\n    return re.split(r'\\s+$', text)\n",
            "chalicelib/three.py": "import re\n\n\ndef find(word, text):\n    return re.search(word + '+', text)\n",
            "chalicelib/four.py": "NAME = field(pattern=r'^(a|a)*$')\n",
        },
    )
    assert [finding.partition(" ")[0] for finding in sorted(slow_patterns(tmp_path, harmless={}))] == [
        "chalicelib/four.py:1:",
        "chalicelib/one.py:3:",
        "chalicelib/three.py:5:",
        "chalicelib/two.py:5:",
    ]
    assert len(slow_patterns(tmp_path, harmless={"chalicelib/two.py": "ours"})) == 3
    assert "chalicelib/nine.py needs no excuse" in slow_patterns(tmp_path, harmless={"chalicelib/nine.py": "ours"})
