"""The shape of HTTP bodies: strict, closed, and honest about which fields are secrets shown once."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.core.errors import Invalid
from chalicelib.core.paging import DEFAULT_LIMIT, LARGEST_LIMIT

T = TypeVar("T")
S = TypeVar("S", bound="Schema")

_SHOWN_ONCE = "x-shown-once"
Secret = Annotated[str, Field(json_schema_extra={_SHOWN_ONCE: True})]
_MOST_ERRORS = 20


class Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(Schema):
    """Query strings carry text, so types are read from it."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)


class ListQuery(Query):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT)
    cursor: str | None = Field(None, max_length=1024)


class Nothing(Schema):
    """For endpoints that take no body and for answers that have none."""


class Accepted(Schema):
    status: str


def parse(schema: type[S], raw: bytes) -> S:
    try:
        return schema.model_validate_json(raw)
    except ValidationError as error:
        raise _invalid(error) from None


def parse_query(schema: type[S], values: dict[str, Any]) -> S:
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from None


def without_secrets(body: Schema) -> dict[str, Any]:
    """What may be stored of an answer."""
    document = body.model_dump(mode="json")
    for name, field in type(body).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(_SHOWN_ONCE):
            document.pop(name, None)
    return document


def _invalid(error: ValidationError) -> Invalid:
    problems = [
        {"pointer": "".join(f"/{_escape(part)}" for part in found["loc"]), "detail": found["msg"]}
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    more = len(problems) - _MOST_ERRORS
    detail = f"{problems[0]['pointer'] or '/'}: {problems[0]['detail']}"
    invalid = Invalid(detail if more <= 0 else f"{detail} ({more} errors are not listed)")
    invalid.facts["errors"] = problems[:_MOST_ERRORS]
    return invalid


def _escape(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
