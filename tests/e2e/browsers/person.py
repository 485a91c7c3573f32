"""A visitor of the shop with a real browser, whichever it is: looks, clicks, and sees what their desktop shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.e2e.browsers.desktop import Desktop, Shown
from tests.fakes.outsider import patiently

_PATIENCE_SECONDS = 60.0
_PROMPT = "document.querySelector('pushsaas-prompt')?.shadowRoot"
_GOODBYE = (
    "navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) =>"
    "one.pushManager.getSubscription().then((held) => held?.unsubscribe()).then(() => one.unregister()))))"
    ".then(() => true)"
)
_RECEIPTS = (
    "new Promise((done, fail) => { const opening = indexedDB.open('pushsaas', 1); opening.onerror = fail;"
    "opening.onsuccess = () => { const database = opening.result;"
    "const counting = database.transaction('receipts').objectStore('receipts').count();"
    "counting.onsuccess = () => { database.close(); done(counting.result); }; counting.onerror = fail; }; })"
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

    def disconnect(self) -> None:
        """Nothing that it runs reaches anything."""
        ...

    def reconnect(self) -> None: ...

    def screenshot(self, file: Path) -> None: ...


class Courier(Protocol):
    """A push service's stand-in."""

    def push(self, endpoint_id: str, body: bytes) -> None: ...

    def give_up_all(self) -> None:
        """Every subscription it has made is gone, though no browser knows."""
        ...

    def cut(self) -> None:
        """The line breaks. Whoever calls again is brought nothing before `mend`."""
        ...

    def mend(self) -> None: ...


class Person:
    def __init__(self, browser: Browser, service: Courier, desktop: Desktop, *, origin: str) -> None:
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
        """As if they had never been there, and with a clean screen. From where no page subscribes anew meanwhile: a
        subscription without its worker makes Firefox deaf for good once its push service gives it another name.
        """
        self.service.mend()
        self.browser.reconnect()
        self.browser.close_other_tabs()
        if self.browser.evaluate("location.origin") == self.origin:
            self.browser.visit(f"{self.origin}/pushsaas-worker.js")
            self.browser.evaluate(_GOODBYE)
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

    def is_asked(self) -> None:
        """By the prompt."""
        self.until(f"{_PROMPT}?.querySelector('dialog')?.open === true")

    def accepts(self) -> None:
        """What the prompt offers, once it is there."""
        self.is_asked()
        self.browser.click(f"{_PROMPT}.querySelector('[part=allow]')")

    def subscribes(self) -> None:
        """All the way, as people do."""
        self.clicks("#keep-posted")
        self.accepts()
        self.until("pushsaas('status').then(({state}) => state === 'subscribed')")

    def drops_subscription(self) -> None:
        """Behind the back of the page's script and of the product."""
        subscription = (
            "navigator.serviceWorker.getRegistration('/pushsaas/').then((one) => one.pushManager.getSubscription())"
        )
        assert self.browser.evaluate(f"{subscription}.then((one) => one.unsubscribe())")

    def goes_offline(self) -> None:
        self.service.cut()

    def comes_back(self) -> None:
        self.service.mend()

    def loses_network(self) -> None:
        self.browser.disconnect()
        self.until("navigator.onLine === false")

    def finds_network(self) -> None:
        self.browser.reconnect()
        self.until("navigator.onLine === true")

    def receipts_kept(self) -> int:
        """How many the worker has not brought to the product yet."""
        return int(self.browser.evaluate(_RECEIPTS))

    def signs_in(self, email: str) -> None:
        self.visits("/account")
        field = "document.querySelector('[name=email]')"
        self.browser.evaluate(f"void ({field}.value = {json.dumps(email)})")
        self.clicks("#sign-in")
        self._is_settled_at("#sign-out")

    def signs_out(self) -> None:
        self.visits("/account")
        self.clicks("#sign-out")
        self._is_settled_at("#sign-in")

    def customer(self) -> str:
        """As the page says who is signed in."""
        return str(self.browser.evaluate("document.querySelector('#customer').textContent"))

    def until(self, expression: str) -> None:
        patiently(lambda: self.browser.evaluate(expression), expression, seconds=_PATIENCE_SECONDS)

    def sees(self, title: str) -> Shown:
        """The notification of that title, once it is on the screen."""
        return self._once(lambda: next((one for one in self.desktop.shown() if one.title == title), None), title)

    def sees_nothing(self) -> None:
        patiently(lambda: self.desktop.shown() == [], "an empty screen", seconds=_PATIENCE_SECONDS)

    def body(self, one: Shown) -> str:
        """What the sender wrote. Chromium puts its name before it."""
        return one.body.removeprefix(f"{self.origin.removeprefix('http://')}\n\n")

    def lands_at(self, path: str) -> None:
        """In one of the tabs."""
        patiently(lambda: self.origin + path in self.browser.tabs(), f"a tab at {path}", seconds=_PATIENCE_SECONDS)

    def _is_settled_at(self, selector: str) -> None:
        """The page is there, and what it had to say of the visitor is said: changes wait for each other."""
        self.until(f"document.querySelector({json.dumps(selector)}) !== null && window.pushsaas?.isReady === true")
        self.says("untag", "nothing")

    def _once(self, look: Callable[[], Shown | None], what: str) -> Shown:
        found = patiently(look, f"“{what}”, on a screen with {self.desktop.history()},", seconds=_PATIENCE_SECONDS)
        assert found is not None
        return found
