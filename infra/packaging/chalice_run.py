"""What Chalice makes of the app: its template, and the code with Chalice's own runtime. It runs in a folder of its own,
with an environment of its own and without requirements: the layer brings them, which Chalice cannot build everywhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.merge import Template
from infra.packaging.refusal import Refused
from infra.packaging.stage import CONFIG, Stage, read_config

CHALICE = Path(sys.executable).with_name("chalice")
# Every other word is a warning: Chalice tells what it leaves out, and exits 0.
_EXPECTED = "Creating deployment package."
_JUNK = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
_LONGEST_SECONDS = 120
_OFFLINE = {
    "AWS_DEFAULT_REGION": "eu-central-1",  # must be some region; the template says AWS::Region
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_ROLES_ARE_OURS = {"manage_iam_role": False, "iam_role_arn": "arn:aws:iam::000000000000:role/replaced"}


@dataclass(frozen=True)
class Generated:
    template: Template
    code: Path


def generate(root: Path, stage: Stage, workshop: Path, *, chalice: Path = CHALICE) -> Generated:
    project, made, code = workshop / "project", workshop / "made", workshop / "code"
    _copy(root, project)
    _run([str(chalice), "package", "--stage", stage.name, str(made)], project)
    try:
        template = json.loads((made / "sam.json").read_text())
        with zipfile.ZipFile(made / "deployment.zip") as archive:
            archive.extractall(code)
    except OSError:
        raise Refused("chalice: made no package") from None
    return Generated(template, code)


def _copy(root: Path, project: Path) -> None:
    shutil.copytree(root / "chalicelib", project / "chalicelib", ignore=_JUNK)
    shutil.copy(root / "app.py", project)
    (project / "requirements.txt").touch()
    (project / CONFIG).parent.mkdir()
    (project / CONFIG).write_text(json.dumps(read_config(root) | _ROLES_ARE_OURS))


def _run(command: list[str], project: Path) -> None:
    environment = _OFFLINE | {"PATH": str(Path(sys.executable).parent)}
    try:
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=_LONGEST_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"chalice: {error}") from None
    words = f"{done.stdout}\n{done.stderr}".replace(_EXPECTED, "").strip()
    if done.returncode or words:
        raise Refused(f"chalice: {_essence(words) or f'ended with {done.returncode}'}")


def _essence(words: str) -> str:
    """One line: all of a warning, the end of a traceback."""
    if "Traceback (most recent call last)" in words:
        return words.splitlines()[-1]
    return " ".join(words.split())
