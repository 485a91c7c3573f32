"""Real browsers among the simulated ones, for tests that have them. Their own push service made their endpoints; here
what senders push to them is judged as everything else, and then brought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra.local.push_service.subscriber import Opened, print_of


@dataclass(frozen=True)
class Guest:
    """`vapid_public_key` is the one the subscription is bound to; `bring` is called on the server's thread."""

    vapid_public_key: bytes | None
    is_gone: bool
    bring: Callable[[bytes], None]

    def accepts(self, key_print: str) -> bool:
        return self.vapid_public_key is None or key_print == print_of(self.vapid_public_key)

    @staticmethod
    def open(body: bytes) -> Opened:  # noqa: ARG004 -- as whoever holds an endpoint would
        return Opened(None, "only the browser can read it")


Guests = Callable[[str, str], Guest | None]  # by host and endpoint id


def nobody(host: str, endpoint_id: str) -> None:  # noqa: ARG001 -- whoever it is
    return None
