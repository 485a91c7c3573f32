"""`make new`, tried on a copy of the project: what it writes passes the gates as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.scaffold import register
from infra.scaffold.__main__ import main
from infra.scaffold.words import BadName, Words
from tests.architecture.__main__ import FAST
from tests.architecture.rules.tree import ROOT, files

_BIN = Path(sys.executable).parent
_LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", ".git", ".venv", ".local", ".*_cache", ".hypothesis", ".coverage*", "node_modules", "build", "dist"
)


def _run(cwd: Path, *program: str) -> subprocess.CompletedProcess[str]:
    """Unmeasured: what is covered of a copy says nothing of the project."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # noqa: TID251 -- a child's own
    return subprocess.run(program, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one more slice, its name long enough to bend every line it stands in."""
    copy = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy)
        assert main(["--name", "abandoned_shopping_carts", "--tier", "segments"]) == 0
    return copy


def _written(copy: Path) -> list[str]:
    places = ("chalicelib/features", "tests/unit", "tests/adapters", "tests/http")
    return [
        path.relative_to(copy).as_posix()
        for place in places
        for path in (copy / place / "abandoned_shopping_carts").rglob("*.py")
    ]


def test_a_new_slice_has_its_rooms_and_its_three_suites(copy: Path) -> None:
    rooms = {Path(name).stem for name in _written(copy) if name.startswith("chalicelib")}
    assert rooms == {"__init__", "api", "wiring", "schemas", "service", "store", "model"}
    assert len([name for name in _written(copy) if "/test_" in name]) == 3


def test_a_new_slice_is_registered_where_it_must_be(copy: Path) -> None:
    """Whoever lives on the tier today: the newcomer is put at the end of its line, and nothing else moves."""
    assert "abandoned_shopping_carts_api" in (copy / "app.py").read_text()
    before, after = ((root / "pyproject.toml").read_text().splitlines() for root in (ROOT, copy))
    (tier,) = (line for line in before if line.lstrip().startswith('"(') and "(segments)" in line)
    now_there = tier.replace('",', ' | (abandoned_shopping_carts)",')
    assert after == [now_there if line == tier else line for line in before]


@pytest.mark.parametrize("rule", FAST, ids=lambda rule: rule.__name__)
def test_a_new_slice_breaks_no_rule(copy: Path, rule: object) -> None:
    assert callable(rule)
    assert [finding for finding in rule(copy) if finding not in rule(ROOT)] == []


def test_a_new_slice_respects_floors_tiers_and_rooms(copy: Path) -> None:
    judged = _run(copy, str(_BIN / "lint-imports"), "--no-cache", "--config", "pyproject.toml")
    assert "abandoned_shopping_carts" not in judged.stdout


def test_a_new_slice_is_in_style(copy: Path) -> None:
    names = [*_written(copy), "app.py"]
    assert _run(copy, str(_BIN / "ruff"), "check", "--no-cache", *names).stdout == "All checks passed!\n"
    assert _run(copy, str(_BIN / "ruff"), "format", "--no-cache", "--check", *names).returncode == 0


@pytest.mark.slow
def test_a_new_slice_is_typed(copy: Path) -> None:
    known = ROOT / ".mypy_cache"  # of what `make types` has looked at, only what has changed is looked at again
    if known.exists():
        shutil.copytree(known, copy / known.name)
    checked = _run(copy, sys.executable, "-m", "mypy", *_written(copy), "app.py")
    assert re.findall("^.*abandoned_shopping_carts.*error.*$", checked.stdout, re.MULTILINE) == []
    assert "errors prevented further checking" not in checked.stdout


@pytest.mark.slow
def test_a_new_slice_works_and_its_pure_parts_are_wholly_tried(copy: Path) -> None:
    python = [sys.executable, "-m", "coverage"]
    suites = [f"tests/{suite}/abandoned_shopping_carts" for suite in ("unit", "adapters", "http")]
    tried = _run(copy, *python, "run", "-m", "pytest", *suites)
    assert tried.returncode == 0, tried.stdout
    _run(copy, *python, "combine")
    pure = (
        "chalicelib/features/abandoned_shopping_carts/model.py,chalicelib/features/abandoned_shopping_carts/service.py"
    )
    reported = _run(copy, *python, "report", f"--include={pure}", "--fail-under=100")
    assert reported.returncode == 0, reported.stdout


@pytest.mark.slow
def test_a_new_slice_is_in_the_contract_with_its_examples(copy: Path) -> None:
    assert _run(copy, sys.executable, "-m", "infra.docs").returncode == 0
    tried = _run(copy, sys.executable, "-m", "pytest", "tests/http/web", "-m", "not e2e")
    assert tried.returncode == 0, tried.stdout
    assert "abandoned_shopping_cart_id" in (copy / "docs/openapi.json").read_text()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--name", "sites"], "there already"),
        (["--name", "Price-Drops"], "lower-case words"),
        (["--name", "class"], "lower-case words"),
        (["--name", "../escape"], "lower-case words"),
        (["--name", "sheep"], "say ONE=name"),
        (["--name", "lists"], "say ONE=name"),
        (["--name", "unheard_of_things", "--tier", "nowhere"], "no tier holds 'nowhere'"),
    ],
)
def test_what_cannot_be_made_is_told_plainly_and_nothing_is_written(
    copy: Path, options: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _contents(copy)
    monkeypatch.chdir(copy)
    assert main(options) == 1
    assert complaint in capsys.readouterr().err
    assert _contents(copy) == before


def _contents(copy: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in files(copy, suffixes=frozenset({".py", ".toml", ".md"}))}


@pytest.mark.parametrize(
    ("many", "one", "prefix"),
    [
        ("badges", "badge", "bad"),
        ("stories", "story", "sto"),
        ("boxes", "box", "box"),
        ("keywords", "keyword", "kyw"),
        ("price_drops", "price_drop", "pri"),
        ("runners", "runner", "rnn"),
    ],
)
def test_words_are_guessed(many: str, one: str, prefix: str) -> None:
    words = Words.of(many)
    assert (words.one, words.prefix) == (one, prefix)


def test_an_odd_singular_can_be_said() -> None:
    assert Words.of("sheep", "animal").substitutes()["One"] == "Animal"
    with pytest.raises(BadName, match="say ONE=name"):
        Words.of("sheep", "sheep")
    with pytest.raises(BadName, match="no free id prefix"):
        Words.of("sheep", "x")


def test_a_slice_that_has_its_tier_stays_there() -> None:
    text = '    "(segments) | (templates)",  # why\n    "(sites)",\n'
    assert register.in_tiers(text, "templates", "sites") == text
    assert register.in_tiers(text, "badges", "segments") == text.replace('plates)",', 'plates) | (badges)",')


def test_the_first_blueprint_of_an_app_is_registered_too() -> None:
    text = "from chalicelib.config import settings\n\nfor blueprint in (\n    sites_api,\n):\n    pass\n"
    assert "sites_api, badges_api):" in register.in_app(text, "badges")
    with pytest.raises(register.NoPlace):
        register.in_app("app = App()\n", "badges")


_TIERS = (
    '    "(campaigns)",\n    "(segments) | (badges)",\n    "(sites)",\n    "(tenants) | (medals)",\n    "(cellars)",\n'
)
_MAP = "| floor | where |\n|---|---|\n| 0 | `core` | x |\n\n| tier | slices | what |\n|---|---|---|\n| 1 | `campaigns` | a |\n| 2 | `sites` | b |\n| 3 | `tenants` | c |\n\nOn.\n"


def test_the_map_gets_a_line_where_the_tier_is() -> None:
    assert (
        "| 1 | `campaigns` | a |\n| 2 | `badges` | what it is for |\n| 3 | `sites` | b |\n| 4 |"
        in register.in_architecture(_MAP, "badges", _TIERS)
    )
    assert "| 3 | `tenants` · `medals` | c · what it is for |\n\nOn." in register.in_architecture(
        _MAP, "medals", _TIERS
    )
    assert "| 4 | `cellars` | what it is for |\n\nOn." in register.in_architecture(_MAP, "cellars", _TIERS)
    assert register.in_architecture(_MAP, "sites", _TIERS) == _MAP
    assert "| 0 | `core` | x |\n\n| tier |" in register.in_architecture(_MAP, "badges", _TIERS)
    with pytest.raises(register.NoPlace):
        register.in_architecture("# Architecture\n", "badges", _TIERS)
