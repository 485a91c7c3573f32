"""The layer from wheels of our own, through the real pip, without an index."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.packaging.layer import Recipe, build
from infra.packaging.refusal import Refused
from tests.adapters.packaging import wheels

_BOTOCORE = {
    "botocore/__init__.py": "NAME = 'botocore'\n",
    "botocore/data/endpoints.json": "{}",
    "botocore/data/sqs/service-2.json": "{}",
    "botocore/data/ec2/service-2.json": "{}",
    "botocore/tests/test_it.py": "assert False\n",
    "botocore-1.0.data/scripts/boto": "#!python\n",
}
Cook = Callable[..., Recipe]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pip finds wheels, and nowhere else."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def recipe(tmp_path: Path, shelf: Path) -> Cook:
    lock = tmp_path / "requirements.txt"

    def cook(*further: str, services: frozenset[str] = frozenset({"sqs"})) -> Recipe:
        lock.write_text("".join([wheels.make_wheel(shelf, "botocore", _BOTOCORE), *further]))
        return Recipe(lock, services, compiler=None)

    return cook


def _names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as layer:
        return sorted(layer.namelist())


def test_the_layer_holds_libraries_without_what_only_installers_and_other_services_need(
    tmp_path: Path, recipe: Cook
) -> None:
    assert _names(build(recipe(), tmp_path / "cache")) == [
        "python/botocore-1.0.dist-info/METADATA",
        "python/botocore-1.0.dist-info/WHEEL",
        "python/botocore/__init__.py",
        "python/botocore/data/endpoints.json",
        "python/botocore/data/sqs/service-2.json",
    ]


def test_the_layer_takes_wheels_for_lambdas_processor(tmp_path: Path, shelf: Path, recipe: Cook) -> None:
    line = wheels.make_wheel(shelf, "quick", {"quick.py": "HERE = True\n"}, tag=wheels.ON_LAMBDA)
    assert "python/quick.py" in _names(build(recipe(line), tmp_path / "cache"))


def test_the_layer_takes_no_wheels_for_this_machine(tmp_path: Path, shelf: Path, recipe: Cook) -> None:
    line = wheels.make_wheel(shelf, "quick", {"quick.py": "HERE = True\n"}, tag=wheels.ON_LAPTOPS)
    with pytest.raises(Refused, match=r"^pip: Could not find a version that satisfies the requirement quick==1.0"):
        build(recipe(line), tmp_path / "cache")


def test_a_wheel_that_the_lock_does_not_know_is_refused(tmp_path: Path, shelf: Path, recipe: Cook) -> None:
    line = wheels.make_wheel(shelf, "quick", {"quick.py": "HERE = True\n"})
    wheels.make_wheel(shelf, "quick", {"quick.py": "HERE = 'a stranger'\n"})
    with pytest.raises(Refused, match=r"^pip: THESE PACKAGES DO NOT MATCH THE HASHES.* quick==1.0 ") as refusal:
        build(recipe(line), tmp_path / "cache")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "cache").exists()


def test_a_lock_without_hashes_is_refused(tmp_path: Path, shelf: Path, recipe: Cook) -> None:
    wheels.make_wheel(shelf, "quick", {"quick.py": ""})
    with pytest.raises(Refused, match=r"^pip: .*[Hh]ash"):
        build(recipe("quick==1.0\n"), tmp_path / "cache")


def test_a_missing_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^requirements\.txt is not there"):
        build(Recipe(tmp_path / "requirements.txt", frozenset(), None), tmp_path / "cache")


def test_a_service_that_botocore_does_not_know_is_refused(tmp_path: Path, recipe: Cook) -> None:
    with pytest.raises(Refused, match="botocore has no service dreams"):
        build(recipe(services=frozenset({"dreams"})), tmp_path / "cache")


def test_without_an_index_the_refusal_is_one_line(
    tmp_path: Path, recipe: Cook, monkeypatch: pytest.MonkeyPatch
) -> None:
    cooked = recipe(f"far-away==1.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(Refused, match=r"^pip: .*far-away==1\.0 \(.* no network\)") as refusal:
        build(cooked, tmp_path / "cache")
    assert "\n" not in str(refusal.value)


def test_two_builds_give_the_same_bytes(tmp_path: Path, recipe: Cook) -> None:
    cooked = recipe()
    one, other = (build(cooked, tmp_path / cache) for cache in ("one", "other"))
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()


def test_a_layer_is_built_once_until_what_decides_it_changes(tmp_path: Path, shelf: Path, recipe: Cook) -> None:
    cooked = recipe()
    first = build(cooked, tmp_path / "cache")
    (shelf / "botocore-1.0-py3-none-any.whl").unlink()
    assert build(cooked, tmp_path / "cache") == first
    assert Recipe(cooked.lock, frozenset({"sqs", "kms"}), None).key != cooked.key
    before = cooked.key
    cooked.lock.write_text(cooked.lock.read_text() + "# another lock\n")
    assert cooked.key != before
