"""The declarative envelope: its names, what it leaves out, and what goes first when there is too much."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.channels.message import Action, Message
from chalicelib.channels.webpush.payload import LARGEST_BYTES, DoesNotFit, envelope
from chalicelib.core import receipts

RUN = "run_00000000000000000000000000"
CLICKS = "https://push.example.com/c/"
RECEIPT = "R" * receipts.LENGTH
CLICK = CLICKS + RECEIPT
PLAIN = Message(title="Hello", url="https://shop.example/")
ACTIONS = (Action(action="open", title="Open", url="https://shop.example/open"),)
FAMILY = "👩‍👩‍👧‍👦"
FLAG = "🇩🇪"


def packed(message: Message) -> bytes:
    found = envelope(message, tag=RUN, clicks=CLICKS)
    addressed = found.addressed(RECEIPT.encode())
    assert len(found) == len(addressed)
    return addressed


def said(message: Message) -> Any:
    return json.loads(packed(message))


def variant(**changes: Any) -> Message:
    return msgspec.structs.replace(PLAIN, **changes)


def test_the_least_there_can_be() -> None:
    assert said(PLAIN) == {
        "web_push": 8030,
        "notification": {"title": "Hello", "navigate": CLICK, "tag": RUN},
        "receipt": RECEIPT,
        "page": "https://shop.example/",
    }


def test_every_name_as_browsers_know_it() -> None:
    message = Message(
        title="Hello",
        url="https://shop.example/",
        body="World",
        icon="https://shop.example/icon.png",
        image="https://shop.example/image.png",
        badge="https://shop.example/badge.png",
        tag="news",
        lang="de",
        actions=ACTIONS,
        ttl_seconds=60,
        urgency="high",
        topic="news",
        require_interaction=True,
        silent=True,
        app_badge=3,
        extra={"order": 7},
    )
    assert said(message) == {
        "web_push": 8030,
        "notification": {
            "title": "Hello",
            "navigate": CLICK,
            "body": "World",
            "icon": "https://shop.example/icon.png",
            "image": "https://shop.example/image.png",
            "badge": "https://shop.example/badge.png",
            "tag": "news",
            "lang": "de",
            "silent": True,
            "requireInteraction": True,
            "data": {"order": 7},
            "actions": [{"action": "open", "title": "Open", "navigate": f"{CLICK}1"}],
            "app_badge": 3,
        },
        "receipt": RECEIPT,
        "page": "https://shop.example/",
        "app_badge": 3,
    }


def test_each_button_counts_its_own_clicks() -> None:
    buttons = tuple(Action(action=name, title=name, url=f"https://shop.example/{name}") for name in ("yes", "no"))
    told = [action["navigate"] for action in said(variant(actions=buttons))["notification"]["actions"]]
    assert told == [f"{CLICK}1", f"{CLICK}2"]


def test_two_recipients_are_told_the_same_but_for_their_receipts() -> None:
    one = envelope(variant(actions=ACTIONS), tag=RUN, clicks=CLICKS)
    mine, yours = (one.addressed(letter * receipts.LENGTH) for letter in (b"m", b"y"))
    assert mine != yours
    assert mine.replace(b"m" * receipts.LENGTH, b"y" * receipts.LENGTH) == yours
    assert mine.count(b"m" * receipts.LENGTH) == 3


def test_a_badge_of_zero_is_said_because_it_clears() -> None:
    told = said(variant(app_badge=0))
    assert (told["app_badge"], told["notification"]["app_badge"]) == (0, 0)


def test_the_text_is_utf_8_and_not_escaped() -> None:
    assert "Grüße 🎉 日本".encode() in packed(variant(title="Grüße 🎉 日本"))


def test_a_message_of_exactly_the_largest_size_stays_whole() -> None:
    room = LARGEST_BYTES - len(packed(variant(body="x"))) + 1
    assert said(variant(body="x" * room))["notification"]["body"] == "x" * room
    assert len(packed(variant(body="x" * room))) == LARGEST_BYTES
    assert said(variant(body="x" * (room + 1)))["notification"]["body"].endswith("…")


def test_the_picture_goes_first_then_the_buttons_then_the_body() -> None:
    picture = f"https://shop.example/{'p' * 1_200}.png"
    buttons = (Action(action="open", title="o" * 500, url="https://shop.example/"),)
    whole = {"image", "actions", "body"}

    def kept(body: int) -> set[str]:
        note = said(variant(image=picture, actions=buttons, body="b" * body))["notification"]
        assert ("body" not in note) or set(note["body"]) <= {"b", "…"}
        return whole & set(note)

    assert kept(100) == {"image", "actions", "body"}
    assert kept(700) == {"actions", "body"}
    assert kept(2_000) == {"body"}
    assert said(variant(image=picture, actions=buttons, body="b" * 2_000))["notification"]["body"] == "b" * 2_000
    assert kept(3_000) == {"body"}


@pytest.mark.parametrize(
    "character",
    [
        "x",
        "ü",
        "日",
        "e\u0301",
        "1\ufe0f\u20e3",
        FAMILY,
        FLAG,
        "👍🏽",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u1112\u1161\u11ab",
        "नि",
        "a" + "\u0300" * 12,
    ],
    ids=["ascii", "umlaut", "kanji", "accent", "keycap", "family", "flag", "skin", "england", "jamo", "hindi", "zalgo"],
)
def test_a_cut_falls_between_two_characters_as_a_reader_counts_them(character: str) -> None:
    body = said(variant(body=character * 3_000))["notification"]["body"]
    cut = body.removesuffix("…")
    assert body != cut
    assert cut == character * (len(cut) // len(character))


def test_as_much_of_the_body_stays_as_fits() -> None:
    for character in ("x", FAMILY):
        encoded = packed(variant(body=character * 3_000))
        assert LARGEST_BYTES - len(character.encode()) < len(encoded) <= LARGEST_BYTES


def test_no_blank_stands_before_the_ellipsis() -> None:
    for offset in range(4):
        body = said(variant(body="x" * offset + "word " * 700))["notification"]["body"]
        assert body.endswith("word…") or body[-2] != " "


def test_what_escapes_in_json_counts_as_it_is_sent() -> None:
    assert len(packed(variant(body='"\\\n' * 900))) <= LARGEST_BYTES


@pytest.mark.parametrize(
    "message",
    [
        variant(url="https://shop.example/" + "u" * 2_600),
        variant(title="t" * 2_600, body="b" * 100),
        variant(icon="https://shop.example/" + "i" * 2_480, body="b" * 200),
        variant(extra={"note": "n" * 2_600}),
    ],
    ids=["address", "title", "icon", "extra"],
)
def test_a_message_that_no_cut_can_save_does_not_fit(message: Message) -> None:
    with pytest.raises(DoesNotFit):
        packed(message)


def test_a_cut_leaves_a_body_that_still_says_something() -> None:
    def length_with(room: int) -> int:
        url = "https://shop.example/" + "u" * (LARGEST_BYTES - len(packed(PLAIN)) - len(',"body":""') - room)
        return len(said(variant(url=url, body="b" * 500))["notification"]["body"])

    assert length_with(23) == 21  # 20 characters and an ellipsis of three bytes
    with pytest.raises(DoesNotFit):
        length_with(22)


_STARTERS = some.characters(exclude_categories=["Cs", "Mn", "Me", "Mc"])  # one endless character may not fit at all


@settings(max_examples=60, deadline=None)
@given(some.text(_STARTERS, min_size=20, max_size=3_000), some.integers(0, 40))
def test_whatever_is_said_fits_and_begins_as_it_was_written(body: str, title: int) -> None:
    encoded = packed(variant(body=body, title="t" * (title + 1)))
    assert len(encoded) <= LARGEST_BYTES
    told = json.loads(encoded)["notification"].get("body", "")
    assert told == body or body.startswith(told.removesuffix("…"))
