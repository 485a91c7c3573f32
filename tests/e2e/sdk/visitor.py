"""A visitor of the shop, with a real browser: looks, clicks, types, and answers what the browser asks."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from tests.adapters.console.chromium import Browser
from tests.e2e.sdk.shop import STAND_INS, Shop

_PATIENCE_SECONDS = 15.0
_PROMPT = "document.querySelector('pushsaas-prompt')?.shadowRoot"
_KEYS = {"Escape": 27, "Enter": 13, "Tab": 9}


class Visitor:
    def __init__(self, page: Browser, shop: Shop, *, stand_ins: Sequence[str] = ("push_service", "visitor")) -> None:
        self.page = page
        self.shop = shop
        self._scripts: list[str] = []
        for name in stand_ins:
            self.has((STAND_INS / f"{name}.js").read_text())
        self.answers("prompt")

    def has(self, script: str) -> None:
        """A browser that differs from this one by this much."""
        added = self.page.ask("Page.addScriptToEvaluateOnNewDocument", source=script)
        self._scripts.append(added["identifier"])

    def leave(self) -> None:
        for script in self._scripts:
            self.page.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script)

    def answers(self, setting: str) -> None:
        """What the browser has been told about notifications: `prompt` (nothing yet), `granted`, `denied`."""
        permission = {"name": "notifications"}
        self.page.ask("Browser.setPermission", permission=permission, setting=setting, origin=self.shop.origin)

    def visits(self, path: str = "/") -> None:
        """Until the page can be seen: the browser drops clicks that come before."""
        self.page.visit(self.shop.origin + path)
        self.page.until("performance.getEntriesByName('first-contentful-paint').length === 1")
        self.page.until("window.pushsaas?.isReady === true")

    def says(self, command: str, *words: Any) -> dict[str, Any]:
        """As the page's own code would; the answer is where the visitor stands then."""
        spelled = ", ".join(json.dumps(word) for word in (command, *words))
        found: dict[str, Any] = self.page.evaluate(f"pushsaas({spelled})")
        return found

    def begins(self, command: str, *words: Any) -> None:
        """The same without waiting for the answer, which is in `window.answer` then."""
        spelled = ", ".join(json.dumps(word) for word in (command, *words))
        self.page.evaluate(f"void pushsaas({spelled}).then((now) => window.answer = now)")

    @property
    def state(self) -> str:
        return str(self.says("status")["state"])

    def clicks(self, selector: str, *, within: str = "document") -> None:
        box = self.page.evaluate(
            f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
            f"({within}.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.page.ask("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def clicks_in_prompt(self, part: str) -> None:
        self.clicks(f"[part={part}]", within=_PROMPT)

    def types(self, key: str) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.page.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=_KEYS[key], **text
            )

    def sees_prompt(self) -> str:
        self.page.until(f"{_PROMPT}?.querySelector('dialog')?.open === true")
        return str(self.page.evaluate(f"{_PROMPT}.querySelector('dialog').innerText"))

    def in_prompt(self, expression: str) -> Any:
        return self.page.evaluate(f"((root) => {expression})({_PROMPT})")

    def sees_no_prompt(self) -> bool:
        return bool(self.page.evaluate("document.querySelector('pushsaas-prompt') === null"))

    def subscribes(self) -> dict[str, Any]:
        """All the way, as people do."""
        self.clicks("#bell")
        self.begins("subscribe")
        self.sees_prompt()
        self.clicks_in_prompt("allow")
        self.page.until("window.askedInAClick !== null")
        self.answers("granted")
        self.page.until("window.answer !== undefined")
        found: dict[str, Any] = self.page.evaluate("window.answer")
        return found

    def receives(self, message: Any, *, scope: str = "/pushsaas/") -> list[dict[str, Any]]:
        """A push, as if a push service had brought it; what is on the screen then."""
        text = message if isinstance(message, str) else json.dumps(message)
        shown = (
            f"navigator.serviceWorker.getRegistration({scope!r}).then((one) => one.getNotifications())"
            ".then((all) => all.map((one) => Object.fromEntries(['title', 'body', 'tag', 'icon', 'image', 'badge', 'lang', "
            "'requireInteraction', 'silent', 'data', 'actions'].map((name) => [name, one[name]]))))"
        )
        found: list[dict[str, Any]] = self.page.deliver_push(text, shown=shown, scope=scope)
        return found

    def worker(self, kind: str, *, at_once: int = 1, **facts: Any) -> list[dict[str, str]]:
        """Plays an event in the worker, or as many; what it did to windows by then."""
        asked = json.dumps({"kind": kind, **facts})
        played = (
            "new Promise(async (done) => { const channel = new MessageChannel();"
            "channel.port1.onmessage = (event) => done(event.data);"
            "const one = await navigator.serviceWorker.getRegistration('/pushsaas/');"
            f"one.active.postMessage({asked}, [channel.port2]); }})"
        )
        found: list[dict[str, str]] = self.page.evaluate(
            f"Promise.all(Array.from({{length: {at_once}}}, () => {played})).then((all) => all.pop())"
        )
        return found

    def remembers(self) -> dict[str, Any]:
        """The record of the shop's site."""
        found: dict[str, Any] = self.page.evaluate(
            _opened("memory", "readonly", f"store.get({self.shop.site.site_key!r})")
        )
        return found

    def forgets(self, **changes: Any) -> None:
        """As if another day, another key or another endpoint were the one remembered."""
        record = {**self.remembers(), **changes}
        self.page.evaluate(_opened("memory", "readwrite", f"store.put({json.dumps(record)})"))

    def receipts_kept(self) -> int:
        return int(self.page.evaluate(_opened("receipts", "readonly", "store.count()")))


def _opened(name: str, mode: str, work: str) -> str:
    return (
        "new Promise((done, fail) => { const opening = indexedDB.open('pushsaas', 1);"
        "opening.onsuccess = () => { const database = opening.result;"
        f"const store = database.transaction({name!r}, {mode!r}).objectStore({name!r}); const asked = {work};"
        "asked.onsuccess = () => { database.close(); done(asked.result); }; asked.onerror = fail; }; })"
    )


def soon(condition: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "never true"
        time.sleep(0.05)
