"""A customer's shop on an origin of its own, under a policy as strict as they come, and the product that it uses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from app import app
from chalicelib.features.sites.model import Site
from chalicelib.features.sites.wiring import sites
from infra.local.console.exchange import Answer, Request
from infra.local.gateway import Gateway
from infra.local.sdk_files import SdkFiles
from tests.unit.subscriptions.memory import signed
from tests.world import World

STAND_INS = Path(__file__).parent / "stand_ins"
_NONCE = "bm9uY2U"
_STUB = "window.pushsaas = window.pushsaas || function () { (pushsaas.q = pushsaas.q || []).push(arguments); };"
_CORS = {
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Origin": "*",
}


class Receipts:
    """The route for receipts, as the contract has it; `status` may be set to a failure."""

    def __init__(self) -> None:
        self.status = 202
        self.preflights = 0
        self.heard: list[list[dict[str, Any]]] = []
        self.taken: list[dict[str, Any]] = []

    @property
    def told(self) -> list[tuple[str, str]]:
        """What happened to which, as it was taken. A browser that is busy is brought the same push again, and shows it at
        another moment: that alone is left out.
        """
        shown_at: dict[str, str] = {}
        return [
            (one["type"], one["receipt"])
            for one in self.taken
            if one["type"] != "displayed" or shown_at.setdefault(one["receipt"], one["at"]) == one["at"]
        ]

    @staticmethod
    def concerns(path: str) -> bool:
        return path.endswith("/events")

    def answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            self.preflights += 1
            return Answer(status=204, headers=_CORS, body=b"")
        status = self.status  # whoever sees what was heard may set another
        events = json.loads(request.body)["events"]
        self.heard.append(events)
        self.taken.extend(events if status < 300 else [])
        return Answer(status=status, headers=_CORS, body=b"{}")


class Refusals:
    """A server that will have nobody, once it has a `code`."""

    def __init__(self) -> None:
        self.code: str | None = None
        self.refused = 0

    def concerns(self, path: str) -> bool:
        return self.code is not None and path.endswith("/subscriptions")

    def answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Answer(status=204, headers=_CORS, body=b"")
        self.refused += 1
        return Answer(status=409, headers=_CORS, body=json.dumps({"code": self.code, "detail": "No."}).encode())


@dataclass
class Shop:
    """`attributes` and `says` go into the next page: on the script tag, and after the stub.

    `scripts` is what its policy says of those, with `{}` for where the SDK's files come from.
    """

    world: World
    gateway: Gateway
    receipts: Receipts
    refusals: Refusals
    server: ThreadingHTTPServer
    site: Site = field(init=False)
    attributes: str = ""
    says: str = ""
    lang: str = "en"
    direction: str = "ltr"
    cdn: str = ""
    stand_ins: tuple[str, ...] = ("push_service", "worker_lab")
    worker_says: str = ""
    scripts: str = f"'nonce-{_NONCE}'"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def files(self) -> str:
        """Where the SDK's files come from."""
        return self.cdn or self.gateway.url

    @property
    def policy(self) -> str:
        return (
            f"default-src 'none'; script-src {self.scripts.format(self.files)}; connect-src {self.gateway.url}; worker-src 'self'; "
            "img-src 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types pushsaas"
        )

    def page(self) -> str:
        tag = f'src="{self.files}/sdk/v1/pushsaas.js" data-site="{self.site.site_key}" {self.attributes}'
        return (
            f'<!doctype html><html lang="{self.lang}" dir="{self.direction}"><meta charset="utf-8"><title>Shop</title>'
            f'<meta name="viewport" content="width=device-width"><script nonce="{_NONCE}">{_STUB} {self.says}</script>'
            f'<script nonce="{_NONCE}" defer {tag}></script><h1>Shop</h1><button id="bell">Keep me posted</button>'
        )

    def worker(self) -> str:
        laboratory = "".join((STAND_INS / f"{name}.js").read_text() for name in self.stand_ins)
        return f'{self.worker_says}{laboratory}\nimportScripts("{self.gateway.url}/sdk/v1/worker.js");'

    def subscriptions(self) -> list[dict[str, Any]]:
        path = f"/v1/sites/{self.site.id}/subscriptions"
        found: list[dict[str, Any]] = self.world.client.get(path, as_=self.world.ada).json()["data"]
        return found

    def active(self) -> list[dict[str, Any]]:
        return [one for one in self.subscriptions() if one["status"] == "active"]

    def owner_tags(self, subscription_id: str, *tags: str, without: tuple[str, ...] = ()) -> None:
        path = f"/v1/sites/{self.site.id}/subscriptions/{subscription_id}"
        self.world.client.patch(path, as_=self.world.ada, json={"tags": {"add": list(tags), "remove": list(without)}})

    def signature(self, external_id: str) -> str:
        secret = sites().identity_secret(tenant_id=self.site.tenant_id, site_id=self.site.id)
        return signed(secret, external_id)


@contextmanager
def open_shop(world: World) -> Iterator[Shop]:
    receipts, refusals = Receipts(), Refusals()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Visit)
    server.daemon_threads = True
    with Gateway(app, sites=[SdkFiles(), receipts, refusals]) as gateway:
        shop = Shop(world, gateway, receipts, refusals, server)
        shop.site = sites().create(tenant_id=world.ada.tenant_id, name="Shop", url=shop.origin, now=world.clock.now())
        vars(server)["shop"] = shop
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Visit(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shop: Shop = vars(self.server)["shop"]
        path = self.path.partition("?")[0]
        if path.endswith("worker.js"):
            self._say("text/javascript", shop.worker())
        elif path == "/sw.js":
            self._say("text/javascript", "self.isShops = true; self.addEventListener('fetch', () => {});")
        elif path == "/favicon.ico":
            self._say("image/png", "")
        else:
            page = shop.page().replace("data-site", "data-stie") if path == "/no-site" else shop.page()
            self._say("text/html", page, {"Content-Security-Policy": shop.policy})

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _say(self, media_type: str, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(200)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
