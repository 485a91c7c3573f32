"""The shape of HTTP bodies: strict, closed, and honest about which fields are secrets shown once."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SerializationInfo, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from chalicelib.core.errors import Invalid
from chalicelib.core.paging import DEFAULT_LIMIT, LARGEST_LIMIT

T = TypeVar("T")
S = TypeVar("S", bound="Schema")

SHOWN_ONCE = "x-shown-once"
_FOR_STORAGE = "for storage"
_CONCEALED = "\0shown once\0"
_MOST_ERRORS = 20
_LONGEST_POINTER = 200  # an unknown field may be called anything


def _conceal(value: str, info: SerializationInfo) -> str:
    return _CONCEALED if info.context == _FOR_STORAGE else value


Secret = Annotated[str, Field(json_schema_extra={SHOWN_ONCE: True}), PlainSerializer(_conceal)]


class Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(Schema):
    """Query strings carry text, so types are read from it."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)


class Form(Schema):
    """A body that another site's form posts. All is text, and whatever else the form holds is not read."""

    model_config = ConfigDict(extra="ignore", strict=False, frozen=True)


class AnyQuery(Query):
    """For pages that people link to: whatever a mail client or a tracker hangs on to a link is ignored."""

    model_config = ConfigDict(extra="ignore", strict=False, frozen=True)


class ListQuery(Query):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="How many to return at most.")
    cursor: str | None = Field(None, max_length=1024, description="`next_cursor` of the page before.")


def example(**fields: Any) -> ConfigDict:
    """For a class's `model_config`: how one looks in the contract. What is left out is named by its kind, or null."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Nothing(Schema):
    """For endpoints that take no body and for answers that have none."""


class Accepted(Schema):
    model_config = example(status="check_mail")

    status: str


def parse(schema: type[S], raw: bytes) -> S:
    try:
        return schema.model_validate_json(raw)
    except ValidationError as error:
        raise _invalid(error, _document(raw)) from None


def parse_query(schema: type[S], values: dict[str, str]) -> S:
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise _invalid(error, values) from None


def without_secrets(body: Schema) -> str:
    """What may be stored of an answer: the same text, less the fields that are shown once, however deep they are."""
    return to_json(_pruned(body.model_dump(mode="json", context=_FOR_STORAGE))).decode()


def _pruned(value: Any) -> Any:
    match value:
        case dict():
            return {name: _pruned(inner) for name, inner in value.items() if inner != _CONCEALED}
        case list():
            return [_pruned(inner) for inner in value if inner != _CONCEALED]
    return value


def _invalid(error: ValidationError, document: Any) -> Invalid:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [{"pointer": _pointer(one, document), "detail": _detail(one)} for one in found]
    detail = f"{problems[0]['pointer'] or '/'}: {problems[0]['detail']}"
    unlisted = len(problems) - _MOST_ERRORS
    return Invalid(
        detail if unlisted <= 0 else f"{detail} ({unlisted} errors are not listed)", errors=problems[:_MOST_ERRORS]
    )


def _document(raw: bytes) -> Any:
    try:
        return from_json(raw)
    except ValueError:
        return None


def _detail(found: ErrorDetails) -> str:
    return found["msg"].removeprefix("Value error, ")


def _pointer(found: ErrorDetails, document: Any) -> str:
    """A JSON Pointer into what was sent. Pydantic's locations also name the members of a union: those are left out."""
    place, pointer, last = document, "", len(found["loc"]) - 1
    for position, part in enumerate(found["loc"]):
        match place, part:
            case dict(), str() if part in place:
                place = place[part]
            case list(), int() if part < len(place):
                place = place[part]
            case _ if found["type"] != "missing" or position < last:
                continue
        pointer += "/" + str(part).replace("~", "~0").replace("/", "~1")
    return pointer[:_LONGEST_POINTER]
