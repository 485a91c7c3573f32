"""What the console may be asked for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from chalicelib.web.schema import Query, Schema

DAY_SECONDS = 86_400
FURTHEST_SECONDS = 31 * DAY_SECONDS


class Advance(Schema):
    seconds: Annotated[int, Field(ge=1, le=FURTHEST_SECONDS)]


class PushRules(Schema):
    rules: list[dict[str, Any]]
    label: Annotated[str, StringConstraints(max_length=80)] = ""
    for_seconds: Annotated[int, Field(ge=1, le=DAY_SECONDS)] | None = None


class NewCampaign(Schema):
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    body: Annotated[str, StringConstraints(max_length=2_000)] = ""


class StateQuery(Query):
    since: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}(-[0-9]{1,18}){3}$")] | None = None


class CheckQuery(Query):
    tenant: Annotated[str, StringConstraints(pattern=r"^ten_[0-9a-z]{26}$")]
    site: Annotated[str, StringConstraints(pattern=r"^site_[0-9a-z]{26}$")]


class ReceivedQuery(Query):
    run: Annotated[str, StringConstraints(pattern=r"^(run|ntf)_[0-9a-z]{26}$")] | None = None


class OutboxQuery(Query):
    to: Annotated[str, StringConstraints(min_length=1, max_length=320)] | None = None
