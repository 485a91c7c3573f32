"""A real Firefox for a test: headless, over Marionette, its pushes from the stand-in and its notifications on a desktop
of the test's own. Nothing of it leaves this machine.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.e2e.browsers.desktop import Desktop
from tests.e2e.browsers.marionette import Marionette
from tests.e2e.browsers.mortal import mortal
from tests.e2e.browsers.mozilla import Mozilla

_START_SECONDS = 180.0
_PATIENCE_SECONDS = 60.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's own name for one
_DEAD_PORT = 9  # discard: nobody listens
_FLAGS = ("--headless", "--marionette", "--remote-allow-system-access", "--no-remote")
_SETTINGS: Mapping[str, object] = {
    "marionette.port": 0,
    "dom.push.testing.allowInsecureServerURL": True,
    "dom.push.connection.enabled": True,
    "dom.push.retryBaseInterval": 200,
    "dom.push.maxQuotaPerSubscription": 1000,
    "permissions.default.desktop-notification": 1,
    "alerts.useSystemBackend": True,
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": _DEAD_PORT,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": _DEAD_PORT,
    "network.proxy.allow_hijacking_localhost": False,
    "network.disable-localhost-when-offline": True,  # where all that it knows is
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.tabs.warnOnClose": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "devtools.console.stdout.content": True,  # pages' own words go to the log
    "devtools.console.stdout.chrome": True,  # and the browser's
    "dom.push.loglevel": "All",
}


def installed() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


@contextmanager
def firefox(folder: Path, *, service: Mozilla, desktop: Desktop) -> Iterator[Firefox]:
    """`folder/firefox.log` is what it says of itself."""
    program = installed()
    assert program is not None
    profile = folder / "profile"
    profile.mkdir(parents=True)
    settings = {**_SETTINGS, "dom.push.serverURL": service.address}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
    (profile / "user.js").write_text("\n".join(lines))
    with (folder / "firefox.log").open("wb") as log:
        process = subprocess.Popen(
            mortal([program, *_FLAGS, "--profile", profile]),
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                "HOME": str(profile),
                "PATH": os.defpath,
                "LANG": "en_US.UTF-8",
                "MOZ_DISABLE_NONLOCAL_CONNECTIONS": "1",
                "MOZ_CRASHREPORTER_DISABLE": "1",
                "DBUS_SESSION_BUS_ADDRESS": desktop.address,
            },
        )
        try:
            started = Firefox(Marionette(_port(profile, process)))
            yield started
            started.quit()
        finally:
            _end(process)


class Firefox:
    """`evaluate` and the like speak to the tab that is in front."""

    def __init__(self, marionette: Marionette) -> None:
        self._ask = marionette.ask
        self._marionette = marionette
        self._ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self._ask("WebDriver:SetTimeouts", script=int(_PATIENCE_SECONDS * 1000), pageLoad=60_000)
        self.tab = self._ask("WebDriver:GetWindowHandle")

    def allow(self, origin: str) -> None:
        """It allows all, by its settings."""

    def visit(self, url: str) -> None:
        self._ask("WebDriver:Navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """Promises are waited for."""
        return self._ask("WebDriver:ExecuteScript", script=f"return ({expression})", args=[])

    def click(self, expression: str) -> None:
        """The element that this says, as a person would."""
        element = self.evaluate(expression)
        self._ask("WebDriver:ElementClick", id=element[_ELEMENT])

    def press(self, key: str) -> None:
        self._ask("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": _pressed(key)}])

    def tabs(self) -> list[str]:
        """Where each is."""
        script = "return Array.from(gBrowser.browsers, (one) => one.currentURI.spec)"
        found: list[str] = self.privileged(script)
        return found

    def close_other_tabs(self) -> None:
        for handle in self._ask("WebDriver:GetWindowHandles"):
            if handle != self.tab:
                self._ask("WebDriver:SwitchToWindow", handle=handle, focus=False)
                self._ask("WebDriver:CloseWindow")
        self._ask("WebDriver:SwitchToWindow", handle=self.tab, focus=True)

    def disconnect(self) -> None:
        """As its menu has it: all of it, its line to the push service too. What it keeps open, it would use again."""
        self.privileged("Services.io.offline = true; Services.obs.notifyObservers(null, 'net:prune-all-connections')")

    def reconnect(self) -> None:
        self.privileged("Services.io.offline = false")

    def screenshot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self._ask("WebDriver:TakeScreenshot", full=False)))

    def privileged(self, script: str) -> Any:
        """As the browser's own code."""
        self._ask("Marionette:SetContext", value="chrome")
        try:
            return self._ask("WebDriver:ExecuteScript", script=script, args=[])
        finally:
            self._ask("Marionette:SetContext", value="content")

    def quit(self) -> None:
        with suppress(OSError, EOFError, AssertionError):
            self._ask("Marionette:Quit", flags=["eForceQuit"])
        self._marionette.close()


def _pressed(key: str) -> list[dict[str, str]]:
    value = {"Escape": "\ue00c", "Enter": "\ue007", "Tab": "\ue004"}.get(key, key)
    return [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    file = profile / "MarionetteActivePort"
    deadline = time.monotonic() + _START_SECONDS
    while not (file.exists() and (said := file.read_text().strip())):
        assert process.poll() is None, f"Firefox ended with {process.returncode}"
        assert time.monotonic() < deadline, "Firefox did not come up"
        time.sleep(0.05)
    return int(said)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
