"""Secrets by name, from SSM's SecureString parameters, kept in memory for five minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.core import clock
from chalicelib.core.errors import Unavailable

KEPT_FOR = timedelta(minutes=5)
_kept: dict[str, tuple[datetime, str]] = {}


def secret(name: str) -> str:
    kept = _kept.get(name)
    if kept and clock.now() - kept[0] < KEPT_FOR:
        return kept[1]
    value = _fetch(name)
    _kept[name] = (clock.now(), value)
    return value


def forget() -> None:
    _kept.clear()


def _fetch(name: str) -> str:
    try:
        answer = client("ssm").get_parameter(Name=name, WithDecryption=True)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable from error
    return str(answer["Parameter"]["Value"])
