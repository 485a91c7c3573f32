"""Error leaves: each has a code of its own, which is public for ever, and a page that explains it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import chalicelib
from chalicelib.core.errors import PushError

_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def leaves() -> list[type[PushError]]:
    """Every error the product can raise, families included; all its modules are imported to find them."""
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        importlib.import_module(module.name)
    found = _below(PushError)
    return sorted(
        {leaf for leaf in found if leaf.__module__.startswith("chalicelib.")}, key=lambda leaf: leaf.__qualname__
    )


def nameless(errors: Collection[type[PushError]]) -> Iterator[str]:
    uses = Counter(str(error.__dict__.get("code")) for error in errors)
    for error in errors:
        code = error.__dict__.get("code")
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            yield f"{_place(error)} has no code of its own in snake_case"
        elif uses[code] > 1:
            yield f"{_place(error)} shares the code {code} with another error"
        if not error.__dict__.get("title"):
            yield f"{_place(error)} has no title of its own"


def pageless(errors: Collection[type[PushError]], pages: Path) -> Iterator[str]:
    """Codes without a page and pages without an error, once there are pages at all."""
    if not pages.is_dir():
        return
    written = {page.stem for page in pages.glob("*.md")} - {"index", "README"}
    codes = {error.code for error in errors}
    yield from (f"docs/problems/{code}.md is missing: run `make docs`" for code in sorted(codes - written))
    yield from (f"docs/problems/{code}.md explains an error that nobody raises" for code in sorted(written - codes))


def _below(family: type[PushError]) -> Iterator[type[PushError]]:
    for child in family.__subclasses__():
        yield child
        yield from _below(child)


def _place(error: type[PushError]) -> str:
    return f"{error.__module__}.{error.__qualname__}"
