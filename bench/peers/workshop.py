"""Makes the programs in other languages, once for each state of their sources, under build/ (which git ignores).

What cannot be made here (no toolchain, or no registry to be reached) is said in one line, and is not measured.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PEERS = Path(__file__).parent
_BUILD = _PEERS.parents[1] / "build" / "bench"
_LONGEST_SECONDS = 900
_USUAL_PLACES = (Path("/usr/local/go/bin"), Path.home() / ".cargo" / "bin")


@dataclass(frozen=True)
class Program:
    """Made in a copy of `sources` by `make`, then started by `start`; the first words are tools or files made."""

    name: str
    sources: str
    make: tuple[str, ...]
    start: tuple[str, ...]


NODE = Program("node_web_push_us", "node", ("npm", "ci", "--ignore-scripts"), ("node", "push.mjs"))
GO = Program("go_us", "go", ("go", "build", "-o", "bin/", "./..."), ("./bin/push",))
GO_SINK = Program("the fast sink", "go", GO.make, ("./bin/sink",))
RUST = Program("rust_us", "rust", ("cargo", "build", "--release", "--locked"), ("./target/release/push",))


def command(program: Program) -> list[str] | None:
    """How to start it, once it is made; None, and a line that says why, when it cannot be."""
    try:
        _tool(program.make[0])
        folder = _made(program)
        first, *rest = program.start
        return [str(folder / first) if first.startswith("./") else _tool(first), *(str(folder / name) for name in rest)]
    except (OSError, subprocess.SubprocessError) as error:
        print(f"  {program.name}: skipped, {_reason(error)}")
        return None


def _made(program: Program) -> Path:
    sources = _PEERS / program.sources
    folder = _BUILD / program.sources
    stamp, state = folder / ".made", _state(sources)
    if not stamp.exists() or stamp.read_text() != state:
        tool, *words = program.make
        make = [_tool(tool), *words]
        print(f"  making {program.sources}, once", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sources, folder)
        subprocess.run(make, cwd=folder, check=True, capture_output=True, text=True, timeout=_LONGEST_SECONDS)
        stamp.write_text(state)
    return folder


def _state(sources: Path) -> str:
    files = sorted(path for path in sources.rglob("*") if path.is_file())
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _tool(name: str) -> str:
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, _USUAL_PLACES)])
    found = shutil.which(name, path=path)
    if found is None:
        raise FileNotFoundError(f"no {name} on this machine")
    return found


def _reason(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    return str(said).strip().splitlines()[-1]
