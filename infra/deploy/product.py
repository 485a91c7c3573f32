"""The product's own code in a process of its own, with the stage's settings: they are read once, at import."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from infra.deploy.ground import Ground


def run_product(
    ground: Ground, module: str, *words: str, parameters: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What it says comes back, what it complains of goes to whoever looks on."""
    program = [sys.executable, "-m", module, *words]
    environment = _environment(ground, parameters)
    return subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, check=False)


def _environment(ground: Ground, parameters: Mapping[str, str]) -> dict[str, str]:
    """Who is signed in comes from the environment, what the product is told from the stage and its stack."""
    told = {"PUBLIC_URL": parameters["PublicUrl"], "MAIL_FROM": parameters["MailFrom"]}
    region = {"AWS_DEFAULT_REGION": ground.region, "AWS_REGION": ground.region}
    return os.environ | dict(ground.stage.environment) | told | region  # noqa: TID251 -- what a child process starts with
