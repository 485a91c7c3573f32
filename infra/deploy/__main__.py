"""`make deploy STAGE=prod` and its sisters: rollback, teardown, smoke, operator-key, signing-key, reseal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.deploy.aws_cli import Aws
from infra.deploy.deploy import deploy
from infra.deploy.ground import Ground, find_ground
from infra.deploy.halt import Halt
from infra.deploy.operator_key import issue_key
from infra.deploy.reseal import reseal
from infra.deploy.rollback import roll_back
from infra.deploy.signing_key import renew_signing_key
from infra.deploy.smoke import smoke
from infra.deploy.stack import Stack
from infra.deploy.teardown import tear_down
from infra.deploy.terminal import Terminal
from infra.deploy.wishes import Wishes
from infra.packaging.refusal import Refused
from infra.packaging.stage import Stage, read_stage
from infra.sdk import DIST


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        _run(asked)
    except Halt as halt:
        print(f"make {asked.command}: {halt}\n  next: {halt.then}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nmake {asked.command}: stopped. Run it again: it goes on where it was.", file=sys.stderr)
        return 130
    return 0


def _run(asked: argparse.Namespace) -> None:
    terminal = Terminal(says_yes=asked.yes)
    ground = find_ground(_stage(asked.stage), region=asked.region or _region(), terminal=terminal, aws=Aws())
    _COMMANDS[asked.command](ground, asked)


def _stage(name: str) -> Stage:
    try:
        return read_stage(ROOT, name)
    except Refused as refused:
        raise Halt(str(refused), then="Say which: STAGE=prod or STAGE=dev") from None


def _deploy(ground: Ground, asked: argparse.Namespace) -> None:
    wishes = Wishes(
        domain=asked.domain,
        certificate=asked.certificate,
        sdk_domain=asked.sdk_domain,
        sdk_certificate=asked.sdk_certificate,
        zone=asked.zone,
        mail_from=asked.mail_from,
        alarm_email=asked.alarm_email,
        concurrency=asked.concurrency,
        replaced=asked.replace,
        keys=asked.keys,
        package=Path(asked.package) if asked.package else None,
        sdk=Path(asked.sdk) if asked.sdk else DIST,
    )
    deploy(ground, wishes)


def _roll_back(ground: Ground, asked: argparse.Namespace) -> None:
    roll_back(ground, release=asked.release, replaced=asked.replace)


def _tear_down(ground: Ground, asked: argparse.Namespace) -> None:
    tear_down(ground, with_data=bool(asked.and_the_data or asked.data), data=asked.data)


def _smoke(ground: Ground, _asked: argparse.Namespace) -> None:
    if not smoke(ground, Stack(ground).must_stand().outputs["EndpointURL"]):
        raise Halt("The smoke test failed.", then="docs/runbooks/index.md: start with what rings.")


def _operator_key(ground: Ground, _asked: argparse.Namespace) -> None:
    issue_key(ground, Stack(ground).must_stand().parameters, only_first=False)


def _reseal(ground: Ground, _asked: argparse.Namespace) -> None:
    reseal(ground, Stack(ground).must_stand().parameters)


def _signing_key(ground: Ground, _asked: argparse.Namespace) -> None:
    Stack(ground).must_stand()
    renew_signing_key(ground)


ROOT = Path(__file__).parents[2]
_COMMANDS = {
    "deploy": _deploy,
    "rollback": _roll_back,
    "teardown": _tear_down,
    "smoke": _smoke,
    "operator-key": _operator_key,
    "signing-key": _signing_key,
    "reseal": _reseal,
}
_FLAGS = {
    "deploy": (
        "domain",
        "certificate",
        "sdk-domain",
        "sdk-certificate",
        "zone",
        "mail-from",
        "alarm-email",
        "concurrency",
        "replace",
        "keys",
        "package",
        "sdk",
    ),
    "rollback": ("release", "replace"),
    "teardown": ("data",),
}


def _parser() -> argparse.ArgumentParser:
    """An empty value is one not given: make hands over its variables as they are."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in _COMMANDS:
        command = commands.add_parser(name)
        command.add_argument("--stage", required=True)
        command.add_argument("--yes", action="store_true", help="agreed beforehand")
        for flag in ("region", *_FLAGS.get(name, ())):
            command.add_argument(f"--{flag}", default="")
        if name == "teardown":
            command.add_argument("--and-the-data", action="store_true", help="told once; the prefix is the second time")
    return parser


def _region() -> str:
    chosen = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")  # noqa: TID251 -- as the CLI itself does
    return chosen or ""


if __name__ == "__main__":
    sys.exit(main())
