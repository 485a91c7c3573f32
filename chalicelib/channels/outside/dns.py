"""Every address that a name has, from the system's resolver, which knows no deadline: so it is asked in a thread."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.core.outside import Reason, Unreached


def look_up(host: str) -> Sequence[str]:
    """The dot at the end keeps the search list of the machine out: `a.b` must not become `a.b.our-network`."""
    try:
        found = socket.getaddrinfo(f"{host}.", None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class SystemResolver:
    look_up: Callable[[str], Sequence[str]] = look_up

    def addresses(self, host: str, *, within_seconds: float) -> Sequence[str]:
        found: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()
        threading.Thread(target=lambda: found.put(self.look_up(host)), name="resolver", daemon=True).start()
        try:
            return found.get(timeout=within_seconds)
        except queue.Empty:
            raise Unreached(Reason.TOO_SLOW) from None
