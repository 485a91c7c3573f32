from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from chalice.app import BaseEventSourceConfig

from app import app
from chalicelib.config import Settings
from tests.architecture.planting import plant
from tests.architecture.rules import lambdas, stages
from tests.architecture.rules.tree import ROOT

_WORKERS = lambdas.worker_modules(ROOT)
_DEV = stages.environment_of(stages.load(ROOT), "dev") | {"AWS_DEFAULT_REGION": "eu-central-1"}
_REQUIRED = [
    name.upper() for name, field in inspect.signature(Settings).parameters.items() if field.default is field.empty
]


def test_there_are_workers_to_judge() -> None:
    assert _WORKERS


@pytest.mark.parametrize("module", _WORKERS)
def test_a_worker_imports_alone_and_light(module: str) -> None:
    imported = lambdas.import_alone(ROOT, module, _DEV)
    assert imported.succeeded, imported.complaint
    assert lambdas.slow_imports(imported) == []


@pytest.mark.parametrize("module", ["app", *_WORKERS])
def test_nothing_starts_in_an_empty_environment(module: str) -> None:
    imported = lambdas.import_alone(ROOT, module, {})
    assert not imported.succeeded
    assert [name for name in _REQUIRED if name not in imported.complaint] == []


@pytest.mark.parametrize("module", _WORKERS)
def test_the_app_knows_every_worker(module: str) -> None:
    """Unregistered, it would be packaged by nobody and its queue consumed by none."""
    sources: list[BaseEventSourceConfig] = app.event_sources
    assert module in {source.handler_string.rpartition(".")[0] for source in sources}


def test_the_app_itself_starts_with_the_environment_of_a_stage() -> None:
    imported = lambdas.import_alone(ROOT, "app", _DEV)
    assert imported.succeeded, imported.complaint


def test_a_slow_import_is_caught_however_deep(tmp_path: Path) -> None:
    plant(
        tmp_path,
        **{"heavy.py": "import light\n", "light.py": "import pydantic\n", "broken.py": "raise RuntimeError('no')\n"},
    )
    assert lambdas.slow_imports(lambdas.import_alone(tmp_path, "heavy", {})) == ["pydantic"]
    assert not lambdas.import_alone(tmp_path, "broken", {}).succeeded


def test_workers_are_found_as_modules_and_as_packages(tmp_path: Path) -> None:
    features = "chalicelib/features"
    plant(
        tmp_path,
        **{
            f"{features}/mail/worker.py": "",
            f"{features}/sending/worker/__init__.py": "",
            f"{features}/sending/worker/lanes.py": "",
            f"{features}/sending/service.py": "",
        },
    )
    assert lambdas.worker_modules(tmp_path) == [
        "chalicelib.features.mail.worker",
        "chalicelib.features.sending.worker.lanes",
    ]
