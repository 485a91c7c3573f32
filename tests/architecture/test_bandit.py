"""Bandit's settings, seen catching what they do not excuse; and no excuse without the name of what it excuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules.tree import ROOT, sources

_BANDIT = Path(sys.executable).parent / "bandit"


def _bandit(place: Path) -> str:
    program = [str(_BANDIT), "-q", "-c", str(ROOT / "pyproject.toml"), "-s", "B603,B607", "-r", str(place)]
    return subprocess.run(program, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("B307", "VALUE = eval('1')\n"),
        ("B324", "import hashlib\n\nDIGEST = hashlib.md5(b'')\n"),
        ("B506", "import yaml\n\nyaml.load('')\n"),
        ("B602", "import subprocess\n\nsubprocess.run('ls ' + input(), shell=True)\n"),
        ("B613", "NAME = 'a\u202e'\n"),
    ],
)
def test_what_is_dangerous_is_caught(tmp_path: Path, kind: str, code: str) -> None:
    plant(tmp_path, **{"chalicelib/planted.py": code})
    assert f"[{kind}:" in _bandit(tmp_path)


def test_what_is_harmless_is_let_be(tmp_path: Path) -> None:
    plant(tmp_path, **{"chalicelib/planted.py": "import subprocess\n\nassert subprocess\nTOKEN = 'X-Token'\n"})
    assert "No issues identified" in _bandit(tmp_path) or not _bandit(tmp_path)


def test_an_excuse_names_what_it_excuses_and_ruff_is_told_the_same() -> None:
    excuses = [
        line
        for source in sources(ROOT, "app.py", "chalicelib", "infra")
        for line in source.text.splitlines()
        if "nosec" in line
    ]
    assert 0 < len(excuses) < 12
    for line in excuses:
        assert re.search(r"# nosec B\d{3} # (noqa: S\d{3} -- \w|\w)", line), line
