"""A real browser for a test: headless Chromium over the DevTools protocol on a pipe, nothing but the standard library."""

from __future__ import annotations

import base64
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import IO, Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-pipe",
)  # fmt: skip
_PATIENCE_SECONDS = 30.0


def installed() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def browser(
    profile: Path,
    *,
    flags: Sequence[str] = FLAGS,
    environment: Mapping[str, str] | None = None,
    log: IO[bytes] | int = subprocess.DEVNULL,
) -> Iterator[Browser]:
    """Two pipes, as Chromium wants them: it reads commands from descriptor 3 and writes answers to 4."""
    program = installed()
    assert program is not None
    commands_read, commands_write = os.pipe()
    answers_read, answers_write = os.pipe()
    # A shell puts the pipes where Chromium expects them; preexec_fn is not safe beside threads.
    command = ["/bin/bash", "-c", f'exec "$@" 3<&{commands_read} 4>&{answers_write}', "-", program]
    process = subprocess.Popen(
        [*command, *flags, f"--user-data-dir={profile}"],
        pass_fds=(commands_read, answers_write),
        stdout=subprocess.DEVNULL,
        stderr=log,
        env={"HOME": str(profile), "PATH": os.defpath, **(environment or {})},
    )
    os.close(commands_read)
    os.close(answers_write)
    started = Browser(commands_write, answers_read)
    try:
        yield started
    finally:
        started.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Browser:
    """One page. `complaints` are its console's errors and warnings, exceptions, and requests its policy refused."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._number = 0
        self._turn = threading.Lock()
        self._session: str | None = None
        self.complaints: list[str] = []
        self._registrations: list[dict[str, Any]] = []
        self.attached: Callable[[str], None] | None = None  # told of each session that begins; not by the asking thread
        self._reader = threading.Thread(target=self._read, args=[answers], daemon=True)
        self._reader.start()
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    @contextmanager
    def another_tab(self) -> Iterator[Browser]:
        """Beside this page, in the same profile; what it complains of is among this one's complaints."""
        whole, tab = copy(self), copy(self)
        whole._session = None
        target = whole.ask("Target.createTarget", url="about:blank")["targetId"]
        tab._session = whole.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.ask(f"{domain}.enable")
        try:
            yield tab
        finally:
            whole.ask("Target.closeTarget", targetId=target)

    def look(self, *, width: int, height: int, dark: bool = False, is_phone: bool = False) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def visit(self, url: str) -> None:
        self.ask("Page.navigate", url=url)
        self.until(f"location.href === {url!r} && document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self.evaluate(expression):
            if time.monotonic() > deadline:
                raise AssertionError(f"never true: {expression}\n{self.evaluate('document.body.innerText')}")
            time.sleep(0.05)

    def allow(self, permission: str, *, origin: str) -> None:
        self.ask("Browser.grantPermissions", permissions=[permission], origin=origin)

    def deliver_push(self, text: str, *, shown: str, scope: str = "/") -> Any:
        """To the worker under this scope, as if a push service had brought it; returns what `shown` makes of that.

        A worker registered only just now is sometimes overlooked, so it is brought again until something shows.
        """
        registration, origin = self._registration(scope), self.evaluate("location.origin")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self.ask("ServiceWorker.deliverPushMessage", origin=origin, registrationId=registration, data=text)
            for _ in range(40):
                if found := self.evaluate(shown):
                    return found
                time.sleep(0.05)
        raise AssertionError("nothing was shown")

    def _registration(self, scope: str) -> str:
        self.ask("ServiceWorker.disable")
        self._registrations.clear()
        self.ask("ServiceWorker.enable")
        origin = self.evaluate("location.origin")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (found := [one for one in self._registrations if one["scopeURL"].startswith(origin + scope)]):
            assert time.monotonic() < deadline, "no service worker is registered"
            time.sleep(0.02)
        return str(found[-1]["registrationId"])

    def screenshot(self, file: Path, *, whole: bool = True) -> None:
        """The whole page, however long, or only what the window shows. Of a page behind another there is no picture."""
        self.ask("Page.bringToFront")
        words: dict[str, Any] = {}
        if whole:
            size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            words = {"captureBeyondViewport": True, "clip": clip}
        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", **words)["data"]))

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The page."""
        return self.ask_of(self._session, method, **parameters)

    def ask_of(self, session: str | None, method: str, **parameters: Any) -> dict[str, Any]:
        """Another page or worker, or, of no session, the browser itself."""
        number = self.tell(session, method, **parameters)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            answer = self._next(method, within_seconds=deadline - time.monotonic())
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def tell(self, session: str | None, method: str, **parameters: Any) -> int:
        """Without waiting for an answer, which goes by this number. For any thread."""
        with self._turn:
            self._number += 1
            message = {"id": self._number, "method": method, "params": parameters}
            if session:
                message["sessionId"] = session
            os.write(self._commands, json.dumps(message).encode() + b"\0")
            return self._number

    def _next(self, method: str, *, within_seconds: float) -> dict[str, Any]:
        try:
            return self._answers.get(timeout=max(0.0, within_seconds))
        except queue.Empty:
            raise AssertionError(f"{method}: the browser did not answer") from None

    def close(self) -> None:
        self._session = None
        with suppress(OSError, AssertionError):
            self.ask("Browser.close")
        os.close(self._commands)
        self._reader.join(10)

    def _read(self, answers: int) -> None:
        with os.fdopen(answers, "rb") as pipe:
            buffer = b""
            while chunk := pipe.read1(65536):
                *whole, buffer = (buffer + chunk).split(b"\0")
                for raw in whole:
                    self._sort(json.loads(raw))

    def _sort(self, message: dict[str, Any]) -> None:
        said = message.get("params", {})
        match message.get("method"):
            case None:
                self._answers.put(message)
            case "ServiceWorker.workerRegistrationUpdated":
                self._registrations += said["registrations"]
            case "Target.attachedToTarget" if self.attached is not None:
                self.attached(said["sessionId"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(said["exceptionDetails"]))
            case "Log.entryAdded" if said["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
            case "Runtime.consoleAPICalled" if said["type"] in {"error", "warning"}:
                self.complaints.append(str(said["args"]))
