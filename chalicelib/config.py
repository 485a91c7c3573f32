"""The environment, read once into one frozen Settings. Both doors read it at import, so a bad one never starts.

Secrets appear here as names; `aws/secrets.py` fetches them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=200)]
OptionalName = Annotated[str, Meta(max_length=200)]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+(/[A-Za-z0-9_-]+)?\Z", max_length=200)]
OptionalUrl = Annotated[str, Meta(pattern=r"^(https?://[^/\s?#]+(/[A-Za-z0-9_/-]*)?)?\Z", max_length=200)]


class Stage(StrEnum):
    LOCAL = "local"
    TEST = "test"
    DEV = "dev"
    PROD = "prod"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    stage: Stage
    prefix: Name
    public_url: Url
    kms_key: Name
    blobs_bucket: Name
    mail_from: Name
    secret_jwt: Name
    secret_pepper: Name
    secret_installation: Name

    kms_key_other: OptionalName = ""  # while the key is being replaced: the ARN of the one that does not seal
    secret_oauth_google: OptionalName = ""  # empty: there is no such door
    secret_oauth_microsoft: OptionalName = ""
    sign_in_url: OptionalUrl = ""  # where browsers go from there, with a one-time code; empty: to a page of our own

    sdk_url: OptionalUrl = ""  # where the SDK's files are; empty: with everything else, as the local product has them

    log_level: Annotated[str, Meta(pattern=r"^(DEBUG|INFO|WARNING|ERROR)\Z")] = "INFO"
    window: Annotated[int, Meta(ge=1, le=1024)] = 256
    careful_window: Annotated[int, Meta(ge=1, le=256)] = 25
    rows_per_batch: Annotated[int, Meta(ge=1, le=2048)] = 512
    country_header: Annotated[str, Meta(max_length=100)] = ""
    limits_scale: Annotated[int, Meta(ge=1, le=1_000_000)] = 1

    @property
    def public_path(self) -> str:
        """Empty on a domain of our own; API Gateway's own addresses carry the stage: `/prod`."""
        return urlsplit(self.public_url).path

    @property
    def clicks_url(self) -> str:
        """What a receipt is appended to."""
        return f"{self.public_url}/c/"

    @property
    def allows_http_origins(self) -> bool:
        """`http` origins (localhost only) are for building sites, never for production."""
        return self.stage is not Stage.PROD


class BadSettings(Exception):
    """The process must not start; the message names every variable at fault."""


def read(environment: Mapping[str, str]) -> Settings:
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field in msgspec.structs.fields(Settings):
        variable = field.name.upper()
        if variable in environment:
            try:
                values[field.name] = msgspec.convert(environment[variable], field.type, strict=False)
            except msgspec.ValidationError as error:
                faults.append(f"{variable}: {error}")
        elif field.required:
            faults.append(f"{variable} is missing")
    if faults:
        raise BadSettings("; ".join(faults))
    return Settings(**values)


@cache
def settings() -> Settings:
    return read(os.environ)
