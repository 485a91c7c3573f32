"""What may be said of a visitor, and the form in which it is kept and compared. Asked by whoever takes a profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Invalid
from chalicelib.core.locales import is_timezone, language_tag
from chalicelib.features.subscriptions.model import (
    LARGEST_INTEGER,
    LONGEST_NAME,
    LONGEST_TAG,
    LONGEST_TEXT,
    MOST_ATTRIBUTES,
    MOST_TAGS,
    Attribute,
    Consent,
    Profile,
    TagEdit,
)

CLOCK_ERROR = timedelta(days=1)  # a visitor's clock may be wrong, or read as local time
_EARLIEST_CONSENT = datetime(2000, 1, 1, tzinfo=UTC)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def profile_of(said: Mapping[str, Any]) -> Profile:
    """The profile as it will be kept: tags once each, a language as it is usually written. Raises Invalid."""
    checked: dict[str, Any] = {name: None if value is None else _CHECKS[name](value) for name, value in said.items()}
    return Profile(**checked)


def legible(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what browsers say of themselves that has no standard name: it must not cost the rest of their words."""
    return {name: value for name, value in said.items() if value is None or _has_name(name, value)}


def consent_given(*, text: str | None, version: str | None, at: datetime | None, now: datetime) -> Consent:
    """A consent given in the future, or before there was web push, is none."""
    at = now if at is None else at
    if not _EARLIEST_CONSENT <= at <= now + CLOCK_ERROR:
        raise Invalid("This is not a time at which consent was given.", pointer="/consent/at")
    return Consent(in_milliseconds(at), text, version)


def said_ms(at: datetime, now: datetime) -> int:
    """A clock that is ahead must not have the last word for as long as it is."""
    return max(1, in_milliseconds(min(at, now + CLOCK_ERROR)))


def _has_name(name: str, value: Any) -> bool:
    return name not in _NAMED or bool(_NAMED[name](value))


def _external_id(text: str) -> str:
    if not 0 < len(text) <= LONGEST_TEXT or _CONTROL.search(text):
        raise Invalid(f"An external id has 1 to {LONGEST_TEXT} visible characters.", pointer="/external_id")
    return text


def _tags(said: Sequence[str] | Mapping[str, Sequence[str]]) -> tuple[str, ...] | TagEdit:
    """All of them as a list, or those to `add` and to `remove`. One that is both would depend on who reads it."""
    if not isinstance(said, Mapping):
        return _tag_list(said, "/tags")
    edit = TagEdit(*(_tag_list(said.get(name, ()), f"/tags/{name}") for name in ("add", "remove")))
    if set(edit.add) & set(edit.remove):
        raise Invalid("A tag is added or removed, not both.", pointer="/tags/remove")
    return edit


def _tag_list(tags: Sequence[str], pointer: str) -> tuple[str, ...]:
    if len(tags) > MOST_TAGS:
        raise Invalid(f"A subscription has at most {MOST_TAGS} tags.", pointer=pointer)
    for place, tag in enumerate(tags):
        if not 0 < len(tag) <= LONGEST_TAG or _CONTROL.search(tag):
            raise Invalid(f"A tag has 1 to {LONGEST_TAG} visible characters.", pointer=f"{pointer}/{place}")
    return tuple(dict.fromkeys(tags))


def _attributes(attributes: Mapping[str, Attribute | None]) -> Mapping[str, Attribute | None]:
    if len(attributes) > MOST_ATTRIBUTES:
        raise Invalid(f"A subscription has at most {MOST_ATTRIBUTES} attributes.", pointer="/attributes")
    for name, value in attributes.items():
        if not 0 < len(name) <= LONGEST_NAME or _CONTROL.search(name):
            raise Invalid(f"An attribute's name has 1 to {LONGEST_NAME} visible characters.", pointer="/attributes")
        if not _fits(value):
            raise Invalid(f"This is not a value an attribute may have: {name}", pointer="/attributes")
    return attributes


def _fits(value: Attribute | None) -> bool:
    """A date is text, as ISO 8601 writes it, and stays as it was written."""
    match value:
        case bool() | None:
            return True
        case str():
            return len(value) <= LONGEST_TEXT
        case int():
            return abs(value) <= LARGEST_INTEGER
    return isfinite(value)


def _timezone(name: str) -> str:
    if not is_timezone(name):
        raise Invalid("This is not a time zone by its IANA name.", pointer="/timezone")
    return name


def _language(text: str) -> str:
    tag = language_tag(text)
    if tag is None:
        raise Invalid("This is not a language tag like `de` or `pt-BR`.", pointer="/language")
    return tag


_NAMED: dict[str, Callable[[str], object]] = {"timezone": is_timezone, "language": language_tag}
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "tags": _tags,
    "attributes": _attributes,
    "timezone": _timezone,
    "language": _language,
    "external_id": _external_id,
}
