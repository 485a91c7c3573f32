"""Who is taken out of an answer, and what of it stays."""

from __future__ import annotations

import json

import pytest

from chalicelib.features.privacy.store.answers import without

SUB = f"sub_{'0a' * 16}"


@pytest.mark.parametrize("word", ["1", "run", "202", '"', "sent"])
def test_a_short_id_is_a_whole_string_and_no_piece_of_one(word: str) -> None:
    answer = {"id": "run_01kz1", "at": "2026-11-21", "count": 1, "202": True, "skipped": [{"id": word}, {"id": "1 1"}]}
    told = json.loads(without([word])(json.dumps(answer)))
    assert told == answer | {"skipped": [{"id": "erased"}, {"id": "1 1"}]}


@pytest.mark.parametrize("word", [SUB, "ada@x.example", "Ada@X.example"])
def test_what_can_be_nothing_else_takes_a_longer_string_with_it(word: str) -> None:
    answer = json.dumps({"detail": f"to {SUB}, <ada@x.example>", "other": "ben@x.example", "id": "run_1"})
    told = json.loads(without([word])(answer))
    assert told == {"detail": "erased", "other": "ben@x.example", "id": "run_1"}


def test_an_answer_that_names_nobody_stays_to_the_letter() -> None:
    for text in ('{ "id":  "run_1",\n"ü":"\\u00fc" }', "", "no JSON", "[1.0]"):
        assert without(["1", "nobody", SUB])(text) == text


def test_an_answer_that_is_no_document_is_redacted_as_a_text() -> None:
    assert without([SUB, "ada"])(f"gone: {SUB}") == "erased"


@pytest.mark.parametrize("word", ['Ünï "quoted" \\ 👋', "\u007f", "\t", "a/b", "<b>"])
def test_an_id_is_found_however_it_is_spelled(word: str) -> None:
    for spelled in (json.dumps({"id": word}), json.dumps({"id": word}, ensure_ascii=False)):
        assert json.loads(without([word])(spelled)) == {"id": "erased"}
