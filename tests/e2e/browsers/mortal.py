"""How programs are started that end with whoever started them: a test run that is killed tidies up after nobody, and its
browsers would stay for days. The kernel sees to it, because nothing of ours is left that could.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path


def mortal(command: Sequence[str | Path]) -> list[str | Path]:
    """To be started by a thread that lives as long as the program shall: the kernel goes by that one.

    util-linux's setpriv asks for it and becomes the program, so its process is the program's. `preexec_fn` could ask as
    well, but is not safe beside threads.
    """
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "every Debian has it"
    return [setpriv, "--pdeathsig", "KILL", *command]
