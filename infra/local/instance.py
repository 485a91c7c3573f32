"""One local product at a time: who holds the lock, and where it answers."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

STATE = Path(os.environ.get("LOCAL_STATE", ".local"))  # noqa: TID251 -- so that tests leave a developer's own alone
_LOCK = STATE / "lock"
_HERE = STATE / "instance.json"


class Taken(Exception):
    """The message says by what."""


@dataclass(frozen=True)
class Instance:
    """`aws_url` is where its AWS answers other processes, once it is up."""

    pid: int
    port: int
    aws_url: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def only_one(*, port: int) -> Iterator[Instance]:
    """The kernel frees the lock however the process ends."""
    STATE.mkdir(exist_ok=True)
    with _LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = running()
            where = f" at {other.url} (process {other.pid})" if other else ""
            raise Taken(f"The local product is running already{where}. Stop it with Ctrl-C there.") from None
        _must_be_free(port)
        instance = Instance(os.getpid(), port)
        announce(instance)
        try:
            yield instance
        finally:
            _HERE.unlink(missing_ok=True)


def announce(instance: Instance) -> None:
    _HERE.write_text(json.dumps(asdict(instance)))


def running() -> Instance | None:
    """The one that answers, if its process still lives."""
    try:
        found = Instance(**json.loads(_HERE.read_text()))
        os.kill(found.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return found


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Taken(f"Port {port} is taken by another program. Choose one: make run PORT={port + 1}") from None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
