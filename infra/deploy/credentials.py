"""The installation's own secrets: made when they are absent, never overwritten, never shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.core import chance
from chalicelib.core.encoding import b64url
from chalicelib.features.identity.adapters.key_set import new_key_set
from infra.deploy.aws_cli import Refused
from infra.deploy.ground import Ground

_SECRET_BYTES = 32


def new_secret() -> str:
    return b64url(chance.token(_SECRET_BYTES))


MAKERS: Mapping[str, Callable[[], str]] = {
    "SECRET_JWT": new_key_set,
    "SECRET_PEPPER": new_secret,
    "SECRET_INSTALLATION": new_secret,
}


def secret_names(ground: Ground) -> dict[str, Callable[[], str]]:
    return {ground.stage.environment[variable]: make for variable, make in MAKERS.items()}


def make_absent_secrets(ground: Ground) -> None:
    makers = secret_names(ground)
    absent = ground.aws.call("ssm", "get-parameters", names=list(makers))["InvalidParameters"]  # as ciphertexts
    for name in sorted(absent):
        _put(ground, name, makers[name]())
        ground.terminal.say(f"made the secret {name}")


def _put(ground: Ground, name: str, value: str) -> None:
    kept = {"Type": "SecureString", "KeyId": ground.stage.environment["KMS_KEY"], "Overwrite": False}
    try:
        ground.aws.call_secretly("ssm", "put-parameter", {"Name": name, "Value": value, **kept})
    except Refused as refused:
        if refused.code != "ParameterAlreadyExists":  # somebody was faster, and theirs is as good
            raise
