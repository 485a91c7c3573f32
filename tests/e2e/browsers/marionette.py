"""Firefox's remote control, Marionette, over its own wire: `length:[0, number, command, words]` and back again."""

from __future__ import annotations

import json
import socket
from typing import Any

_PATIENCE_SECONDS = 180.0  # to start, on a machine that does much else
_ASKED, _ANSWERED = 0, 1


class Failed(AssertionError):
    """What the browser said no to."""


class Marionette:
    """One conversation; one question at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._number = 0
        self._read()  # its greeting

    def ask(self, command: str, **words: Any) -> Any:
        self._number += 1
        body = json.dumps([_ASKED, self._number, command, words]).encode()
        self._socket.sendall(b"%d:%b" % (len(body), body))
        kind, number, error, result = self._read()
        assert (kind, number) == (_ANSWERED, self._number)
        if error:
            raise Failed(f"{command}: {error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and result.keys() == {"value"} else result

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _read(self) -> Any:
        size = b""
        while (byte := self._stream.read(1)) != b":":
            if not byte:
                raise EOFError("Firefox is gone")
            size += byte
        return json.loads(self._stream.read(int(size)))
