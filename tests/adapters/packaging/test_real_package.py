"""The package itself, with the layer that the lock asks for: what Lambda will find when it unpacks both."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from email import message_from_string
from pathlib import Path

import msgspec
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.package import main, package
from infra.packaging.functions import functions_of
from infra.packaging.release import MANIFEST, Manifest
from infra.packaging.services import services_of
from infra.packaging.stage import read_stage
from tests.architecture.rules.package import LAMBDA, packaged
from tests.architecture.rules.tree import ROOT

pytestmark = pytest.mark.slow  # pip fetches what it has not seen yet

Files = Mapping[str, bytes]
_AARCH64 = 183  # e_machine of ELF
_UNCHECKED_HASH = 0b01  # PEP 552

_FIND_HANDLERS = """
import chalice.app, importlib, sys
for handler in sys.argv[1:]:
    module, _, name = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), handler
print(chalice.app.__file__)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    assert main(["--stage", "prod", "--into", str(folder)]) == 0
    return folder / "prod"


@pytest.fixture(scope="module")
def manifest(release: Path) -> Manifest:
    return msgspec.json.decode((release / MANIFEST).read_bytes(), type=Manifest)


@pytest.fixture(scope="module")
def code(release: Path) -> Files:
    return _unpacked(next(release.glob("code-*.zip")))


@pytest.fixture(scope="module")
def libraries(release: Path) -> Files:
    return _unpacked(next(release.glob("layer-*.zip")))


def _unpacked(archive: Path) -> Files:
    with zipfile.ZipFile(archive) as files:
        return {name: files.read(name) for name in files.namelist()}


def _inside(files: Files, name: str) -> Iterator[str]:
    """The texts of this file of every library's metadata."""
    return (
        content.decode() for path, content in files.items() if re.fullmatch(rf"python/[^/]+\.dist-info/{name}", path)
    )


def _installed(files: Files) -> dict[str, str]:
    metadata = map(message_from_string, _inside(files, "METADATA"))
    return {canonicalize_name(each["Name"]): each["Version"] for each in metadata}


def _modules(files: Files, folder: str = "") -> set[str]:
    tops = (path.removeprefix(folder).split("/")[0] for path in files if path.startswith(folder))
    return {top.split(".")[0] for top in tops}


def test_the_layer_holds_what_the_lock_says_and_nothing_else(libraries: Files) -> None:
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert _installed(libraries) == {canonicalize_name(name): version for name, version in pins}


def test_the_layer_holds_everything_that_its_libraries_need(libraries: Files) -> None:
    installed = _installed(libraries)
    needs = [
        Requirement(line)
        for text in _inside(libraries, "METADATA")
        for line in message_from_string(text).get_all("Requires-Dist", [])
    ]
    wanted = [need for need in needs if need.marker is None or need.marker.evaluate({**LAMBDA, "extra": ""})]
    assert [str(need) for need in wanted if not need.specifier.contains(installed[canonicalize_name(need.name)])] == []


def test_every_wheel_of_the_layer_fits_lambda(libraries: Files) -> None:
    tags = [tag for text in _inside(libraries, "WHEEL") for tag in re.findall(r"^Tag: (\S+)", text, re.MULTILINE)]
    assert tags
    assert [tag for tag in tags if not tag.endswith(("_aarch64", "-any"))] == []


def test_every_binary_of_the_layer_is_for_lambdas_processor(libraries: Files) -> None:
    binaries = {path: content for path, content in libraries.items() if content.startswith(b"\x7fELF")}
    assert any("pycurl.libs/libcurl" in path for path in binaries)
    assert {int.from_bytes(content[18:20], "little") for content in binaries.values()} == {_AARCH64}


def test_every_module_that_the_code_imports_is_there(code: Files, libraries: Files) -> None:
    there = sys.stdlib_module_names | _modules(code) | _modules(libraries, "python/")
    missing = {
        f"{path}: {name}"
        for path, content in code.items()
        if path.endswith(".py")
        for name in _imports(content)
        if name.partition(".")[0] not in there
    }
    assert missing == set()


def _imports(content: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_every_handler_is_found_in_the_code_as_it_is_packed(release: Path, tmp_path: Path) -> None:
    """With this machine's libraries; Chalice's runtime is what was packed of it."""
    with zipfile.ZipFile(next(release.glob("code-*.zip"))) as archive:
        archive.extractall(tmp_path)
    handlers = [function["Handler"] for function in functions_of(packaged("prod").template).values()]
    done = subprocess.run(
        [sys.executable, "-c", _FIND_HANDLERS, *handlers],
        cwd=tmp_path,
        env={**read_stage(ROOT, "prod").environment, "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.stdout.strip()) == ("", str(tmp_path / "chalice" / "app.py"))


def test_the_layer_describes_the_services_of_the_product_alone(libraries: Files) -> None:
    described = {path.split("/")[3] for path in libraries if re.match(r"python/botocore/data/[^/]+/", path)}
    assert described == services_of(ROOT / "chalicelib")


def test_the_package_holds_nothing_of_the_workshop(code: Files, libraries: Files) -> None:
    assert _modules(code) - {"__pycache__"} == {"app", "chalice", "chalicelib"}
    assert {"moto", "pytest", "infra", "tests", "bench", "chalice"} & _modules(libraries, "python/") == set()
    assert [path for path in libraries if path.endswith("/RECORD") or path.startswith("python/bin/")] == []


def test_all_bytecode_is_for_lambdas_python_and_never_checked(
    code: Files, libraries: Files, manifest: Manifest
) -> None:
    for files, place in ((code, "/var/task/"), (libraries, "/opt/python/")):
        compiled = {path: content for path, content in files.items() if path.endswith(".pyc")}
        assert [path for path in compiled if not path.endswith(".cpython-313.pyc")] == []
        assert {int.from_bytes(content[4:8], "little") for content in compiled.values()} <= {_UNCHECKED_HASH}
        assert [path for path, content in compiled.items() if place.encode() not in content] == []
        sources = sum(path.endswith(".py") for path in files)
        assert len(compiled) == (sources if manifest.bytecode else 0)


def test_the_manifest_describes_the_files_beside_it(
    release: Path, manifest: Manifest, code: Files, libraries: Files
) -> None:
    for name, digest in manifest.sha256.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest
    weight = sum(len(content) for files in (code, libraries) for content in files.values())
    assert manifest.unzipped_mb == round(weight / 1_000_000, 1) <= 150
    template = json.loads((release / manifest.template).read_text())
    code_key, layer_key = manifest.archives
    assert template["Resources"]["Send"]["Properties"]["CodeUri"]["Key"] == code_key
    assert template["Resources"]["DependencyLayer"]["Properties"]["ContentUri"]["Key"] == layer_key


def test_a_second_run_from_nothing_makes_the_same_package(release: Path, tmp_path: Path) -> None:
    """The layer too, bytecode included."""
    package(read_stage(ROOT, "prod"), tmp_path / "prod", build=tmp_path / "build")
    files = [path.name for path in release.iterdir()]
    assert {name: (tmp_path / "prod" / name).read_bytes() for name in files} == {
        name: (release / name).read_bytes() for name in files
    }
