"""`make checkov`: what checkov says of a stage's packaged template, but for what `explained.yaml` explains.

Asks nobody outside: no account, no rules from the network. Ends non-zero with anything unexplained.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import yaml

from infra.checkov.environment import Environment, ready
from infra.checkov.verdict import Explained, Explanation, Report, obsolete, read_report, unexplained
from infra.package import package
from infra.packaging.refusal import Refused
from infra.packaging.release import TEMPLATE
from infra.packaging.stage import read_stage

ROOT = Path(__file__).parents[2]
EXPLAINED = Path(__file__).with_name("explained.yaml")
_TRANSLATE = Path(__file__).with_name("translate.py")
_CHECK = ("--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "--output", "json")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.checkov", description="Have checkov look at a stage.")
    parser.add_argument("--stage", default="prod", help="one of .chalice/config.json")
    try:
        report = examine(parser.parse_args(arguments).stage)
    except (Refused, ValueError, subprocess.CalledProcessError) as fault:
        print(f"checkov: {fault}", file=sys.stderr)
        return 1
    explained = read_explained()
    new, idle = list(unexplained(report.findings, explained)), list(obsolete(explained, report.findings))
    for finding in new:
        print(f"checkov: {finding}", file=sys.stderr)
    for each in idle:
        print(f"checkov: explained, but not found: {each}", file=sys.stderr)
    figures = {"passed": report.passed, "explained": len(report.findings) - len(new), "failed": len(new) + len(idle)}
    print(f"CHECKOV {json.dumps(figures)}")
    return 1 if new or idle else 0


def examine(stage: str) -> Report:
    environment = ready(ROOT)
    with TemporaryDirectory() as folder:
        package(read_stage(ROOT, stage), Path(folder, "package"), template_only=True)
        return _checked(environment, _translated(environment, Path(folder, "package", TEMPLATE)))


def read_explained() -> Explained:
    return msgspec.convert(yaml.safe_load(EXPLAINED.read_text()), dict[str, Explanation])


def _translated(environment: Environment, template: Path) -> Path:
    """Under a name that checkov takes for CloudFormation."""
    target = template.with_name("translated.json")
    subprocess.run([environment.program("python"), "-I", _TRANSLATE, template, target], check=True)
    return target


def _checked(environment: Environment, template: Path) -> Report:
    """The first finding makes it end non-zero, which says nothing yet."""
    done = subprocess.run(
        [environment.program("checkov"), "--file", template, *_CHECK], capture_output=True, text=True, check=False
    )
    try:
        return read_report(json.loads(done.stdout))
    except json.JSONDecodeError:
        raise ValueError(done.stderr.strip() or "checkov said nothing") from None


if __name__ == "__main__":
    sys.exit(main())
