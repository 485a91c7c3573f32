"""A stand-in for AWS as the `aws` command shows it: one account, its answers and its errors. Tests call `run` in their
own process, or put `executable` on a PATH; every line is written down either way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.deploy.aws_cli import Ran
from tests.fakes import aws_stacks, aws_stores
from tests.fakes.aws_state import Line, Says, State

_ROOT = Path(__file__).parents[2]
_ANSWERS = {**aws_stacks.ANSWERS, **aws_stores.ANSWERS}
_LOOKS = ("get-", "describe-", "list-", "head-", "scan", "wait", "get")


class Killed(BaseException):
    """Stands for a command that was ended from outside: nothing in it may catch this."""


@dataclass
class Cloud:
    """`refused` is the number of the call that AWS refuses; `killed_after`, of the last before the command dies."""

    state: State = field(default_factory=State)
    lines: list[list[str]] = field(default_factory=list)
    refused: int | None = None
    killed_after: int | None = None

    def run(self, line: Sequence[str]) -> Ran:
        number = len(self.lines)
        self.lines.append(list(line))
        ran = self._ran(number, Line.read(line))
        if number == self.killed_after:
            raise Killed
        return ran

    @property
    def calls(self) -> list[str]:
        """What was called, in order: service and operation, and what was waited for."""
        return [" ".join(line[: 3 if line[1] == "wait" else 2]) for line in self.lines]

    @property
    def changes(self) -> list[str]:
        """Only those calls that may change anything."""
        return self.changes_after(-1)

    def changes_after(self, number: int) -> list[str]:
        return [call for call in self.calls[number + 1 :] if not call.split()[1].startswith(_LOOKS)]

    def executable(self, folder: Path) -> Path:
        """Makes `aws` in this folder; `load` brings back what its calls have left."""
        program = folder / "aws"
        program.write_text(
            f"#!{sys.executable} -IS\nimport sys\nsys.path.insert(0, {str(_ROOT)!r})\n"
            f"from tests.fakes.aws_cloud import main\nsys.exit(main({str(folder / 'cloud.json')!r}))\n"
        )
        program.chmod(0o755)
        self.save(folder)
        return program

    @classmethod
    def load(cls, path: Path) -> Cloud:
        kept = json.loads(path.read_text())
        return cls(State(**kept.pop("state")), **kept)

    def save(self, folder: Path) -> None:
        (folder / "cloud.json").write_text(json.dumps(asdict(self)))

    def _ran(self, number: int, line: Line) -> Ran:
        try:
            answer = self._answer(number, line)
        except Says as says:
            return Ran(254, "", f"\n{_told(line.operation, *says.args)}\n")
        return Ran(0, answer if isinstance(answer, str) else json.dumps(answer), "")

    def _answer(self, number: int, line: Line) -> Any:
        if number == self.refused:
            raise Says("AccessDenied", "User is not authorized to perform this")
        if line.service == "configure" and not self.state.region:
            raise Says("", "")
        if line.service == "configure":
            return f"{self.state.region}\n"
        if not self.state.is_signed_in:
            raise Says("", 'Unable to locate credentials. You can configure credentials by running "aws configure".')
        return _ANSWERS[f"{line.service} {line.operation}"](self.state, line)


def main(path: str) -> int:
    cloud = Cloud.load(Path(path))
    ran = cloud.run(sys.argv[1:])
    cloud.save(Path(path).parent)
    sys.stdout.write(ran.said)
    sys.stderr.write(ran.complained)
    return ran.code


def _told(operation: str, code: str, message: str) -> str:
    name = "".join(part.title() for part in operation.split("-"))
    return f"An error occurred ({code}) when calling the {name} operation: {message}" if code else message
