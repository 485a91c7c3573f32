from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules import texts
from tests.architecture.rules.tree import ROOT


def test_no_file_holds_what_none_may() -> None:
    assert texts.forbidden_texts(ROOT) == []


def test_every_module_opens_with_what_it_is_for() -> None:
    assert texts.closed_modules(ROOT) == []


def test_openings_are_short() -> None:
    assert texts.wordy_modules(ROOT) == []


@pytest.mark.parametrize(
    "line",
    ["x = 1  # TO" + "DO: later", "FIX" + "ME", "x = 1  # XX" + "X", "if x:  # pragma: " + "no cover", "x  # pragma: " + "no branch",
     'open("/wo' + 'rk/main/x")', "cd /ro" + "ot/thing", 'PATH = "/ho' + 'me/somebody/project"'],
)  # fmt: skip
def test_a_forbidden_text_is_caught_in_any_kind_of_file(tmp_path: Path, line: str) -> None:
    plant(tmp_path, **{"chalicelib/x.py": line + "\n", "docs/x.md": line, "Makefile": f"run:\n\t{line}\n"})
    assert [finding.split(":")[0] for finding in texts.forbidden_texts(tmp_path)] == [
        "Makefile",
        "chalicelib/x.py",
        "docs/x.md",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "mktemp /tmp/XXXXXX",
        "cron(0 0 ? * XX" + "X *)",
        "see docs/work/x",
        "https://example.com/root/",
        "methodology",
        "~/wor" + "k/",
    ],
)
def test_what_only_looks_like_it_is_fine(tmp_path: Path, line: str) -> None:
    plant(tmp_path, **{"docs/x.md": line})
    assert texts.forbidden_texts(tmp_path) == []


def test_what_is_generated_or_binary_is_left_alone(tmp_path: Path) -> None:
    plant(tmp_path, **{".venv/x.py": "# TO" + "DO", ".local/x.md": "FIX" + "ME"})
    (tmp_path / "picture").write_bytes(b"\xff\xfe FIX" + b"ME")
    assert texts.forbidden_texts(tmp_path) == []


def test_a_module_without_an_opening_is_caught(tmp_path: Path) -> None:
    plant(tmp_path, **{"chalicelib/x.py": "x = 1\n", "chalicelib/__init__.py": "", "tests/unit/test_x.py": "x = 1\n"})
    assert texts.closed_modules(tmp_path) == ["chalicelib/x.py:1: the module opens with no docstring"]


def test_an_opening_that_goes_on_is_caught_but_a_drawing_is_free(tmp_path: Path) -> None:
    drawing = "├ one\n" * 20 + "| a | table |\n" * 20
    plant(
        tmp_path,
        **{
            "chalicelib/x.py": '"""' + "One more line.\n" * 7 + '"""\n',
            "chalicelib/y.py": f'"""A tree.\n\n{drawing}"""\n',
        },
    )
    assert [finding.split(":")[0] for finding in texts.wordy_modules(tmp_path)] == ["chalicelib/x.py"]
