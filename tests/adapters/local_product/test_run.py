"""`make run` as a newcomer meets it: a process that starts, tells, keeps its state, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from infra.local.instance import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
_PATIENCE_SECONDS = 90


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def command(name: str, state: Path, **variables: str) -> subprocess.Popen[str]:
    environment = _inherited() | {"LOCAL_STATE": str(state), "RELOAD": "0", **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "infra.local", name],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _inherited() -> dict[str, str]:
    """Next to nothing: a newcomer's shell knows none of our variables. Coverage alone follows into children."""
    return {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE")}  # noqa: TID251 -- a child's own


def say(name: str, state: Path, **variables: str) -> tuple[int, str]:
    with command(name, state, **variables) as process:
        said, _ = process.communicate(timeout=_PATIENCE_SECONDS)
        return process.returncode, said


@contextmanager
def product(state: Path, port: int) -> Iterator[str]:
    """Yields what it printed on the way up; ends it with a Ctrl-C."""
    with command("run", state, PORT=str(port)) as process:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C stops it" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        try:
            yield said
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            assert process.wait(_PATIENCE_SECONDS) == 0


def ask(method: str, url: str, *, key: str = "", body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data=sent, headers=headers, method=method), timeout=30) as answer:
        return json.load(answer)


def found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    assert match, said
    return match[0]


def test_it_starts_sends_stops_and_remembers(state: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with product(state, port) as said:
        assert ask("GET", f"{url}/v1/health") == {"status": "ok"}
        key, site = found(r"ps_live_\w+", said), found(r"site_\w+", said)
        asked = {"title": "Kept", "body": "over a restart"}
        run = ask("POST", f"{url}/local/campaigns", body=asked)["run"]
        received: list[Any] = []
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(received) < 1_000 and time.monotonic() < deadline:
            time.sleep(0.5)
            received = ask("GET", f"{url}/local/received?run={run}")["data"]
        assert len({arrival["subscription_id"] for arrival in received}) == 1_000
        assert {arrival["payload"]["notification"]["title"] for arrival in received} == {"Kept"}
        code, operator = say("operator-key", state)
        assert (code, operator.startswith("ps_live_")) == (0, True), operator
        code, second = say("run", state, PORT=str(free_port()))
        assert code == 1
        assert f"running already at {url}" in second
        assert say("reset", state)[0] == 1
    with pytest.raises(URLError):
        ask("GET", f"{url}/v1/health")
    assert not (state / "instance.json").exists()
    with product(state, port) as said:
        assert key in said  # the same demo as before
        campaigns = ask("GET", f"{url}/v1/sites/{site}/campaigns", key=key)["data"]
        assert [campaign["name"] for campaign in campaigns] == ["Kept"]
    assert say("reset", state)[0] == 0
    assert not state.exists()


def test_its_subscribers_tell_what_they_show(state: Path) -> None:
    port = free_port()
    with product(state, port) as said:
        key, site = found(r"ps_live_\w+", said), found(r"site_\w+", said)
        campaigns = f"http://127.0.0.1:{port}/v1/sites/{site}/campaigns"
        message = {"title": "Shown", "body": "and told", "url": "https://shop.example/"}
        wanted = {"name": "Shown", "message": message, "audience": {"all": True}}
        campaign = ask("POST", campaigns, key=key, body=wanted)
        ask("POST", f"{campaigns}/{campaign['id']}/send", key=key)
        stats: Any = {}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (stats.get("state"), stats.get("displayed")) != ("sent", 1_000) and time.monotonic() < deadline:
            time.sleep(0.5)
            stats = ask("GET", f"{campaigns}/{campaign['id']}/stats", key=key)
    assert (stats["displayed"], stats["accepted"]) == (1_000, 1_000)
    assert 0 < stats["clicked"] < 200
    assert 0 < stats["dismissed"] < 100


def test_a_taken_port_is_told_plainly(state: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = say("run", state, PORT=str(port))
    assert code == 1
    assert said == f"Port {port} is taken by another program. Choose one: make run PORT={port + 1}\n"


def test_a_product_that_dies_is_told_and_so_is_whoever_calls_it(state: Path) -> None:
    port = free_port()
    with command("run", state, PORT=str(port)) as process:
        assert process.stdout is not None
        while "Ctrl-C stops it" not in (line := process.stdout.readline()):
            assert line
        (child,) = children(process.pid)
        os.kill(child, signal.SIGSTOP)  # the process is there, and answers nobody
        code, said = say("operator-key", state)
        assert (code, said.count("does not answer"), said.count("\n")) == (1, 1, 1), said
        os.kill(child, signal.SIGKILL)
        said, _ = process.communicate(timeout=_PATIENCE_SECONDS)
        assert process.returncode == 1
        assert said.count("The local product was killed by signal 9.") == 1
    assert say("shell", state) == (1, "The local product is not running; `make run` starts it.\n")


def children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(pid) for pid, of in pairs if int(of) == parent]


def test_what_a_killed_product_wrote_down_proves_nothing(state: Path) -> None:
    state.mkdir()
    left = {"pid": os.getpid(), "port": 8000, "aws_url": "http://127.0.0.1:1"}  # a pid that lives, and is not its
    (state / "instance.json").write_text(json.dumps(left))
    (state / "lock").touch()
    assert say("operator-key", state)[0] == 1
    assert say("reset", state)[0] == 0
    assert not state.exists()


@pytest.mark.parametrize(("port", "word"), [("many", "no port"), ("70000", "no port"), ("0", "no port")])
def test_nonsense_ports_are_told_plainly(state: Path, port: str, word: str) -> None:
    code, said = say("run", state, PORT=port)
    assert (code, word in said) == (1, True), said


def test_commands_for_a_running_product_say_when_there_is_none(state: Path) -> None:
    for name in ("operator-key", "shell"):
        code, said = say(name, state)
        assert (code, said) == (1, "The local product is not running; `make run` starts it.\n")
    assert say("logs", state)[0] == 1


def test_the_demo_passes_twice_in_a_row(state: Path) -> None:
    for _ in range(2):
        environment = _inherited() | {"LOCAL_STATE": str(state), "N": "60"}
        ran = subprocess.run(
            [sys.executable, "-m", "infra.local.demo"],
            cwd=ROOT,
            env=environment,
            text=True,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "every payload decrypts" in ran.stdout
    assert not state.exists()
