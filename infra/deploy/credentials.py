"""The installation's own secrets: made when they are absent, never overwritten, never shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.core import chance
from chalicelib.core.encoding import b64url
from chalicelib.features.identity.adapters.key_set import new_key_set
from infra.deploy.aws_cli import Refused
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt

_SECRET_BYTES = 32


def new_secret() -> str:
    return b64url(chance.token(_SECRET_BYTES))


MAKERS: Mapping[str, Callable[[], str]] = {
    "SECRET_JWT": new_key_set,
    "SECRET_PEPPER": new_secret,
    "SECRET_INSTALLATION": new_secret,
}
_REPLACEABLE = "SECRET_JWT"  # at the price of one refresh for everybody; rows hang on the others


def secret_names(ground: Ground) -> dict[str, Callable[[], str]]:
    return {ground.stage.environment[variable]: make for variable, make in MAKERS.items()}


def make_absent_secrets(ground: Ground) -> None:
    makers = secret_names(ground)
    absent = sorted(ground.aws.call("ssm", "get-parameters", names=list(makers))["InvalidParameters"])  # as ciphertexts
    lost = [name for name in absent if name != ground.stage.environment[_REPLACEABLE]]
    if lost and _has_rows(ground):
        then = "docs/runbooks/restore.md tells what hangs on it. A new one is no cure, so none was made."
        raise Halt(f"{', '.join(lost)} is gone, and rows were made with it.", then=then)
    for name in absent:
        _put(ground, name, makers[name]())
        ground.terminal.say(f"made the secret {name}")


def _has_rows(ground: Ground) -> bool:
    found = ground.aws.call(
        "dynamodb", "scan", table_name=f"{ground.prefix}-core", limit=1, select="COUNT", no_paginate=True
    )
    return bool(found["Count"])


def _put(ground: Ground, name: str, value: str) -> None:
    kept = {"Type": "SecureString", "KeyId": ground.stage.environment["KMS_KEY"], "Overwrite": False}
    try:
        ground.aws.call_secretly("ssm", "put-parameter", {"Name": name, "Value": value, **kept})
    except Refused as refused:
        if refused.code != "ParameterAlreadyExists":  # somebody was faster, and theirs is as good
            raise
