"""The local product's commands, as `make` calls them: run, reset, logs, shell, operator-key."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.local import calls
from infra.local.instance import STATE, Taken, running
from infra.local.supervisor import REAL, SIMULATED, WATCHED, supervise

_LOG = STATE / "log"


def run() -> int:
    """Everything on loopback, restarted when the code changes."""
    push = REAL if _variable("REAL_PUSH") in {"1", "true", "yes"} else SIMULATED
    return supervise(port=_port(), push=push, watched=() if _variable("RELOAD") == "0" else WATCHED)


def reset() -> int:
    """Forget the local product's state."""
    if other := running():
        print(f"The local product is running at {other.url}; stop it first, or it would save its state again.")
        return 1
    shutil.rmtree(STATE, ignore_errors=True)
    print("Forgotten. `make run` starts afresh.")
    return 0


def logs() -> int:
    """Follow the log until Ctrl-C."""
    if not _LOG.exists():
        print("Nothing has been logged yet; `make run` starts the product.")
        return 1
    with _LOG.open() as log:
        print(*log.readlines()[-40:], sep="", end="")
        while True:
            line = log.readline()
            if line:
                print(line, end="", flush=True)
            else:
                time.sleep(0.2)


def shell() -> int:
    """A Python prompt that talks to the running product."""
    return calls.prompt()


def operator_key() -> int:
    """A platform operator's key, shown once."""
    return calls.operator_key()


COMMANDS: dict[str, Callable[[], int]] = {
    "run": run,
    "reset": reset,
    "logs": logs,
    "shell": shell,
    "operator-key": operator_key,
}


def _variable(name: str) -> str:
    return os.environ.get(name, "")  # noqa: TID251 -- how make hands its variables over


def _port() -> int:
    text = _variable("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65_536:  # noqa: PLR2004 -- TCP's own bound
        raise Taken(f"PORT={text} is no port; choose a number from 1 to 65535.")
    return int(text)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m infra.local {'|'.join(COMMANDS)}")
        return 2
    os.chdir(Path(__file__).parents[2])
    try:
        return COMMANDS[arguments[0]]()
    except Taken as taken:
        print(taken)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
