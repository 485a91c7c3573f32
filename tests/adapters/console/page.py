"""How tests look at the console's page, and where they press."""

from __future__ import annotations

import json
from collections.abc import Callable

from infra.local.console.product_view import Product
from tests.adapters.console.chromium import Browser
from tests.adapters.console.fake_product import FakeProduct, in_full_swing
from tests.adapters.console.stage import Stage

DESKTOP, PHONE = 1280, 390
OnStage = Callable[[Callable[[str], Product]], Stage]


def text(page: Browser, selector: str) -> str:
    return str(page.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))


def click(page: Browser, selector: str) -> None:
    page.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def shows(selector: str, words: str) -> str:
    return f"(document.querySelector({json.dumps(selector)})?.innerText ?? '').includes({json.dumps(words)})"


def opened(page: Browser, stage: OnStage, *, product: FakeProduct | None = None) -> tuple[Stage, FakeProduct]:
    shown: list[FakeProduct] = []

    def make(url: str) -> FakeProduct:
        shown.append(product or in_full_swing(url=url))
        return shown[0]

    standing = stage(make)
    page.visit(f"{standing.url}/")
    page.until(shows("#mode", "pushes"))
    return standing, shown[0]
