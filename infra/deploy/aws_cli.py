"""The `aws` command line: the only way deploying talks to AWS, with the login of whoever runs it.

What stands on a command line can be read by every process of the machine, so secrets go by a file of their own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from infra.deploy.halt import AGAIN, Halt

Parameter = str | int | Path | bool | None | Mapping[str, Any] | Sequence[Any]

_ERROR = re.compile(r"An error occurred \((\w+)\)[^:]*: (.*)", re.DOTALL)
_LONGEST = 500  # letters of what AWS says; it may quote half a template
_PERMISSION = "Your login may not do this; docs/deploy.md lists what a deployer needs."
_SIGN_IN = "Your login has run out: sign in again, then run the same command. What is done already is not done twice."
_WAYS_OUT = {
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"), _PERMISSION),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"), _SIGN_IN),
}


class Refused(Halt):
    """The command ended with an error. `code` is AWS's own name for it, empty when the error is the command's."""

    def __init__(self, call: str, said: str, *, is_secret: bool = False) -> None:
        known = _ERROR.search(said)
        self.code = known[1] if known else ""
        self.says = "" if is_secret else " ".join((known[2] if known else said).split())[:_LONGEST]
        reason = ": ".join(part for part in (call, self.code, self.says) if part)
        super().__init__(reason, then=_WAYS_OUT.get(self.code, AGAIN))


@dataclass(frozen=True)
class Ran:
    code: int
    said: str
    complained: str


def run_aws(line: Sequence[str]) -> Ran:
    program = shutil.which("aws")
    if program is None:
        raise Halt(
            "There is no `aws` command on the PATH.", then="Install the AWS CLI, version 2, and sign in with it."
        )
    done = subprocess.run([program, *line], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Aws:
    region: str = ""
    run: Callable[[Sequence[str]], Ran] = run_aws

    def call(self, service: str, operation: str, *words: str | Path, **flags: Parameter) -> Any:
        name = f"aws {service} {operation}"
        return _read(self._said(self._line(service, operation, *words, **flags), name=name), name)

    def call_secretly(self, service: str, operation: str, wanted: Mapping[str, Any]) -> Any:
        """`wanted` is the input as AWS names it. What AWS says of it is not repeated: it may quote it."""
        name = f"aws {service} {operation}"
        with NamedTemporaryFile("w", suffix=".json") as file:  # made for its owner's eyes only
            json.dump(wanted, file)
            file.flush()
            line = self._line(service, operation, cli_input_json=f"file://{file.name}")
            return _read(self._said(line, name=name, is_secret=True), name)

    def find(
        self, service: str, operation: str, *words: str | Path, absent: Collection[str], **flags: Parameter
    ) -> Any:
        """None when AWS answers with one of these codes."""
        try:
            return self.call(service, operation, *words, **flags)
        except Refused as refused:
            if refused.code in absent:
                return None
            raise

    def text(self, *words: str) -> str:
        """For the few commands that answer no JSON."""
        return self._said(words, name=f"aws {' '.join(words)}").strip()

    def _said(self, line: Sequence[str], *, name: str, is_secret: bool = False) -> str:
        ran = self.run(line)
        if ran.code:
            raise Refused(name, ran.complained, is_secret=is_secret)
        return ran.said

    def _line(self, service: str, operation: str, *words: str | Path, **flags: Parameter) -> list[str]:
        region = ["--region", self.region] if self.region else []
        return [service, *operation.split(), *map(str, words), *_spelled(flags), *region, "--output", "json"]


def _read(said: str, name: str) -> Any:
    try:
        return json.loads(said) if said.strip() else {}
    except ValueError:
        raise Refused(name, "its answer is no JSON") from None


def _spelled(flags: Mapping[str, Parameter]) -> Iterator[str]:
    for name, value in flags.items():
        if value is None or value is False:
            continue
        yield f"--{name.replace('_', '-')}"
        if isinstance(value, str | Path | int) and value is not True:
            yield str(value)
        elif isinstance(value, Sequence) and value and all(isinstance(word, str) for word in value):
            yield from value
        elif value is not True:
            yield json.dumps(value, separators=(",", ":"))
