"""Ruff's and mypy's settings, seen catching what the house leaves to them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules.tree import ROOT

_BIN = Path(sys.executable).parent
_OPENING = '"""What it is for."""\n\n'


def _lint(place: str, code: str) -> str:
    program = [str(_BIN / "ruff"), "check", "--no-cache", "--output-format", "concise", "--stdin-filename", place, "-"]
    done = subprocess.run(program, cwd=ROOT, input=_OPENING + code, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import os\n\nHOME = os.environ['HOME']\n",
        "from os import getenv\n\nHOME = getenv('HOME')\n",
        "import time\n\nNOW = time.time()\n",
        "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
        "import uuid\n\nNAME = uuid.uuid4()\n",
        "import random\n\nDICE = random.random()\n",
        "import secrets\n\nTOKEN = secrets.token_hex()\n",
        "import os\n\nTOKEN = os.urandom(16)\n",
        "from . import sites\n\nprint(sites)\n",
    ],
)
def test_the_world_through_the_window_is_caught(code: str) -> None:
    assert "TID25" in _lint("chalicelib/features/sites/service.py", code)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FBT001", "def send(site: str, careful: bool) -> None:\n    raise ValueError(site, careful)\n"),
        ("FBT002", "def send(site: str, careful=True) -> None:\n    raise ValueError(site, careful)\n"),
        ("BLE001", "def send() -> None:\n    try:\n        send()\n    except Exception:\n        return\n"),
        ("ANN201", "def send():\n    return 1\n"),
        ("T201", "print('sent')\n"),
        ("S105", 'password = "correct horse"\n'),
        ("DTZ", "from datetime import datetime\n\nAT = datetime(2026, 1, 1)\n"),
        ("PGH004", "import os  # no" + "qa\n"),
        ("PGH003", "x: int = 'one'  # type: ig" + "nore\n"),
        (
            "C901",
            "def f(x: int) -> int:\n"
            + "".join(f"    if x == {n}:\n        x += 1\n" for n in range(11))
            + "    return x\n",
        ),
    ],
)
def test_a_bad_habit_is_caught(rule: str, code: str) -> None:
    assert rule in _lint("chalicelib/features/sites/service.py", code)


@pytest.mark.parametrize("place", ["chalicelib/features/sites/service.py", "chalicelib/web/api.py", "infra/package.py"])
@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("S102", "exec('print()')\n"),
        ("S108", "PLACE = '/tmp/keys'\n"),
        ("S113", "import requests\n\nrequests.get('https://example.com')\n"),
        ("S301", "import pickle\n\npickle.loads(b'')\n"),
        ("S307", "VALUE = eval('1')\n"),
        ("S311", "import random\n\nDICE = random.random()\n"),
        ("S324", "import hashlib\n\nDIGEST = hashlib.md5(b'')\n"),
        ("S501", "import requests\n\nrequests.get('https://example.com', verify=False, timeout=1)\n"),
        ("S506", "import yaml\n\nyaml.load('', Loader=yaml.Loader)\n"),
        ("S602", "import subprocess\n\nsubprocess.run('ls', shell=True, check=True)\n"),
        ("S608", "def ask(name: str) -> str:\n    return f\"SELECT * FROM t WHERE name = '{name}'\"\n"),
    ],
)
def test_what_is_dangerous_is_caught_in_the_product_and_in_its_tools(place: str, rule: str, code: str) -> None:
    assert rule in _lint(place, code)


def test_the_one_reader_of_the_environment_may_read_it() -> None:
    assert "TID251" not in _lint("chalicelib/config.py", "import os\n\nHOME = os.environ['HOME']\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("no-untyped-def", "def send(site):\n    return site\n"),
        ("no-any-return", "import json\n\n\ndef name(raw: str) -> str:\n    return json.loads(raw)\n"),
        ("type-arg", "sites: list = []\n"),
        ("ignore-without-code", "x: int = 'one'  # type: ig" + "nore\n"),
        ("unused-ignore", "x: int = 1  # type: ig" + "nore[assignment]\n"),
    ],
)
def test_a_loose_type_is_caught(tmp_path: Path, error: str, code: str) -> None:
    plant(tmp_path, **{"loose.py": code})
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache" / "planted")]
    program = [sys.executable, "-m", "mypy", *config, "loose.py"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"[{error}]" in done.stdout
