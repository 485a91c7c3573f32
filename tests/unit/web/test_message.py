"""A message at the edge and a message inside are one thing: what one takes the other has, by the same name."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from chalicelib.channels import message as inside
from chalicelib.web import message as edge


def test_both_know_the_same_urgencies() -> None:
    assert get_args(edge.Urgency) == get_args(inside.Urgency)


def test_both_keep_a_message_as_long_when_nothing_is_said() -> None:
    assert edge.MessageBody.model_fields["ttl_seconds"].default == inside.DEFAULT_TTL_SECONDS


def test_both_have_the_same_fields_and_defaults() -> None:
    said: dict[str, Any] = {"title": "Hello", "url": "https://shop.example/"}
    body = edge.MessageBody(**said)
    assert set(body.fields) == {field.name for field in msgspec.structs.fields(inside.Message)}
    assert inside.message_of(body.fields) == inside.Message(**said)
    assert inside.fields_of(inside.message_of(body.fields)) == body.fields


def test_buttons_have_the_same_fields() -> None:
    assert set(edge.ActionBody.model_fields) == {field.name for field in msgspec.structs.fields(inside.Action)}
