"""A desktop for browsers: a message bus of its own, and on it who shows notifications. What a test does to one here is a
person's doing to the browser: its clicks are trusted.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.auth import AuthAnonymous
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from tests.e2e.browsers.mortal import mortal

_PATIENCE_SECONDS = 20.0
_FASTEST_SECONDS = 0.3  # nobody is: a browser that still works on the push takes what is gone for never shown
_BY_PERSON, _BY_BROWSER = 2, 3  # why a notification closed, in the specification's numbers
_Texts = Annotated[list[str], DBusSignature("as")]
_Nothing = Annotated[None, DBusSignature("")]
_FourTexts = Annotated[list[str], DBusSignature("ssss")]
_TwoNumbers = Annotated[list[int], DBusSignature("uu")]
_NumberAndText = Annotated[list[int | str], DBusSignature("us")]
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>tcp:host=127.0.0.1,port=0</listen><auth>ANONYMOUS</auth><allow_anonymous/><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""


@dataclass(frozen=True)
class Shown:
    """One notification, as the person sees it; `keys` are the bus's names of its actions, by what is written on them."""

    number: int
    app: str
    title: str
    body: str
    keys: dict[str, str] = field(repr=False)

    @property
    def actions(self) -> list[str]:
        return [title for title, key in self.keys.items() if key != "default"]


class Desktop:
    def __init__(self, address: str, daemon: Daemon, loop: asyncio.AbstractEventLoop) -> None:
        self.address = address
        self._daemon = daemon
        self._loop = loop

    def shown(self) -> list[Shown]:
        """Oldest first."""
        return list(self._daemon.shown.values())

    def history(self) -> list[Shown]:
        """All that were ever shown, replacements too."""
        return list(self._daemon.history)

    def click(self, one: Shown, action: str | None = None) -> None:
        """On the notification, or on the button with this text."""
        key = "default" if action is None else one.keys[action]
        time.sleep(_FASTEST_SECONDS)
        self._do(lambda: self._daemon.press(one.number, key))

    def dismiss(self, one: Shown) -> None:
        time.sleep(_FASTEST_SECONDS)
        self._do(lambda: self._daemon.end(one.number, _BY_PERSON))

    def clear(self) -> None:
        """As if the screen were new; the browsers are not told."""
        self._do(self._daemon.forget)

    def _do(self, work: Callable[[], None]) -> None:
        async def done() -> None:
            work()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(_PATIENCE_SECONDS)


class Daemon(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.shown: dict[int, Shown] = {}
        self.history: list[Shown] = []
        self._last = 0

    @dbus_method(name="GetServerInformation")
    def name_itself(self) -> _FourTexts:
        return ["desktop", "tests", "1", "1.2"]

    @dbus_method(name="GetCapabilities")
    def list_skills(self) -> _Texts:
        return ["actions", "body", "persistence"]

    @dbus_method(name="Notify")
    def show(
        self,
        app_name: DBusStr,
        replaces: DBusUInt32,
        app_icon: DBusStr,
        summary: DBusStr,
        body: DBusStr,
        actions: _Texts,
        hints: DBusDict,
        expire_timeout: DBusInt32,
    ) -> DBusUInt32:
        if not replaces:
            self._last += 1
        number = replaces or self._last
        keys = dict(zip(actions[1::2], actions[::2], strict=True))
        self.shown[number] = Shown(number, app_name, summary, body, keys)
        self.history.append(self.shown[number])
        return number

    @dbus_method(name="CloseNotification")
    def close(self, number: DBusUInt32) -> _Nothing:
        self.end(number, _BY_BROWSER)

    @dbus_signal(name="NotificationClosed")
    def closed(self, number: DBusUInt32, reason: DBusUInt32) -> _TwoNumbers:
        return [number, reason]

    @dbus_signal(name="ActionInvoked")
    def pressed(self, number: DBusUInt32, action_key: DBusStr) -> _NumberAndText:
        return [number, action_key]

    def press(self, number: int, key: str) -> None:
        self.pressed(number, key)

    def end(self, number: int, reason: int) -> None:
        if self.shown.pop(number, None) is not None:
            self.closed(number, reason)

    def forget(self) -> None:
        self.shown.clear()
        self.history.clear()


def installed() -> str | None:
    return shutil.which("dbus-daemon")


@contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    program = installed()
    assert program is not None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bus.conf").write_text(_CONFIG)
    command = [program, f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile", "--print-address"]
    process = subprocess.Popen(mortal(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        address = process.stdout.readline().strip()
        daemon, bus = asyncio.run_coroutine_threadsafe(_on(address), loop).result(_PATIENCE_SECONDS)
        yield Desktop(address, daemon, loop)
        loop.call_soon_threadsafe(bus.disconnect)
    finally:
        process.terminate()
        process.communicate()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _on(address: str) -> tuple[Daemon, MessageBus]:
    bus = await MessageBus(address, auth=AuthAnonymous()).connect()
    daemon = Daemon()
    bus.export("/org/freedesktop/Notifications", daemon)
    await bus.request_name("org.freedesktop.Notifications")
    return daemon, bus
