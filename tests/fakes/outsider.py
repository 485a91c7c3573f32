"""Somebody who knows the local product over HTTP alone: registers, reads letters, subscribes simulated browsers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.request import Request, urlopen

from infra.local.push_service.service import PushService

T = TypeVar("T")

_PATIENCE_SECONDS = 20
_SEED = 11


@dataclass(frozen=True)
class Caller:
    url: str
    token: str = ""

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self._ask("POST", path, body, headers)

    def put(self, path: str, body: Any) -> Any:
        return self._ask("PUT", path, body, {})

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        credentials = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent = None if body is None else json.dumps(body).encode()
        whole = {"Content-Type": "application/json", **credentials, **headers}
        with urlopen(Request(self.url + path, data=sent, headers=whole, method=method), timeout=30) as answer:
            return json.load(answer)


def patiently(look: Callable[[], T], what: str, *, seconds: float = _PATIENCE_SECONDS) -> T:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)
    return found


def open_account(anyone: Caller, email: str, password: str) -> Any:
    return anyone.post("/v1/auth/verify-email", {"token": register(anyone, email, password), "password": password})


def register(anyone: Caller, email: str, password: str) -> str:
    """The token in the letter to the newcomer."""
    anyone.post("/v1/auth/register", {"email": email, "password": password, "tenant_name": "Shop"})
    return token_of_letter(anyone, email, "vt")


def token_of_letter(anyone: Caller, email: str, kind: str) -> str:
    """Of the first letter with a token of this kind."""

    def look() -> re.Match[str] | None:
        letters = anyone.get(f"/local/outbox?to={email}")["data"]
        return re.search(rf"token=({kind}_[\w.-]+)", " ".join(letter["text"] for letter in letters))

    found = patiently(look, "a letter")
    assert found
    return found[1]


def subscribe(anyone: Caller, site: Any, index: int, *, origin: str) -> Any:
    """The same index is the same browser."""
    browser = PushService.simulated(_SEED, index, vapid_public_key=site["vapid_public_key"])
    return anyone.post(f"/v1/sdk/{site['site_key']}/subscriptions", {"subscription": browser}, Origin=origin)
