"""As a process of its own, told what to do over HTTPS by its loopback names."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local.push_service.service import STAND_IN_HOST, PushService
from tests.adapters.push_service.sender import H1, H2, Answered, Sender, post

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-W", "error", "-m", "infra.local.push_service"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen(
        [*PROGRAM, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def ask(
    service: PushService, method: str, path: str, body: bytes = b"", *, host: str = "localhost", **how: Any
) -> Answered:
    return post(service, f"https://{host}:{service.port}{path}", body, method=method, **how)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_what_it_got(tmp_path: Path, number: signal.Signals) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('[{"answer": {"fault": "gone"}, "times": 1}]')
    with running("--folder", str(tmp_path), "--rules", str(rules)) as (process, info):
        there = Elsewhere(info)
        assert Path(info["ca_path"]) == tmp_path / "ca.pem"
        assert [Sender().push(there, PushService.simulated(1, 1)).status for _ in range(3)] == [410, 201, 201]
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert json.loads(out) == {"received": {"410": 1, "201": 2}}
    assert (process.returncode, err) == (0, "")


class Elsewhere(PushService):
    """Enough of a service for the sender to reach one in another process."""

    def __init__(self, info: dict[str, Any]) -> None:
        super().__init__()
        self._info = info

    @property
    def port(self) -> int:
        return int(self._info["port"])

    @property
    def ca_path(self) -> Path:
        return Path(self._info["ca_path"])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--rules", "/nowhere/rules.json"], "No such file"),
        (["--port", "{taken}"], "address already in use"),
        (["--rules", "{wrong}"], "rule 0"),
    ],
)
def test_what_is_wrong_is_told_plainly(
    service: PushService, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('[{"action": "explode"}]')
    filled = [argument.format(taken=service.port, wrong=wrong) for argument in arguments]
    ran = subprocess.run([*PROGRAM, *filled], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 1
    assert complaint in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("version", [H2, H1])
def test_the_ledger_can_be_read_and_cleared_from_outside(service: PushService, sender: Sender, version: str) -> None:
    for text in (b"one", b"two"):
        sender.push(service, service.subscribe(), text)
    shown = ask(service, "GET", "/stand-in/ledger?after=1", version=version)
    assert shown.status == 200
    assert (shown.json()["total"], shown.json()["by_status"]) == (2, {"201": 2})
    assert [record["plaintext"] for record in shown.json()["records"]] == ["two"]
    assert ask(service, "DELETE", "/stand-in/ledger").status == 200
    assert (service.ledger.total, ask(service, "GET", "/stand-in/ledger").json()["records"]) == (0, [])


def test_rules_can_be_set_from_outside(service: PushService, sender: Sender) -> None:
    rules = json.dumps([{"answer": {"fault": "gone"}}]).encode()
    assert ask(service, "PUT", "/stand-in/rules", rules, host="127.0.0.1").status == 200
    assert sender.push(service, service.subscribe()).status == 410
    assert ask(service, "PUT", "/stand-in/rules", b"[]").status == 200
    assert sender.push(service, service.subscribe()).status == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/stand-in/rules", b"", 400),
        ("PUT", "/stand-in/rules", b"\xff", 400),
        ("PUT", "/stand-in/rules", b"[" * 100_000, 400),
        ("PUT", "/stand-in/rules", b'{"action": "reset"}', 400),
        ("PUT", "/stand-in/rules", b"null", 400),
        ("PUT", "/stand-in/rules", b" " * 300_000, 413),
        ("GET", "/stand-in/ledger?after=x", b"", 400),
        ("GET", "/stand-in/ledger?after=-1", b"", 400),
        ("GET", "/stand-in/ledger?after=" + "9" * 500, b"", 200),
        ("GET", "/stand-in/other", b"", 404),
        ("POST", "/stand-in/ledger", b"", 404),
    ],
)
def test_a_wrong_wish_is_refused(service: PushService, method: str, path: str, body: bytes, status: int) -> None:
    service.set_rules([{"answer": {"fault": "gone"}}])
    assert ask(service, method, path, body).status == status
    assert len(service.rules) == 1


def test_a_vendors_name_has_no_knobs(service: PushService) -> None:
    url = f"https://{STAND_IN_HOST}/stand-in/ledger"
    assert post(service, url, method="GET").status == 405
    assert post(service, url, method="DELETE").status == 405
