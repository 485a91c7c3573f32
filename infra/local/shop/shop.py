"""The demo shop: what it answers at which address. It stands for a customer's server, so it knows of the product what a
customer knows: an address, a site key, and the secret that proves who is signed in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from infra.local.console.exchange import Answer, Request
from infra.local.shop import pages
from infra.local.shop.customer import Counter
from infra.local.shop.goods import SHELVES, article
from infra.local.shop.pages import View

STATIC = Path(__file__).parent / "static"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_HEADERS = {"Cache-Control": "no-cache", "Referrer-Policy": "strict-origin", "X-Content-Type-Options": "nosniff"}
_LONGEST_FORM = 4_096
_MANIFEST = {
    "name": pages.NAME,
    "short_name": pages.NAME,
    "start_url": "/",
    "display": "standalone",  # without it an iPhone's home screen has no push
    "background_color": "#f6f3ec",
    "theme_color": "#2f4a38",
    "icons": [{"src": f"/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in (192, 512)],
}


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the product's console shows a customer, and the customer writes into the settings of their shop."""

    product_url: str
    site_key: str
    identity_secret: str


class Shop:
    """`answer` from any thread. Everything it says is under a policy that allows the product and nothing else."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._counter = Counter()
        self._files = {f"/{file.relative_to(STATIC).as_posix()}": file for file in STATIC.rglob("*.*")}
        self._posts: dict[str, Callable[[Request], Answer]] = {"/sign-in": self._sign_in, "/sign-out": self._sign_out}

    def answer(self, request: Request) -> Answer:
        if request.method == "POST":
            if not (post := self._posts.get(request.path)) or not _is_own(request):
                return self._missing(request)
            return post(request)
        return self._look(request)

    @property
    def policy(self) -> str:
        product = self.account.product_url
        return (
            f"default-src 'none'; script-src 'self' {product}; connect-src {product}; worker-src 'self'; "
            "style-src 'self'; img-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types pushsaas"
        )

    @property
    def worker_policy(self) -> str:
        """Of its own: under Trusted Types a worker may import nothing."""
        product = self.account.product_url
        return f"default-src 'none'; script-src {product}; connect-src {product}"

    def _look(self, request: Request) -> Answer:
        if request.path == "/pushsaas-worker.js":
            line = f'importScripts("{self.account.product_url}/sdk/v1/worker.js");\n'
            return _answer(line.encode(), _MEDIA_TYPES[".js"], self.worker_policy)
        if request.path == "/manifest.webmanifest":
            return _answer(json.dumps(_MANIFEST).encode(), "application/manifest+json", self.policy)
        if file := self._files.get(request.path):
            return _answer(file.read_bytes(), _MEDIA_TYPES[file.suffix], self.policy)
        text = self._page(request)
        return self._missing(request) if text is None else self._html(text)

    def _page(self, request: Request) -> str | None:
        view = self._view(request)
        if request.path == "/":
            return pages.home_page(view)
        if request.path == "/account":
            return pages.account_page(view)
        shelf, _, slug = request.path[1:].partition("/")
        if shelf in SHELVES and not slug:
            return pages.shelf_page(view, shelf)
        one = article(slug)
        return pages.article_page(view, one) if one and one.shelf == shelf else None

    def _sign_in(self, request: Request) -> Answer:
        said = parse_qs(request.body[:_LONGEST_FORM].decode("utf-8", "replace")).get("email", [""])[0]
        cookie = self._counter.sign_in(said)
        if cookie is None:
            return self._html(pages.account_page(self._view(request), fault="That is no e-mail address."), status=422)
        return _to_account(cookie)

    def _sign_out(self, _: Request) -> Answer:
        return _to_account(self._counter.sign_out())

    def _view(self, request: Request) -> View:
        customer = self._counter.recognise(request.headers.get("cookie", ""))
        return View(
            product_url=self.account.product_url,
            site_key=self.account.site_key,
            customer=customer,
            signature=customer.signature(self.account.identity_secret) if customer else "",
        )

    def _missing(self, request: Request) -> Answer:
        return self._html(pages.missing_page(self._view(request)), status=404)

    def _html(self, text: str, *, status: int = 200) -> Answer:
        return _answer(text.encode(), "text/html; charset=utf-8", self.policy, status=status)


def _is_own(request: Request) -> bool:
    """A form of another site signs nobody in or out."""
    return request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _to_account(cookie: str) -> Answer:
    return Answer(status=303, headers={**_HEADERS, "Location": "/account", "Set-Cookie": cookie}, body=b"")


def _answer(body: bytes, media_type: str, policy: str, *, status: int = 200) -> Answer:
    headers: Mapping[str, str] = {**_HEADERS, "Content-Security-Policy": policy, "Content-Type": media_type}
    return Answer(status=status, headers=headers, body=body)
