"""The guard of bodies against everything a body can be."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.web.body import DEEPEST, LARGEST_BYTES, MOST_KEYS, TooLarge, Unreadable, guard, guard_form

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"))
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5), max_leaves=20
)


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return ('{"a":' + opening * (levels - 1) + closing * (levels - 1) + "}").encode()


def encodes(document: Any) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeError:
        return False
    return True


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), documents.filter(encodes), max_size=5))
def test_a_well_behaved_object_passes_unchanged(document: dict[str, Any]) -> None:
    for raw in (json.dumps(document).encode(), json.dumps(document, ensure_ascii=False, indent=2).encode()):
        assert guard(raw) is raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \r\n\t",
        b"null",
        b"true",
        b"7",
        b'"text"',
        b"[]",
        b'[{"a":1}]',
        b"{",
        b"}",
        b"{}{}",
        b"{}\x00",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":01}',
        b'{"a":"\x01"}',
        b'{"a":"\\x41"}',
        b"\\",
        b'{"a": "unclosed',
        b'{"a": "unclosed\\',
        b"--boundary\r\nContent-Disposition: form-data",
        b"a=1&b=2",
    ],
)
def test_what_is_not_one_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        guard(raw)


@pytest.mark.parametrize(
    "raw",
    [b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'{"a":["\\ud800x"]}', b"\xa0"],
)
def test_what_utf_8_cannot_spell_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="not valid UTF-8"):
        guard(raw)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert guard(b'{"a":"\\ud83d\\ude00"}')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"])
def test_other_encodings_are_not_guessed_at(encoding: str) -> None:
    with pytest.raises(Unreadable):
        guard('{"a":"+b"}'.encode(encoding) + (b"+" if encoding == "utf-7" else b""))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e40", "1e-101", "-1e-300"])
def test_numbers_no_store_can_hold_are_refused(number: str) -> None:
    with pytest.raises(Unreadable):
        guard(f'{{"a":{number}}}'.encode())


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**19, -(10**20)])
def test_integers_beyond_64_bits_are_refused(number: int) -> None:
    with pytest.raises(Unreadable, match="64 bits"):
        guard(f'{{"a":[{number}]}}'.encode())


@pytest.mark.parametrize("digits", [21, 4_300, 4_301, 200_000])
def test_integers_of_any_length_are_refused_unparsed(digits: int) -> None:
    with pytest.raises(Unreadable, match="64 bits"):
        guard(b'{"a":-' + b"1" * digits + b"}")


@pytest.mark.parametrize(
    "number", [str(2**63 - 1), str(-(2**63)), "0", "-0", "0.0", "1.5", "-1E2", "1e18", "1e-100", "0.1" + 50 * "0"]
)
def test_usual_numbers_pass(number: str) -> None:
    assert guard(f'{{"a":{number}}}'.encode())


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"x":[{"b":1,"c":2,"b":3}]}'])
def test_a_key_named_twice_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="names a key twice"):
        guard(raw)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_twenty_levels_pass_and_more_do_not(opening: str, closing: str) -> None:
    levels_each = opening.count("[") + opening.count("{")
    most = (DEEPEST - 1) // levels_each
    inside = "null" if "{" in opening else ""
    assert guard(('{"a":' + opening * most + inside + closing * most + "}").encode())
    with pytest.raises(Unreadable, match="20 levels"):
        guard(('{"a":' + opening * (most + 1) + inside + closing * (most + 1) + "}").encode())


@pytest.mark.parametrize("levels", [DEEPEST + 1, 1_000, 100_000])
def test_depth_never_reaches_the_parser(levels: int) -> None:
    with pytest.raises(Unreadable, match="20 levels"):
        guard(nested(levels))
    with pytest.raises(Unreadable, match="20 levels"):
        guard(b"[" * levels)


@pytest.mark.parametrize(
    "text", ["[" * 50, '\\"' + "[" * 50, "\\\\" + "{" * 50, '\\\\\\"' + "[" * 50, "\u2200" * 9 + "["]
)
def test_brackets_inside_strings_are_only_text(text: str) -> None:
    assert guard(json.dumps({"a": text, text: 1}).encode())


def test_closing_brackets_do_not_buy_depth() -> None:
    with pytest.raises(Unreadable):
        guard(b"]" * 1_000 + b"[" * 1_000)


def test_five_hundred_keys_pass_and_more_do_not() -> None:
    assert guard(json.dumps({str(n): n for n in range(MOST_KEYS)}).encode())
    with pytest.raises(Unreadable, match="500 keys"):
        guard(json.dumps({str(n): n for n in range(MOST_KEYS + 1)}).encode())
    with pytest.raises(Unreadable, match="500 keys"):
        guard(json.dumps({"a": [{"b": 1}] * MOST_KEYS}).encode())


def test_the_last_byte_that_fits_and_the_first_that_does_not() -> None:
    frame = b'{"a":""}'
    assert guard(frame.replace(b'""', b'"' + b"x" * (LARGEST_BYTES - len(frame)) + b'"'))
    with pytest.raises(TooLarge):
        guard(frame.replace(b'""', b'"' + b"x" * (LARGEST_BYTES - len(frame) + 1) + b'"'))
    with pytest.raises(TooLarge):
        guard(b" " * 5_000_000)


@pytest.mark.parametrize(
    "filling", [b'\\"', b'"', b"\\", b'\\\\"', b"[", b'"\\', b'{"":', b"1", b'"a",', b"\\u", b"\xf0\x9f\x98\x80"]
)
@pytest.mark.parametrize("opening", [b'{"a":"', b"{", b"", b'{"a":['])
def test_hostile_shapes_of_full_size_are_judged_in_linear_time(opening: bytes, filling: bytes) -> None:
    """The quadratic pattern this replaces needed minutes for the first of these; the suite would not end."""
    raw = opening + filling * ((LARGEST_BYTES - len(opening)) // len(filling))
    with pytest.raises(Unreadable):
        guard(raw)


@given(st.binary(max_size=300) | st.text(alphabet='{}[]",:\\u0aD8-.eE \n1').map(str.encode))
def test_no_bytes_break_the_guard(raw: bytes) -> None:
    with suppress(Unreadable):
        assert isinstance(json.loads(guard(raw)), dict)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"a=b", {"a": "b"}),
        (b"a=&b=%C3%A9+x", {"a": "", "b": "é x"}),
        (b"a=%2B%2F%3D", {"a": "+/="}),
    ],
)
def test_a_form_is_read(raw: bytes, fields: dict[str, str]) -> None:
    assert guard_form(raw) == fields


@pytest.mark.parametrize("raw", [b"", b"&", b"a=1&a=2", b"a=\xff", b"a=%ff", b"&".join(b"f%d=" % n for n in range(21))])
def test_a_form_that_could_be_read_in_two_ways_is_not(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        guard_form(raw)


def test_a_form_may_be_as_large_as_any_body() -> None:
    assert guard_form(b"a=" + b"x" * (LARGEST_BYTES - 2))
    with pytest.raises(TooLarge):
        guard_form(b"a=" + b"x" * (LARGEST_BYTES - 1))
