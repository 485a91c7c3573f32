"""A real Chromium for a test, as `firefox.py` has its Firefox: the console's, with a push service and a desktop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.adapters.console import chromium as console
from tests.e2e.browsers.desktop import Desktop
from tests.e2e.browsers.google import Google

_FLAGS = tuple(flag for flag in console.FLAGS if flag != "--disable-background-networking")  # pushes are that
_KEYS = {"Escape": 27, "Enter": 13, "Tab": 9, " ": 32}
_PATIENCE_SECONDS = 60.0
_ATTACH = "Target.setAutoAttach"
_UNHURRIED = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}

installed = console.installed


@contextmanager
def chromium(folder: Path, *, service: Google, desktop: Desktop) -> Iterator[Chromium]:
    """`folder/chromium.log` is what it says of itself."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = [*_FLAGS, *service.flags, "--enable-logging=stderr"]
    environment = {"DBUS_SESSION_BUS_ADDRESS": desktop.address}
    with (
        (folder / "chromium.log").open("wb") as log,
        console.browser(folder / "profile", flags=flags, environment=environment, log=log) as page,
    ):
        yield Chromium(page)


class Chromium:
    def __init__(self, page: console.Browser) -> None:
        self._page = page
        self._page.look(width=1280, height=800)
        self._own = {target["targetId"] for target in self._targets()}

    @property
    def complaints(self) -> list[str]:
        """What its console would show in red and yellow."""
        return self._page.complaints

    def visit(self, url: str) -> None:
        """Until it can be seen: clicks that come before are dropped."""
        self._page.ask("Page.bringToFront")
        self._page.ask("Page.navigate", url=url)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        ready = f"location.href === {url!r} && document.readyState === 'complete'"
        if not url.startswith("about:"):
            ready += " && performance.getEntriesByName('first-contentful-paint').length === 1"
        while not self.evaluate(ready):
            assert time.monotonic() < deadline, f"{url} did not load"
            time.sleep(0.02)

    def allow(self, origin: str) -> None:
        self._page.allow("notifications", origin=origin)

    def evaluate(self, expression: str) -> Any:
        return self._page.evaluate(expression)

    def click(self, expression: str) -> None:
        self.evaluate(f"({expression}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
        x, y = self.evaluate(
            "(({x, y, width, height}) => [x + width / 2, y + height / 2])" + f"(({expression}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._page.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        words = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": _KEYS.get(key, 0), **text}
        for kind in ("keyDown", "keyUp"):
            self._page.ask("Input.dispatchKeyEvent", type=kind, **words)

    def tabs(self) -> list[str]:
        """Where each is."""
        return [target["url"] for target in self._targets()]

    def close_other_tabs(self) -> None:
        for target in self._targets():
            if target["targetId"] not in self._own:
                self._page.ask("Target.closeTarget", targetId=target["targetId"])

    def disconnect(self) -> None:
        """Pages and workers, and what of them starts later: that waits until it is cut off as well."""
        self._page.attached = self._cut_off
        self._page.ask_of(None, _ATTACH, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def reconnect(self) -> None:
        """Where nobody looks on, nothing is emulated."""
        self._page.ask_of(None, _ATTACH, autoAttach=False, waitForDebuggerOnStart=False, flatten=True)
        self._page.attached = None

    def _cut_off(self, session: str) -> None:
        self._page.tell(session, "Network.enable")
        self._page.tell(session, "Network.emulateNetworkConditions", offline=True, **_UNHURRIED)
        self._page.tell(session, "Runtime.runIfWaitingForDebugger")

    def screenshot(self, file: Path) -> None:
        self._page.screenshot(file, whole=False)

    def _targets(self) -> list[dict[str, Any]]:
        found = self._page.ask("Target.getTargets")["targetInfos"]
        return [one for one in found if one["type"] == "page" and not one["url"].startswith("chrome:")]
