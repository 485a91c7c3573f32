"""`make fuzz`: schemathesis tries the committed contract on the local product, over HTTP, with real credentials.

Ends with 1 when an answer is not as the contract says, or when an operation was never reached. The last line counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fakes import local_product
from tests.fuzz.stage import prepare

_CONTRACT = Path(__file__).parents[2] / "docs/openapi.json"
_SETTINGS = Path(__file__).with_name("schemathesis.toml")
_HABITS = Path(__file__).with_name("habits.py")
_PROGRAM = Path(sys.executable).with_name("schemathesis")
_LONGEST_SECONDS = 600
_BROKE = ("request_broke", "Traceback")  # what the product's log says of an error that nobody foresaw


def main(examples: int) -> int:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "log").open("w") as log, local_product.standing(log) as product:
            credentials = prepare(product, folder)
            attack(product.url, folder, credentials, examples=examples)
        log_lines = (folder / "log").read_text(encoding="utf-8").splitlines()
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return judge(report, [line for line in log_lines if any(word in line for word in _BROKE)])


def attack(url: str, folder: Path, credentials: dict[str, str], *, examples: int) -> None:
    """Leaves `report.json` in the folder."""
    settings, _ = shutil.copy(_SETTINGS, folder), shutil.copy(_HABITS, folder)
    words = ["--url", url, "--max-examples", examples, "--no-color"]
    report = ["--report", "json", "--report-json-path", folder / "report.json"]
    program = [str(word) for word in (_PROGRAM, "--config-file", settings, "run", _CONTRACT, *words, *report)]
    home = {"PYTHONPATH": str(Path(__file__).parents[2])}  # the habits know forgeries that tests know
    environment = {**os.environ, **credentials, **home}  # noqa: TID251 -- a child's own
    subprocess.run(program, cwd=folder, env=environment, check=False, timeout=_LONGEST_SECONDS)


def judge(report: dict[str, Any], broken: list[str]) -> int:
    unreached = sorted(operations() - _reached(report))
    sys.stdout.writelines(f"the product's log: {line}\n" for line in broken)
    sys.stdout.writelines(f"never reached (stage.py can give it something to meet): {each}\n" for each in unreached)
    said = sum(kind["count"] for kind in report["failures"] if kind["type"] == "ServerError")
    counts = {
        "operations": report["operations"]["tested"],
        "examples": report["test_cases"]["generated"],
        "failures": report["test_cases"]["unique_failures"] + report["test_cases"]["errored"] + len(unreached),
        "server_errors": max(said, len(broken)),
    }
    sys.stdout.write("FUZZ " + json.dumps(counts) + "\n")
    return 1 if report["exit_code"] or counts["failures"] or counts["server_errors"] else 0


def operations() -> set[str]:
    paths = json.loads(_CONTRACT.read_text(encoding="utf-8"))["paths"].items()
    return {f"{method.upper()} {path}" for path, methods in paths for method in methods}


def _reached(report: dict[str, Any]) -> set[str]:
    """Those that took a request at least once: a fuzzer that only meets closed doors has tried nothing."""
    rates = report["valid_rates"].items()
    return {operation for operation, phases in rates if any(phase["accepted"] for phase in phases.values())}


if __name__ == "__main__":
    asked = os.environ.get("EXAMPLES") or "20"  # noqa: TID251 -- how make hands its variables over
    if not asked.isdigit() or not int(asked):
        sys.exit(f"EXAMPLES={asked} is no number of examples")
    sys.exit(main(int(asked)))
