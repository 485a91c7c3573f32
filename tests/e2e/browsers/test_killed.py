"""A run that is killed leaves nothing behind: not the browser, nor its many processes, nor the desktop's bus."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fakes.outsider import patiently

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
RUN = """
import sys
from pathlib import Path
from tests.e2e.browsers import chromium, desktop, firefox, google, mozilla

name, folder = sys.argv[1], Path(sys.argv[2])
with desktop.desktop(folder / "desktop") as screen:
    if name == "firefox":
        services, browser = mozilla.mozilla(), firefox.firefox
    else:
        services, browser = google.google(folder / "google"), chromium.chromium
    with services as service, browser(folder / name, service=service, desktop=screen):
        print("up", flush=True)
        sys.stdin.read()
"""


def test_a_run_that_is_killed_leaves_no_process_behind(program: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, program, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        try:
            assert run.stdout.readline() == "up\n"
            names = set(running(tmp_path).values())
        finally:
            run.kill()
    try:
        assert {"dbus-daemon", program} <= {name.removesuffix("-esr") for name in names}
        with suppress(AssertionError):
            patiently(lambda: not running(tmp_path), "the end of all", seconds=30)
        assert running(tmp_path) == {}
    finally:
        for number in running(tmp_path):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def running(folder: Path) -> dict[int, str]:
    """Names of processes by number, of those that were told of this folder: in so many words, or as their home."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if os.fsencode(folder) in told:
                found[int(process.name)] = (process / "comm").read_text().strip()
    return found
