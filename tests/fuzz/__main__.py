"""`make fuzz`: schemathesis tries the committed contract on the local product, over HTTP, with real credentials; then
generators of our own try the readers of what strangers send.

Ends with 1 when an answer is not as the contract says, when an operation was never reached or was sent too little, or
when a reader broke. The last line counts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fakes import local_product
from tests.fuzz.profiles import Profile, asked_for
from tests.fuzz.stage import prepare
from tests.fuzz.targets.siege import Siege, besiege

_ROOT = Path(__file__).parents[2]
_CONTRACT = _ROOT / "docs/openapi.json"
_SETTINGS = Path(__file__).with_name("schemathesis.toml")
_HABITS = Path(__file__).with_name("habits.py")
_PROGRAM = Path(sys.executable).with_name("schemathesis")
_KNOWN = "probability = 0.9"  # in the settings
_ALONE = "probability = 0.6"  # and for what has little else to be told apart by
_MANY = "max-examples = 200"  # and these of a few operations, however quick
_MORE = "max-examples = 100"  # and of a few that soon repeat themselves
_FIRST = "^/v1/auth/register$"  # one session serves all operations, and keeps the credentials of whichever opened it
_BROKE = ("request_broke", "Traceback")  # what the product's log says of an error that nobody foresaw


def main(profile: Profile, *, only: str = "") -> int:
    """`only` is a pattern of paths: the full profile takes hours, and may be tried in pieces."""
    siege = besiege(profile.target_examples)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "log").open("w") as log, local_product.standing(log) as product:
            credentials = prepare(product, folder)
            attack(product.url, folder, credentials, profile=profile, only=only)
        log_lines = (folder / "log").read_text(encoding="utf-8").splitlines()
        report, sent = (
            json.loads((folder / name).read_text(encoding="utf-8")) for name in ("report.json", "sent.json")
        )
    broken = [line for line in log_lines if any(word in line for word in _BROKE)]
    return judge(report, broken, siege, few=too_few(sent, profile.at_least, operations(only)), only=only)


def attack(url: str, folder: Path, credentials: dict[str, str], *, profile: Profile, only: str) -> None:
    """Leaves `report.json` and `sent.json` in the folder."""
    shutil.copy(_HABITS, folder)
    settings = folder / _SETTINGS.name
    text = _SETTINGS.read_text(encoding="utf-8").replace(_KNOWN, f"probability = {profile.known}")
    text = text.replace(_ALONE, f"probability = {profile.known_alone}")
    text = text.replace(_MORE, f"max-examples = {2 * profile.examples}")
    text = text.replace(_MANY, f"max-examples = {max(200, 3 * profile.examples)}")
    settings.write_text(text, encoding="utf-8")
    words = ["--url", url, "--max-examples", profile.examples, "--no-color"]
    words += ["--include-path-regex", f"{only}|{_FIRST}"] if only else []
    report = ["--report", "json", "--report-json-path", folder / "report.json"]
    program = [str(word) for word in (_PROGRAM, "--config-file", settings, "run", _CONTRACT, *words, *report)]
    home = {"PYTHONPATH": str(_ROOT)}  # the habits know what tests know
    environment = {**os.environ, **credentials, **home}  # noqa: TID251 -- a child's own
    subprocess.run(program, cwd=folder, env=environment, check=False, timeout=profile.longest_seconds)


def judge(report: dict[str, Any], broken: list[str], siege: Siege, *, few: list[str], only: str = "") -> int:
    unreached = sorted(operations(only) - _reached(report))
    sys.stdout.writelines(f"the product's log: {line}\n" for line in broken)
    sys.stdout.writelines(f"never reached (stage.py can give it something to meet): {each}\n" for each in unreached)
    sys.stdout.writelines(f"sent too little: {each}\n" for each in few)
    said = sum(kind["count"] for kind in report["failures"] if kind["type"] == "ServerError")
    cases = report["test_cases"]
    missing = len(unreached) + len(few) + len(siege.fallen)
    counts = {
        "operations": report["operations"]["tested"],
        "examples": cases["generated"] + siege.examples,
        "failures": cases["unique_failures"] + cases["errored"] + missing,
        "server_errors": max(said, len(broken)),
    }
    sys.stdout.write("FUZZ " + json.dumps(counts) + "\n")
    return 1 if report["exit_code"] or counts["failures"] or counts["server_errors"] else 0


def too_few(sent: Mapping[str, int], at_least: int, asked: set[str]) -> list[str]:
    """Operations that take nothing but who asks can be asked in few ways: these are told, and are no failure."""
    counts = {each: sent.get(each, 0) for each in sorted(asked)}
    sys.stdout.writelines(f"sent: {count} of {each}\n" for each, count in counts.items())
    short = [(each, count) for each, count in counts.items() if count < at_least]
    bare = _bare()
    sys.stdout.writelines(f"all that there is to send: {count} of {each}\n" for each, count in short if each in bare)
    return [f"{each}, {count} of {at_least}" for each, count in short if each not in bare]


def operations(only: str = "") -> set[str]:
    return {label for label, path, _ in _operations() if re.search(only, path)}


def _bare() -> set[str]:
    return {label for label, _, operation in _operations() if not {"parameters", "requestBody"} & set(operation)}


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = json.loads(_CONTRACT.read_text(encoding="utf-8"))["paths"].items()
    return [(f"{method.upper()} {path}", path, one) for path, methods in paths for method, one in methods.items()]


def _reached(report: dict[str, Any]) -> set[str]:
    """Those that took a request at least once: a fuzzer that only meets closed doors has tried nothing."""
    rates = report["valid_rates"].items()
    return {operation for operation, phases in rates if any(phase["accepted"] for phase in phases.values())}


if __name__ == "__main__":
    words = {name: os.environ.get(name, "") for name in ("PROFILE", "EXAMPLES", "ONLY")}  # noqa: TID251 -- make's way
    try:
        wanted = asked_for(name=words["PROFILE"] or "quick", examples=words["EXAMPLES"])
    except ValueError as refused:
        sys.exit(str(refused))
    sys.exit(main(wanted, only=words["ONLY"]))
