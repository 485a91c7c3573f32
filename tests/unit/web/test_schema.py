"""Schemas: strict and closed, with errors that point into what was sent, and secrets that are stored nowhere."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

import pytest
from pydantic import Field, field_validator

from chalicelib.core.errors import Invalid
from chalicelib.web.schema import AnyQuery, ListQuery, Query, Schema, Secret, parse, parse_query, without_secrets


class Segment(Schema):
    segment_id: str


class Everyone(Schema):
    all: Literal[True]


class Schedule(Schema):
    send_at: datetime


class Draft(Schema):
    name: str = Field(max_length=5)
    audience: Segment | Everyone
    schedule: Schedule | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, int] | None = None

    @field_validator("name")
    @classmethod
    def name_is_not_reserved(cls, name: str) -> str:
        if name == "admin":
            raise ValueError("This name is reserved.")
        return name


def refused(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as error:
        parse(Draft, json.dumps(document).encode())
    return [(each["pointer"], each["detail"]) for each in error.value.facts["errors"]]


GOOD = {"name": "spring", "audience": {"all": True}} | {"name": "sale"}


def test_what_fits_is_read() -> None:
    draft = parse(Draft, json.dumps(GOOD | {"schedule": {"send_at": "2026-01-05T09:30:00Z"}}).encode())
    assert (draft.name, draft.audience) == ("sale", Everyone(all=True))
    assert draft.schedule is not None
    assert draft.schedule.send_at.tzinfo is not None


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"name": 7}, ["/name"]),
        ({"name": "too long"}, ["/name"]),
        ({"surprise": 1}, ["/surprise"]),
        ({"schedule": {}}, ["/schedule/send_at"]),
        ({"schedule": {"send_at": "tomorrow"}}, ["/schedule/send_at"]),
        ({"schedule": []}, ["/schedule"]),
        ({"tags": ["a", 1, 2]}, ["/tags/1", "/tags/2"]),
        ({"tags": "a"}, ["/tags"]),
        ({"attributes": {"a/b~c": "x"}}, ["/attributes/a~1b~0c"]),
        ({"audience": {}}, ["/audience/segment_id", "/audience/all"]),
        ({"audience": {"all": False}}, ["/audience/segment_id", "/audience/all", "/audience/all"]),
        ({"audience": None}, ["/audience", "/audience"]),
        ({"Segment": 1, "audience": 3}, ["/audience", "/audience", "/Segment"]),
    ],
)
def test_errors_point_into_what_was_sent(change: dict[str, Any], pointers: list[str]) -> None:
    assert sorted(pointer for pointer, _ in refused(GOOD | change)) == sorted(pointers)


def test_a_missing_field_is_pointed_at() -> None:
    assert [pointer for pointer, _ in refused({"audience": {"all": True}})] == ["/name"]


def test_our_own_words_arrive_as_they_are() -> None:
    assert refused(GOOD | {"name": "admin"}) == [("/name", "This name is reserved.")]


def test_the_first_error_is_the_detail() -> None:
    with pytest.raises(Invalid, match=r"^/name: Input should be a valid string$"):
        parse(Draft, b'{"name":1,"audience":{"all":true}}')


def test_what_was_sent_is_not_repeated() -> None:
    with pytest.raises(Invalid) as error:
        parse(Draft, json.dumps(GOOD | {"schedule": {"send_at": "hunter2"}}).encode())
    assert "hunter2" not in repr(error.value.facts) + error.value.detail


def test_at_most_twenty_errors_are_listed_and_the_rest_counted() -> None:
    with pytest.raises(Invalid, match="5 errors are not listed") as error:
        parse(Draft, json.dumps(GOOD | {"tags": list(range(25))}).encode())
    assert len(error.value.facts["errors"]) == 20
    assert len(refused(GOOD | {"tags": list(range(20))})) == 20


@pytest.mark.parametrize("raw", [b"", b"[", b"{", b'{"name":', b"[1]", b"7"])
def test_even_unguarded_bytes_are_only_invalid(raw: bytes) -> None:
    with pytest.raises(Invalid):
        parse(Draft, raw)


def test_a_query_is_closed_unless_it_is_for_links() -> None:
    with pytest.raises(Invalid):
        parse_query(Query, {"utm_source": "mail"})
    assert parse_query(AnyQuery, {"utm_source": "mail"}) == AnyQuery()
    assert parse_query(ListQuery, {"limit": "7"}).limit == 7


class Key(Schema):
    name: str
    key: Secret
    spare: Secret | None = None


class Keys(Schema):
    keys: list[Key]
    by_name: dict[str, Key]
    spares: list[Secret]
    at: datetime
    ratio: float = 1.0


def test_secrets_are_not_stored_however_deep_they_are() -> None:
    key = Key(name="ü", key="canary-1", spare="canary-2")
    body = Keys(keys=[key], by_name={"a": key}, spares=["canary-3"], at=datetime.fromisoformat("2026-01-05T00:00:00Z"))
    assert body.model_dump_json().count("canary") == 5
    assert without_secrets(body) == (
        '{"keys":[{"name":"ü"}],"by_name":{"a":{"name":"ü"}},"spares":[],"at":"2026-01-05T00:00:00Z","ratio":1.0}'
    )


def test_without_secrets_the_text_is_the_same() -> None:
    body = Keys(keys=[], by_name={}, spares=[], at=datetime.fromisoformat("2026-01-05T00:00:00.5Z"), ratio=0.1)
    assert without_secrets(body) == body.model_dump_json()


def test_a_secret_that_is_not_there_stays_nothing() -> None:
    assert without_secrets(Key(name="x", key="canary")) == '{"name":"x","spare":null}'
