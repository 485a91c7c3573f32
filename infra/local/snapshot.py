"""The local AWS survives a restart: all of moto's state in one file, replaced atomically. `make run` uses it.

Not a format to keep for years: a snapshot of another moto, another Python or a torn one is set aside, never repaired.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import logging
import marshal
import os
import pickle  # nosec B403 # what for is said where it is called
import platform
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

import moto
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.backends import get_backend
from moto.core.base_backend import BackendDict

from infra.local.moto_patch import LOCK

LOG = logging.getLogger("local.snapshot")
FORMAT = 1

Notes = Mapping[str, Any]
"""What else must come back with the state: the local clock, how far streams were read. Plain JSON values."""


def capture() -> bytes:
    """The whole state of the local AWS. Tests keep that of a fresh one: restoring is faster than creating resources."""
    with LOCK:
        in_use: list[Any] = vars(BackendDict)["_instances"]
        state = {
            services.service_name: {account: dict(regions) for account, regions in services.items()}
            for services in in_use
        }
        buffer = io.BytesIO()
        _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(state)
        return buffer.getvalue()


def restore(captured: bytes) -> None:
    with LOCK:
        BackendDict.reset()  # before loading: it closes the file of every S3 object there is
        state = pickle.loads(captured)  # nosec B301 # noqa: S301 -- this process's own, or a file of its owner's
        backends_of: Any = get_backend  # typed with one overload per service
        for service, accounts in state.items():
            for account, regions in accounts.items():
                backends_of(service)[account].update(regions)


_USELESS = (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, EOFError, pickle.PickleError)


class SetAside(Exception):
    """The file holds no state this process can use. The message says why and where it went."""


@dataclass(frozen=True)
class Snapshot:
    path: Path

    def save(self, notes: Notes) -> None:
        captured = capture()
        header = _identity() | {"notes": notes, "sha256": hashlib.sha256(captured).hexdigest()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            file.write(captured)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)

    def load(self) -> Notes | None:
        """Into a running AWS. None when there is no snapshot yet; SetAside when there was one of no use."""
        if not self.path.exists():
            return None
        try:
            return self._load()
        except _USELESS as error:
            BackendDict.reset()
            aside = self._set_aside()
            raise SetAside(
                f"{self.path.name} is of no use ({error}); it is now {aside.name}, starting empty"
            ) from error

    def _load(self) -> Notes:
        line, _, captured = self.path.read_bytes().partition(b"\n")
        header = json.loads(line)
        for name, here in _identity().items():
            if header[name] != here:
                raise ValueError(f"made with {name} {header[name]}, this is {here}")
        if hashlib.sha256(captured).hexdigest() != header["sha256"]:
            raise ValueError("torn or damaged")
        restore(captured)
        notes: Notes = header["notes"]
        return notes

    def _set_aside(self) -> Path:
        taken = len(list(self.path.parent.glob(f"{self.path.stem}.aside-*")))
        return self.path.replace(self.path.with_name(f"{self.path.stem}.aside-{taken + 1}"))


@dataclass
class Keeper:
    """Saves at intervals and at the end, in a thread of its own."""

    snapshot: Snapshot
    notes: Callable[[], Notes]
    every_seconds: float = 60.0
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The last snapshot is taken here, by the caller, after the thread has gone."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=60)
            self._thread = None
        self.snapshot.save(self.notes())

    def _run(self) -> None:
        while not self._stopping.wait(self.every_seconds):
            try:
                self.snapshot.save(self.notes())
            except Exception:
                LOG.exception("no snapshot this time")


def _identity() -> dict[str, object]:
    return {"format": FORMAT, "moto": moto.__version__, "python": ".".join(platform.python_version_tuple()[:2])}


class _Pickler(pickle.Pickler):
    """Where plain pickling fails: locks (made anew: whoever held one is gone), private keys, lambdas, odd defaults."""

    def reducer_override(self, obj: Any) -> Any:
        match obj:
            case threading.Condition():
                return (_on_the_lock if vars(obj)["_lock"] is LOCK else threading.Condition), ()
            case rsa.RSAPrivateKey():
                return _key, (_der(obj),)
            case FunctionType() if "<lambda>" in obj.__qualname__:
                return _function, (obj.__module__, marshal.dumps(obj.__code__))
            case defaultdict() if type(obj) is not defaultdict:
                return _defaults, (type(obj), obj.default_factory), vars(obj), None, iter(dict(obj).items())
            case _ if isinstance(obj, _RLock):
                return threading.RLock, ()
            case _ if isinstance(obj, _Lock):
                return threading.Lock, ()
        return NotImplemented


_RLock, _Lock = type(threading.RLock()), type(threading.Lock())


def _on_the_lock() -> threading.Condition:
    """A queue's arrivals are waited for on the one lock there is."""
    return threading.Condition(LOCK)


def _function(module: str, code: bytes) -> FunctionType:
    return FunctionType(marshal.loads(code), vars(importlib.import_module(module)))  # nosec B302 # noqa: S302 -- as pickle above


def _defaults(kind: type[defaultdict[Any, Any]], factory: Any) -> defaultdict[Any, Any]:
    """A subclass whose own constructor wants other things than defaultdict's."""
    made = kind.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _key(der: bytes) -> object:
    return serialization.load_der_private_key(der, None)


def _der(key: rsa.RSAPrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain)
