"""What visitors' browsers ask, as the SDK asks it: to subscribe, to say again what is known, to report. For the bench
of these routes and the test that holds their store calls.

Each comes from an address of its own, as visitors do: so each pays for being counted there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from chalicelib.core import ids
from chalicelib.core.receipts import Mint, Receipts
from infra.local.push_service.service import PushService
from tests.fakes.gateway import HttpAnswer
from tests.matrix.scene import ORIGIN, Scene

_SEED = 9
_CONSENT = {"text": "Hear of sales before they begin?", "version": "2026-11"}
_SAID: Mapping[str, Any] = {"timezone": "Europe/Madrid", "language": "es", "tags": ["newsletter"]}
_PEPPER = b"test-pepper"  # of the scene's installation
_OFFLINE = 50  # events in a report of whoever was: as many as the SDK's worker sends at once


class Browsers:
    """Of one site's visitors. `ways` are what there is to ask, each anew every time."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._sdk = f"/v1/sdk/{scene.things['site_key']}"
        self._numbers = count(1)
        self._regular = self._somebody()
        self._bodies: dict[str, Callable[[], tuple[str, Any]]] = {
            "subscribe": self._new,
            "refresh_same": self._unchanged,
            "refresh_changed": self._changed,
            "events_1": lambda: self._report(1),
            "events_50": lambda: self._report(_OFFLINE),
        }
        for way in self._bodies:  # who comes by is noted once in five minutes, by route
            self.prepared(way)()

    @property
    def ways(self) -> tuple[str, ...]:
        return tuple(self._bodies)

    def body(self, way: str) -> Any:
        return self._bodies[way]()[1]

    def prepared(self, way: str) -> Callable[[], HttpAnswer]:
        """To be asked once."""
        path, body = self._bodies[way]()
        address = f"2001:db8:{next(self._numbers):x}::1"
        return lambda: self._asked(path, body, address)

    def _asked(self, path: str, body: Any, address: str) -> HttpAnswer:
        headers = {"Origin": ORIGIN}
        answer = self._scene.world.client.post(f"{self._sdk}/{path}", json=body, headers=headers, address=address)
        if answer.status not in {200, 201, 202}:
            raise RuntimeError(f"{path}: {answer.text}")
        return answer

    def _somebody(self) -> dict[str, Any]:
        browser = PushService.simulated(_SEED, next(self._numbers))
        return {"subscription": browser, "consent": _CONSENT, **_SAID}

    def _new(self) -> tuple[str, Any]:
        return "subscriptions", self._somebody()

    def _unchanged(self) -> tuple[str, Any]:
        """A day's visit with nothing to tell."""
        return "subscriptions", self._regular

    def _changed(self) -> tuple[str, Any]:
        self._regular = {**self._regular, "tags": [f"basket-{next(self._numbers)}"]}
        return "subscriptions", self._regular

    def _report(self, number: int) -> tuple[str, Any]:
        events = [{"type": "displayed", "receipt": receipt} for receipt in self._receipts(number)]
        return "events", {"events": events}

    def _receipts(self, number: int) -> Iterator[str]:
        """One browser's, each of another run: so it is with who was offline."""
        key = next(self._numbers).to_bytes(16)
        return (self._mint().receipt(key).decode() for _ in range(number))

    def _mint(self) -> Mint:
        began_at = self._scene.world.clock.now()
        return Receipts(_PEPPER).mint(
            tenant_id=self._scene.things["tenant_id"], run_id=ids.new("run"), began_at=began_at
        )
