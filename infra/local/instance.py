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
from typing import IO

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


@dataclass(frozen=True)
class Lease:
    """The right to run here. `lock` is the open file whose lock says so, for a child to hold as well."""

    instance: Instance
    lock: int

    def announce(self) -> None:
        announce(self.instance)


@contextmanager
def only_one(*, port: int) -> Iterator[Lease]:
    """The kernel frees the lock however the processes end."""
    STATE.mkdir(mode=0o700, exist_ok=True)  # keys and addresses: nobody else on this machine reads them
    with _LOCK.open("a") as lock:
        if not _locks(lock, fcntl.LOCK_EX):
            other = _announced()
            where = f" at {other.url} (process {other.pid})" if other else ""
            raise Taken(f"The local product is running already{where}. Stop it with Ctrl-C there.")
        _must_be_free(port)
        lease = Lease(Instance(os.getpid(), port), lock.fileno())
        lease.announce()
        try:
            yield lease
        finally:
            _HERE.unlink(missing_ok=True)


def announce(instance: Instance) -> None:
    _HERE.write_text(json.dumps(asdict(instance)))


def running() -> Instance | None:
    """The one that holds the lock. What it wrote down may outlive it, so that alone proves nothing."""
    try:
        with _LOCK.open() as lock:
            return None if _locks(lock, fcntl.LOCK_SH) else _announced()
    except FileNotFoundError:
        return None


def _locks(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _announced() -> Instance | None:
    try:
        return Instance(**json.loads(_HERE.read_text()))
    except (OSError, ValueError, TypeError):
        return None


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
