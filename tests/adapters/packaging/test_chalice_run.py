from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.packaging.chalice_run import generate
from infra.packaging.refusal import Refused
from infra.packaging.stage import Stage, read_config, read_stage
from tests.architecture.planting import plant
from tests.architecture.rules.tree import ROOT

_WARNS = """echo 'Creating deployment package.'
echo 'Could not install dependencies:' >&2
echo 'pycurl' >&2"""
_BREAKS = """echo 'Traceback (most recent call last):'
echo '  File "app.py", line 1'
echo 'ImportError: no such thing'
exit 1"""


@pytest.fixture
def stage() -> Stage:
    return read_stage(ROOT, "prod")


def _chalice(folder: Path, script: str) -> Path:
    program = folder / "chalice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (_WARNS, "chalice: Could not install dependencies: pycurl"),
        (_BREAKS, "chalice: ImportError: no such thing"),
        ("echo 'Creating deployment package.'; exit 3", "chalice: ended with 3"),
        ("echo 'Creating deployment package.'", "chalice: made no package"),
    ],
)
def test_every_word_of_chalice_and_every_failure_is_refused_in_one_line(
    tmp_path: Path, stage: Stage, script: str, complaint: str
) -> None:
    with pytest.raises(Refused) as refusal:
        generate(ROOT, stage, tmp_path, chalice=_chalice(tmp_path, script))
    assert str(refusal.value) == complaint


def test_a_missing_chalice_is_refused(tmp_path: Path, stage: Stage) -> None:
    with pytest.raises(Refused, match=r"^chalice: .*No such file"):
        generate(ROOT, stage, tmp_path, chalice=tmp_path / "chalice")


def test_a_setting_that_the_product_would_not_start_with_is_refused(tmp_path: Path, stage: Stage) -> None:
    config = read_config(ROOT)
    config["environment_variables"]["LOG_LEVEL"] = "LOUD"
    plant(
        tmp_path,
        **{
            "app.py": "from chalicelib.config import settings\nsettings()\n",
            "chalicelib/config.py": (ROOT / "chalicelib" / "config.py").read_text(),
            ".chalice/config.json": json.dumps(config),
        },
    )
    with pytest.raises(Refused, match=r"^chalice: .*BadSettings: LOG_LEVEL"):
        generate(tmp_path, stage, tmp_path / "workshop")
