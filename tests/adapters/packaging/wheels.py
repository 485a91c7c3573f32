"""Wheels of our own making, so that the layer can be built without an index."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

ANYWHERE = "py3-none-any"
ON_LAMBDA = "cp313-cp313-manylinux_2_28_aarch64"
ON_LAPTOPS = "cp313-cp313-manylinux_2_28_x86_64"


def make_wheel(folder: Path, name: str, files: Mapping[str, str], *, tag: str = ANYWHERE) -> str:
    """Leaves the wheel in the folder and returns its line for a lock."""
    inside = f"{name}-1.0.dist-info"
    contents = {
        **files,
        f"{inside}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{inside}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{inside}/RECORD"])
    wheel = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**contents, f"{inside}/RECORD": record}.items():
            archive.writestr(path, text)
    return f"{name}==1.0 --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"
