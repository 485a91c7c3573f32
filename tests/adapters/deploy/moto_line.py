"""The `aws` command line over moto, for what is asked of it here: what the product then reads is what was put."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.core import clock
from infra.deploy.aws_cli import Ran
from infra.local import aws
from tests.fakes.aws_state import Line
from tests.fakes.aws_syntax import faults


class MotoLine:
    """Moto's parameters were changed at the machine's time; here it is the product's, from when one is first looked at."""

    def __init__(self) -> None:
        self.lines: list[Sequence[str]] = []
        self._changed_at: dict[tuple[str, int], datetime] = {}

    def run(self, words: Sequence[str]) -> Ran:
        assert faults(words) == []
        self.lines.append(words)
        line = Line.read(words)
        answer = {"get-parameter": self.get, "put-parameter": self.put}[line.operation](line)
        return Ran(0, json.dumps(answer, default=lambda at: at.isoformat()), "")

    def get(self, line: Line) -> Any:
        assert line.flags["with-decryption"] == []
        found = aws.client("ssm").get_parameter(Name=line.one("name"), WithDecryption=True)["Parameter"]
        at = self._changed_at.setdefault((found["Name"], found["Version"]), clock.now())
        return {"Parameter": found | {"LastModifiedDate": at}}

    def put(self, line: Line) -> Any:
        wanted = json.loads(Path(line.one("cli-input-json").removeprefix("file://")).read_text())
        return aws.client("ssm").put_parameter(**wanted)
