"""A Python client that a generator writes from the committed contract, as anyone outside could, and how tests call it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PACKAGE = "pushsaas_client"
_CONTRACT = Path(__file__).parents[2] / "docs/openapi.json"
_GENERATOR = Path(sys.executable).with_name("openapi-python-client")


def generate(folder: Path) -> Path:
    """The package it wrote. A warning would mean that clients lack something, so there must be none."""
    settings = folder / "generator.json"
    settings.write_text(json.dumps({"post_hooks": []}))
    package = folder / PACKAGE
    words = ["--path", _CONTRACT, "--output-path", package, "--meta", "none", "--config", settings, "--fail-on-warning"]
    program = [str(word) for word in (_GENERATOR, "generate", *words)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "warning" not in said.lower(), said
    return package


@dataclass(frozen=True)
class GeneratedClient:
    """`call("login", body=…)` is what the generator made of the operation `login`. The package is on `sys.path`."""

    url: str
    token: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def holding(self, token: str) -> GeneratedClient:
        return replace(self, token=token)

    def at(self, origin: str) -> GeneratedClient:
        """As a browser on a page of that origin."""
        return replace(self, headers=(("Origin", origin),))

    def ask(self, operation: str, *path: str, expect: int = 200, **words: Any) -> Any:
        """What the answer was parsed into."""
        answer = self.call(operation, *path, **words)
        assert int(answer.status_code) == expect, (operation, answer.status_code, answer.content)
        return answer.parsed

    def call(self, operation: str, *path: str, **words: Any) -> Any:
        with self._client() as client:
            return _module(operation).sync_detailed(*path, client=client, **words)

    def _client(self) -> Any:
        package = importlib.import_module(PACKAGE)
        words = {"base_url": self.url, "headers": dict(self.headers), "raise_on_unexpected_status": True}
        return package.AuthenticatedClient(token=self.token, **words) if self.token else package.Client(**words)


def model(name: str) -> Any:
    """A class that the generator made of a schema."""
    return getattr(importlib.import_module(f"{PACKAGE}.models"), name)


def _module(operation: str) -> Any:
    operations = json.loads(_CONTRACT.read_text(encoding="utf-8"))["paths"].values()
    tags = {each["operationId"]: each["tags"][0] for methods in operations for each in methods.values()}
    return importlib.import_module(f"{PACKAGE}.api.{tags[operation]}.{operation}")
