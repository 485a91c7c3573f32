"""A visitor of the shop with a real browser, whichever it is: looks, clicks, and sees what their desktop shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.e2e.browsers.desktop import Desktop, Shown
from tests.fakes.outsider import patiently

_PROMPT = "document.querySelector('pushsaas-prompt')?.shadowRoot"
_WORKERS = (
    "navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister())))"
    ".then(() => true)"
)


class Browser(Protocol):
    def allow(self, origin: str) -> None:
        """The person lets this site notify them."""
        ...

    def visit(self, url: str) -> None: ...

    def evaluate(self, expression: str) -> Any:
        """In the page. Promises are waited for."""
        ...

    def click(self, expression: str) -> None:
        """On the element that this says; trusted."""
        ...

    def press(self, key: str) -> None: ...

    def tabs(self) -> list[str]: ...

    def close_other_tabs(self) -> None: ...

    def screenshot(self, file: Path) -> None: ...


class Service(Protocol):
    def cut(self) -> None: ...

    def mend(self) -> None: ...


class Person:
    def __init__(self, browser: Browser, service: Service, desktop: Desktop, *, origin: str) -> None:
        self.browser = browser
        self.service = service
        self.desktop = desktop
        self.origin = origin

    def visits(self, path: str = "/") -> None:
        """Until the page's script is there."""
        self.browser.allow(self.origin)
        self.browser.visit(self.origin + path)
        self.until("window.pushsaas?.isReady === true")

    def leaves(self) -> None:
        """As if they had never been there, and with a clean screen."""
        self.service.mend()
        self.browser.close_other_tabs()
        if self.browser.evaluate("location.origin") == self.origin:
            self.browser.evaluate(_WORKERS)
        self.browser.visit("about:blank")
        self.desktop.clear()

    def says(self, command: str, *words: Any) -> dict[str, Any]:
        """As the page's own script would; the answer is where the visitor stands then."""
        spelled = ", ".join(json.dumps(word) for word in (command, *words))
        found: dict[str, Any] = self.browser.evaluate(f"pushsaas({spelled})")
        return found

    @property
    def state(self) -> str:
        return str(self.says("status")["state"])

    def clicks(self, selector: str) -> None:
        element = f"document.querySelector({json.dumps(selector)})"
        self.until(f"{element}?.checkVisibility() === true")
        self.browser.click(element)

    def accepts(self) -> None:
        """What the prompt offers, once it is there."""
        self.until(f"{_PROMPT}?.querySelector('dialog')?.open === true")
        self.browser.click(f"{_PROMPT}.querySelector('[part=allow]')")

    def subscribes(self) -> None:
        """All the way, as people do."""
        self.clicks("#keep-posted")
        self.accepts()
        self.until("pushsaas('status').then(({state}) => state === 'subscribed')")

    def until(self, expression: str) -> None:
        patiently(lambda: self.browser.evaluate(expression), expression)

    def sees(self, title: str) -> Shown:
        """The notification of that title, once it is on the screen."""
        return self._once(lambda: next((one for one in self.desktop.shown() if one.title == title), None), title)

    def body(self, one: Shown) -> str:
        """What the sender wrote. Chromium puts its name before it."""
        return one.body.removeprefix(f"{self.origin.removeprefix('http://')}\n\n")

    def lands_at(self, path: str) -> None:
        """In one of the tabs."""
        patiently(lambda: self.origin + path in self.browser.tabs(), f"a tab at {path}")

    def _once(self, look: Callable[[], Shown | None], what: str) -> Shown:
        found = patiently(look, f"“{what}”, on a screen with {self.desktop.history()},")
        assert found is not None
        return found
