from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.console.exchange import Answer, Request
from infra.local.sdk_files import SdkFiles

HASHED = "prompt.01234567.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    dist.mkdir()
    for name in ("pushsaas.js", HASHED, "manifest.json", "secret.txt", "../outside.js"):
        (dist / name).write_text(f"// {name}")
    return dist


def ask(folder: Path, path: str, method: str = "GET") -> Answer:
    return SdkFiles(folder).answer(Request(method=method, path=path))


def test_a_file_is_for_pages_of_every_origin(folder: Path) -> None:
    answer = ask(folder, "/sdk/v1/pushsaas.js")
    assert (answer.status, answer.body) == (200, b"// pushsaas.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("name", "kept"), [("pushsaas.js", "public, max-age=3600"), (HASHED, "public, max-age=31536000, immutable")]
)
def test_a_name_that_stays_is_kept_for_an_hour_and_one_with_its_hash_for_ever(
    folder: Path, name: str, kept: str
) -> None:
    assert ask(folder, f"/sdk/v1/{name}").headers["Cache-Control"] == kept


def test_a_careful_site_reads_the_checksums(folder: Path) -> None:
    answer = ask(folder, "/sdk/v1/manifest.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("name", ["", "secret.txt", "../outside.js", "..%2foutside.js", "worker.js"])
def test_nothing_else_is_served(folder: Path, name: str) -> None:
    answer = ask(folder, f"/sdk/v1/{name}")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_files_are_only_read(folder: Path) -> None:
    answer = ask(folder, "/sdk/v1/pushsaas.js", method="POST")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_product_whose_sdk_is_not_built_says_how(tmp_path: Path) -> None:
    answer = ask(tmp_path / "dist", "/sdk/v1/pushsaas.js")
    assert answer.status == 404
    assert b"make sdk" in answer.body


def test_only_the_sdks_addresses_are_its_own() -> None:
    assert SdkFiles.concerns("/sdk/v1/pushsaas.js")
    assert not SdkFiles.concerns("/v1/sdk/pk_1/config")
