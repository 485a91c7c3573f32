"""XML that is looked through as one text and would be parsed as another: nothing here is opened for it (SECURITY 12)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.features.identity.adapters.saml.document import MOST_ATTRIBUTES, parsed
from chalicelib.features.identity.model.saml import SsoFailed
from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser, desk, refused
from tests.fakes.saml_signed import signed
from tests.http.identity.test_saml_attacks import UNMARKED, bring_text, text_of
from tests.world import World

GRACE = Somebody("grace@example.com")

SPOILT: Mapping[str, Callable[[str], str]] = {
    "nothing": lambda text: text,
    "a DOCTYPE": lambda text: f"<!DOCTYPE x>{text}",
    "a comment": lambda text: text.replace("id-of-grace@", "id-of-<!-- -->grace@"),
    "CDATA": lambda text: text.replace("id-of-grace", "<![CDATA[id-of-grace]]>"),
    "an instruction": lambda text: text.replace("id-of-grace", "<?x?>id-of-grace"),
    "an entity": lambda text: f'<!DOCTYPE x [<!ENTITY e "id">]>{text.replace("id-of", "&e;-of")}',
}


def opening(path: Path) -> str:
    """Parameter entities are fetched while the DOCTYPE is read, whatever becomes of the rest."""
    return f'<!DOCTYPE x [<!ENTITY % e SYSTEM "file://{path}"> %e;]>'


def hidden(text: str, encoding: str) -> bytes:
    return f'<?xml version="1.0"?>{text}'.encode(encoding)


@pytest.mark.usefixtures("nobody_gets_in")
@pytest.mark.parametrize("encoding", UNMARKED)
@pytest.mark.parametrize("what", SPOILT)
def test_an_answer_in_an_unmarked_encoding_is_unreadable(sso: SamlBrowser, what: str, encoding: str) -> None:
    text = text_of(signed(sso.reply(GRACE), sso.idp.key))
    assert refused(bring_text(sso, hidden(SPOILT[what](text), encoding)), "unreadable")


@pytest.mark.parametrize("encoding", UNMARKED)
def test_a_stranger_cannot_ask_which_files_there_are(sso: SamlBrowser, tmp_path: Path, encoding: str) -> None:
    there = tmp_path / "there"
    there.write_text("secret")
    answers = [bring_text(sso, hidden(f"{opening(each)}<x/>", encoding)) for each in (there, tmp_path / "not-there")]
    assert answers[0].json() | {"instance": ""} == answers[1].json() | {"instance": ""}
    assert refused(answers[0], "unreadable")


@pytest.mark.parametrize("encoding", UNMARKED)
def test_nor_can_an_admin(world: World, tmp_path: Path, encoding: str) -> None:
    there = tmp_path / "there"
    there.write_text("secret")

    def put(path: Path) -> Any:
        metadata = hidden(opening(path) + desk().metadata(), encoding).decode("latin-1")
        return world.client.put("/v1/tenant/sso", as_=world.ada, json={"metadata": metadata})

    answers = [put(each) for each in (there, tmp_path / "not-there")]
    assert [answer.status for answer in answers] == [422, 422]
    assert answers[0].json()["errors"] == answers[1].json()["errors"]
    assert answers[0].json()["errors"][0]["pointer"] == "/metadata"


def test_half_a_character_in_metadata_is_told_so(world: World) -> None:
    answer = world.client.put("/v1/tenant/sso", as_=world.ada, json={"metadata": "<\ud800/>"})
    assert answer.status in {400, 422}


@pytest.mark.parametrize(
    "text",
    [
        b"<!DOCTYPE x><x/>",
        b'<!DOCTYPE x [<!ENTITY e "id">]><x>&e;</x>',
        b'<!DOCTYPE x SYSTEM "file:///dev/null"><x/>',
        b'<!DOCTYPE x [<!ENTITY % e SYSTEM "file:///dev/null"> %e;]><x/>',
        "<x/>".encode("utf-16-le"),
        b"\xff\xfe<\0x\0/\0>\0",
        b'<?xml version="1.0" encoding="utf-16"?><\0x\0/\0>\0',
    ],
)
def test_what_was_not_looked_through_declares_nothing_either(text: bytes) -> None:
    """The second line: a document that came past the first is parsed as UTF-8, fetches nothing, and has no DOCTYPE."""
    with pytest.raises(SsoFailed):
        parsed(text)


def test_a_parameter_entity_opens_no_file_in_the_second_line_either(tmp_path: Path) -> None:
    """A pipe without a writer would have to be waited for."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SsoFailed):
        parsed(f"{opening(pipe)}<x/>".encode())


@pytest.mark.parametrize("encoding", ["utf-8", "us-ascii"])
def test_what_is_declared_and_true_is_read(sso: SamlBrowser, encoding: str) -> None:
    text = text_of(signed(sso.reply(GRACE), sso.idp.key))
    assert bring_text(sso, f'<?xml version="1.0" encoding="{encoding}"?>\n{text}').status == 303


def test_as_many_attributes_as_may_be_are_read(sso: SamlBrowser) -> None:
    text = text_of(signed(sso.reply(GRACE), sso.idp.key))
    has = text.count('="')
    more = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(MOST_ATTRIBUTES - has))
    assert bring_text(sso, text.replace("<samlp:Response ", f"<samlp:Response {more} ")).status == 303
