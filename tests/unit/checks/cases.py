"""A site, its page and what lies around them, as the judgements see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.features.checks.model.product import Product
from chalicelib.features.checks.model.visit import Markup, Page, Shown, Tag
from chalicelib.features.sites.model import Site

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = "https://shop.example"
KEY = "pk_" + "1" * 32
PRODUCT = Product("https://push.example.com/prod", "https://push.example.com/prod")
SITE = Site(
    id="site_1",
    tenant_id="ten_1",
    name="Shop",
    url=f"{SHOP}/",
    origins=(SHOP,),
    site_key=KEY,
    subject="mailto:ada@shop.dev",
    key_id="vap_1",
    vapid_public_key="BPublic",
    created_at=NOW,
)
TAG = Tag(PRODUCT.script_url, site=KEY)


def site(**words: Any) -> Site:
    return replace(SITE, **words)


def page(*tags: Tag, policies: tuple[str, ...] = (), metas: tuple[str, ...] = (), is_whole: bool = True) -> Page:
    return Page(f"{SHOP}/", Markup(tags, metas), policies, is_whole)


def shown(url: str = f"{SHOP}/", **words: Any) -> Shown:
    usual: dict[str, Any] = {"url": url, "status": 200, "kind": "text/html", "body": b"<p>"}
    return Shown(**usual | words)


def worker_file(url: str = f"{SHOP}/pushsaas-worker.js", **words: Any) -> Shown:
    body = PRODUCT.worker_line.encode()
    return shown(**{"url": url, "kind": "text/javascript", "body": body} | words)
