"""The runbooks, as their tests read them: fenced shell, the `aws` lines in it, and what is quoted in backticks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.adapters.deploy.scene import ROOT

FOLDER = ROOT / "docs" / "runbooks"
_FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NESTED = re.compile(r"\$\((aws [^()]*)\)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ENDS = frozenset({">", "|", "&&", ";"})


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text()

    def shell(self) -> list[str]:
        return [line.strip() for block in _FENCE.findall(self.text) for line in block.splitlines() if line.strip()]

    def aws_lines(self) -> Iterator[list[str]]:
        """Also those inside `$(…)`, which stand for a value in the line around them."""
        for line in self.shell():
            yield from (_words(nested) for nested in _NESTED.findall(line))
            bare = _NESTED.sub("$VALUE", line)
            if bare.startswith("aws "):
                yield _words(bare)

    def links(self) -> list[str]:
        return _LINK.findall(self.text)


def pages() -> list[Page]:
    return [Page(path) for path in [*sorted(FOLDER.glob("*.md")), ROOT / "docs" / "deploy.md"]]


def _words(line: str) -> list[str]:
    words = shlex.split(line, comments=True)[1:]
    end = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
    return words[:end]
