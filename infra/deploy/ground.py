"""Where a stage is deployed: whose account, which region, and the line to it. Every command begins by finding it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from infra.deploy.aws_cli import Aws, Refused
from infra.deploy.halt import Halt
from infra.deploy.terminal import Terminal
from infra.packaging.stage import Stage


@dataclass(frozen=True)
class Ground:
    stage: Stage
    account: str
    aws: Aws
    terminal: Terminal
    pause: Callable[[float], None] = time.sleep

    @property
    def prefix(self) -> str:
        return self.stage.prefix

    @property
    def region(self) -> str:
        return self.aws.region

    @property
    def artifact_bucket(self) -> str:
        """One for all regions, so that a deploy into the wrong one is noticed."""
        return f"{self.prefix}-artifacts-{self.account}"


def find_ground(stage: Stage, *, region: str, terminal: Terminal, aws: Aws) -> Ground:
    aws = replace(aws, region=region or _configured_region(aws))
    try:
        me = aws.call("sts", "get-caller-identity")
    except Refused as refused:
        raise Halt(f"AWS does not know you: {refused}", then="Sign in (`aws sso login` or `aws configure`).") from None
    terminal.say(f"{stage.prefix} in account {me['Account']}, {aws.region}, as {me['Arn']}")
    return Ground(stage, me["Account"], aws, terminal)


def _configured_region(aws: Aws) -> str:
    try:
        return aws.text("configure", "get", "region")
    except Refused:
        raise Halt(
            "No region is chosen.", then="Say REGION=eu-central-1, or run `aws configure set region …`."
        ) from None
