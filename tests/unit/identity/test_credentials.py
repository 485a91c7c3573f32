"""Addresses and passwords: one spelling each, and clear refusals."""

from __future__ import annotations

import re

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.features.identity.model.credentials import clean_email, clean_password, mailbox_of, same_spelling
from chalicelib.features.identity.model.signature import Signer


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@Example.COM ", "ada@example.com"),
        ("ada+push@mail.example.co.uk", "ada+push@mail.example.co.uk"),
        ("a@xn--bcher-kva.xn--p1ai", "a@xn--bcher-kva.xn--p1ai"),
        (f"{'x' * 64}@example.com", f"{'x' * 64}@example.com"),
    ],
)
def test_an_address_has_one_spelling(typed: str, email: str) -> None:
    assert clean_email(typed) == email


@pytest.mark.parametrize(
    "typed",
    [
        "", "ada", "ada@", "@example.com", "ada@example", "ada@@example.com", "ada@example..com", "ada@-example.com",
        "ada@example.com-", "ada@example.com\nbcc: x@example.com", "ada @example.com", "ada@127.0.0.1", "ada@example.1a",
        "ädä@example.com", "ada@exämple.com", "ada@example.com,eve@example.com", f"{'x' * 65}@example.com",
        f"ada@{'x' * 63}.{'x' * 63}.{'x' * 63}.{'x' * 63}.com", f"ada@{'a.' * 200_000}", f"{'a' * 500_000}@",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_email(typed)
    assert refused.value.facts["errors"][0]["pointer"] == "/email"


@pytest.mark.parametrize("typed", ["x" * 8, "x" * 128, "пароль-пароль", "ﬁﬁﬁﬁ"])
def test_a_password_of_8_to_128_characters_is_taken(typed: str) -> None:
    assert clean_password(typed) == same_spelling(typed)


@pytest.mark.parametrize("typed", ["", "x" * 7, "x" * 129, "\u0065\u0301" * 7, "\ufdfa" * 20])
def test_a_password_is_counted_as_it_will_be_spelled(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_password(typed)
    assert refused.value.facts["errors"][0]["pointer"] == "/password"


def test_two_keyboards_spell_one_password() -> None:
    assert same_spelling("caf\u00e9 \uff11\uff12") == same_spelling("cafe\u0301 12")


def test_a_mailbox_says_nothing_without_the_secret() -> None:
    ours, theirs = Signer(lambda: "ours", "mailbox"), Signer(lambda: "theirs", "mailbox")
    assert mailbox_of("ada@example.com", ours) != mailbox_of("ada@example.com", theirs)
    assert mailbox_of("ada@example.com", ours) != mailbox_of("ben@example.com", ours)
    assert len(mailbox_of("ada@example.com", ours)) == 32


def test_a_signature_is_good_for_one_purpose_one_text_and_what_it_is_bound_to() -> None:
    link, refresh = Signer(lambda: "secret", "link"), Signer(lambda: "secret", "refresh")
    form, token, bound = re.compile(r"(te)(xt!?)"), link.sign("text"), link.sign("text", bound_to="browser")
    assert link.read(token, form) == ("te", "xt")
    assert link.read(bound, form, bound_to="browser") == ("te", "xt")
    assert link.read(token, re.compile("(other)")) is None
    assert refresh.read(token, form) is None
    for forged in ("", "text", "text_", token.replace("xt", "xt!"), token[:-1] + "ä", f"{token}\n", f"\ud800{token}"):
        assert link.read(forged, form) is None
    for another in ("", "browsers", "another"):
        assert link.read(bound, form, bound_to=another) is None
