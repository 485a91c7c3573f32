"""The JSON guard: a body is let in exactly when an independent reading finds it well-behaved, and all readers then read
the same in it; any other is a 400 or a 413.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

from hypothesis import strategies as st
from pydantic import ConfigDict

from chalicelib.core.errors import Invalid
from chalicelib.web import body, schema
from tests.fuzz.targets.spoiling import spoiled
from tests.fuzz.targets.target import Target

_LARGEST_BYTES, _DEEPEST, _MOST_KEYS = 262_144, 20, 500
_SHOWN_BYTES = 2_000
_LARGEST, _SMALLEST = 2**63, 1e-100
_WITHIN_64_BITS = range(-_LARGEST, _LARGEST)


class _Anything(schema.Schema):
    model_config = ConfigDict(extra="allow")


class _Particular(schema.Schema):
    a: str | None = None
    b: int | float | None = None
    c: tuple[_Anything, ...] = ()


# --- What is sent ---


class _Sent(bytes):
    """Shown short: nobody reads a quarter of a megabyte."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if len(self) < _SHOWN_BYTES else f"<{len(self)} bytes: {self[:60]!r}…{self[-60:]!r}>"


_KEYS = ('"a"', '"b"', '"c"', '"\\u0061"', '""', '"\\ud800"', '"é"', '"__proto__"')
_numbers = st.from_regex(r"-?\d{1,25}(\.\d{1,25})?([eE][+-]?\d{1,4})?", fullmatch=True)
_edges = st.sampled_from([_LARGEST - 1, _LARGEST, -_LARGEST, -_LARGEST - 1, "1e-100", "9e-101", "1e999", "-0", "NaN"])
_strings = st.text().map(json.dumps) | st.text(st.characters(codec="utf-8")).map(
    lambda text: json.dumps(text, ensure_ascii=False)
)
_raw_strings = st.text(alphabet='\\u"dD8c0a\x01[{x', max_size=12).map('"{}"'.format)
_scalars = _numbers | _edges.map(str) | _strings | _raw_strings | st.sampled_from(["null", "true", "Infinity", ""])


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"


def _objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(st.sampled_from(_KEYS) | _strings, values), max_size=4).map(_object)


_values = st.recursive(
    _scalars, lambda inner: _objects(inner) | st.lists(inner, max_size=4).map(lambda all_: f"[{','.join(all_)}]")
)


@st.composite
def _deep(draw: st.DrawFn) -> str:
    opening, closing = draw(st.sampled_from([("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")]))
    levels = draw(st.integers(16, 22) | st.sampled_from([1_000, 50_000]))
    return f'{{"a":{opening * levels}1{closing * draw(st.sampled_from([levels, levels, levels - 1, 0]))}}}'


def _wide(count: int) -> str:
    return json.dumps({str(number): number for number in range(count)})


def _long(count: int) -> str:
    return json.dumps({"a": "x" * count})


_PIECES = (*'{}[]",:\\\0 \n-.eE09', "null", '"a":1', "\\u", "\\ud800", "\ufeff", "\ud800", "é", "1" * 30, "//", "'")
_SENT = ('{"a":"x","b":1}', '{"c":[{"d":[1.5,-2e3,null]}],"a":"\\ud83d\\ude00"}', "{}", "[]", "null")
_texts = (
    _objects(_values) | _values | spoiled(_SENT, _PIECES) | _deep()
    | st.integers(_MOST_KEYS - 2, _MOST_KEYS + 2).map(_wide) | st.integers(_LARGEST_BYTES - 12, _LARGEST_BYTES).map(_long)
)  # fmt: skip
_ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32-le", "latin-1")
_encoded = st.tuples(_texts, st.sampled_from(_ENCODINGS)).map(lambda pair: pair[0].encode(pair[1], "surrogatepass"
                                                              if pair[1] != "latin-1" else "replace"))  # fmt: skip


def target(guard: Callable[[bytes], bytes] = body.guard) -> Target:
    def holds(raw: bytes) -> None:
        try:
            assert guard(raw) == raw
        except body.TooLarge:
            assert len(raw) > _LARGEST_BYTES
            return
        except body.Unreadable:
            assert len(raw) <= _LARGEST_BYTES
            assert not _well_behaved(raw), "a body that is well-behaved was refused"
            return
        assert _well_behaved(raw), "a body that is not well-behaved was let in"
        assert _canonical(schema.parse(_Anything, raw).model_extra) == _canonical(json.loads(raw))
        with suppress(Invalid):
            schema.parse(_Particular, raw)

    return Target("json_body", (_encoded | st.binary(max_size=300)).map(_Sent), holds)


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


# --- An independent reading: everything is kept as it was written, and judged afterwards ---


class _Pairs(list[tuple[str, Any]]):
    """An object, with all its members."""


class _Written(str):
    """A number, in its digits."""

    __slots__ = ()


class _NotJson(ValueError):
    pass


def _refuse(name: str) -> NoReturn:
    raise _NotJson(name)


def _well_behaved(raw: bytes) -> bool:
    if len(raw) > _LARGEST_BYTES:
        return False
    try:
        text = raw.decode("utf-8")
        document = json.loads(
            text, object_pairs_hook=_Pairs, parse_int=_Written, parse_float=_Written, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return False
    found = list(_walk(document))
    keys = sum(len(value) for _, value in found if isinstance(value, _Pairs))
    return (
        isinstance(document, _Pairs)
        and keys <= _MOST_KEYS
        and all(depth <= _DEEPEST for depth, value in found if isinstance(value, list))
        and all(_is_sound(value) for _, value in found)
    )


def _walk(document: Any) -> Iterator[tuple[int, Any]]:
    """Every value, how deep it is, and the keys of objects as values."""
    waiting = [(1, document)]
    while waiting:
        depth, value = waiting.pop()
        yield depth, value
        if isinstance(value, _Pairs):
            waiting += [(depth + 1, part) for pair in value for part in pair]
        elif isinstance(value, list):
            waiting += [(depth + 1, part) for part in value]


def _is_sound(value: Any) -> bool:
    match value:
        case _Pairs():
            return len({key for key, _ in value}) == len(value)
        case _Written() if value.lstrip("-").isdigit():
            return len(value) < 30 and int(value) in _WITHIN_64_BITS
        case _Written():
            return not 0 < abs(float(value)) < _SMALLEST and abs(float(value)) <= _LARGEST
        case str():
            return not any("\ud800" <= letter <= "\udfff" for letter in value)
    return True
