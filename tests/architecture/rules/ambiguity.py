"""Whether a regular expression can be made to take long: as an automaton, which way it can read one text in many ways.

A backtracking engine tries them all when the last one fails. Two ways around one loop double with every letter; two
loops that read the same text after each other are a square. Counted repeats are taken for endless ones, and what stands
between (anchors, lookarounds) for nothing: so it may blame the innocent, and does not miss the guilty.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

_SYNTAX: Any = importlib.import_module("re._parser")  # what `re.compile` itself reads with
_UNROLLED = 64
_ALPHABET = frozenset([*range(256), 0x17F, 0x2028, 0x212A, 0x4E00, 0x1F600])
_CATEGORIES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w", "NOT_DIGIT": r"\D", "NOT_SPACE": r"\S", "NOT_WORD": r"\W"}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_BETWEEN = {"AT", "ASSERT", "ASSERT_NOT"}
_NONE: frozenset[int] = frozenset()

Letters = frozenset[int]
Edges = list[list[tuple[int, Letters]]]


@dataclass
class _Piece:
    """Of an expression: which letters it may begin and end with. After a greedy end that gives nothing back, the next
    letter is none of those beside it.
    """

    is_nullable: bool = True
    first: list[int] = field(default_factory=list)
    last: list[tuple[int, Letters]] = field(default_factory=list)


def faults(pattern: str | bytes, flags: int = 0, *, is_anchored: bool, must_end: bool) -> list[str]:
    """`is_anchored` tries at one place only, `must_end` (fullmatch) fails when anything is left."""
    built = _Automaton(pattern, flags, is_anchored=is_anchored)
    edges, safe = built.edges, set() if must_end or built.has_conditions else built.ends
    loops = [place for place in range(len(edges)) if place in _reached(edges, place)]
    found = list(built.faults)
    if any(_doubles(edges, place) for place in loops):
        found.append("exponential: two ways around one loop")
    if any(_follows(edges, one, other, safe) for one in loops for other in loops if one != other):
        found.append("quadratic: two loops read the same text")
    return found


class _Automaton:
    """One state for each letter of the expression (Glushkov's)."""

    def __init__(self, pattern: str | bytes, flags: int, *, is_anchored: bool) -> None:
        parsed = _SYNTAX.parse(pattern, flags)
        self._flags = parsed.state.flags
        self._alphabet = _ALPHABET | set(_mentioned(parsed))
        self._letters: list[Letters] = []
        self.edges: Edges = []
        self.faults: list[str] = []
        self.has_conditions = False
        whole = self._sequence(parsed)
        self.ends = {place for place, _ in whole.last}
        is_bound = bool(parsed) and str(parsed[0][0]) == "AT" and str(parsed[0][1]).startswith("AT_BEGINNING")
        if not is_anchored and not (is_bound and not self._flags & re.MULTILINE):
            start = self._state(frozenset(self._alphabet))
            self._join([(start.first[0], _NONE)], [*start.first, *whole.first])

    def _state(self, letters: Letters) -> _Piece:
        self._letters.append(letters)
        self.edges.append([])
        place = len(self.edges) - 1
        return _Piece(False, [place], [(place, _NONE)])

    def _join(self, ends: Iterable[tuple[int, Letters]], beginnings: Sequence[int]) -> None:
        for end, excluded in ends:
            for place in beginnings:
                if letters := self._letters[place] - excluded:
                    self.edges[end].append((place, letters))

    def _sequence(self, parsed: Iterable[tuple[Any, Any]]) -> _Piece:
        whole = _Piece()
        for operator, argument in parsed:
            whole = self._then(whole, self._piece(str(operator), argument))
        return whole

    def _then(self, one: _Piece, other: _Piece) -> _Piece:
        self._join(one.last, other.first)
        return _Piece(
            one.is_nullable and other.is_nullable,
            one.first + (other.first if one.is_nullable else []),
            other.last + (one.last if other.is_nullable else []),
        )

    def _piece(self, operator: str, argument: Any) -> _Piece:
        if operator in _REPEATS:
            return self._repeat(*argument, gives_back=operator != "POSSESSIVE_REPEAT")
        if operator == "SUBPATTERN":
            return self._sequence(argument[-1])
        if operator == "ATOMIC_GROUP":
            return self._sequence(argument)
        if operator == "BRANCH":
            return self._either([self._sequence(each) for each in argument[1]])
        if operator in _BETWEEN:
            self.has_conditions = True
            return _Piece()
        if (letters := self._read(operator, argument)) is None:
            self.faults.append(f"nobody knows what {operator} costs")
            return _Piece()
        return self._state(letters)

    def _either(self, pieces: list[_Piece]) -> _Piece:
        nothings = sum(each.is_nullable for each in pieces)
        if nothings > 1:
            self.faults.append("exponential: two ways to read nothing")
        return _Piece(
            nothings > 0,
            [place for each in pieces for place in each.first],
            [end for each in pieces for end in each.last],
        )

    def _repeat(self, least: int, most: int, body: Any, *, gives_back: bool) -> _Piece:
        if least == most <= _UNROLLED:
            whole = _Piece()
            for _ in range(most):
                whole = self._then(whole, self._sequence(body))
            return whole
        once = self._sequence(body)
        if most > 1:
            self._join(once.last, once.first)
        if most > _UNROLLED and once.is_nullable:
            self.faults.append("exponential: a loop around nothing")
        if not gives_back and len(once.first) == 1 and once.first == [place for place, _ in once.last]:
            once.last = [(once.first[0], self._letters[once.first[0]])]
        return _Piece(least == 0 or once.is_nullable, once.first, once.last)

    def _read(self, operator: str, argument: Any) -> Letters | None:
        if operator == "ANY":
            return frozenset(self._alphabet)
        if operator == "LITERAL":
            return self._cased({argument})
        if operator == "NOT_LITERAL":
            return frozenset(self._alphabet - self._cased({argument}))
        if operator != "IN":
            return None
        found: set[int] = set()
        for kind, value in argument:
            found |= self._members(str(kind), value)
        is_negated = str(argument[0][0]) == "NEGATE"
        return frozenset(self._alphabet - self._cased(found)) if is_negated else self._cased(found)

    def _members(self, kind: str, value: Any) -> set[int]:
        if kind == "LITERAL":
            return {value}
        if kind == "RANGE":
            return {letter for letter in self._alphabet if value[0] <= letter <= value[1]}
        if kind == "CATEGORY":
            belongs = re.compile(_CATEGORIES[str(value).removeprefix("CATEGORY_")], self._flags & re.ASCII)
            return {letter for letter in self._alphabet if belongs.fullmatch(chr(letter))}
        return set()

    def _cased(self, letters: set[int]) -> Letters:
        if not self._flags & re.IGNORECASE:
            return frozenset(letters)
        spelled = {each for letter in letters for each in (chr(letter).lower(), chr(letter).upper())}
        return frozenset(letters | {ord(each) for each in spelled if len(each) == 1})


def _mentioned(parsed: Any) -> Iterator[int]:
    """The letters that an expression names, and those beside them."""
    for part in parsed:
        if isinstance(part, int) and not hasattr(part, "name"):
            yield from (letter for letter in (part - 1, part, part + 1) if 0 <= letter < 0xD800)
        elif isinstance(part, list | tuple) or hasattr(part, "data"):
            yield from _mentioned(part)


def _reached(edges: Edges, start: int) -> set[int]:
    return set(_walk([start], lambda place: (target for target, _ in edges[place])))


def _doubles(edges: Edges, start: int) -> bool:
    """Two different ways from here back to here, over the same letters."""

    def steps(state: tuple[int, int, bool]) -> Iterator[tuple[int, int, bool]]:
        one, other, differ = state
        for first, (to_one, letters) in enumerate(edges[one]):
            for second, (to_other, others) in enumerate(edges[other]):
                if letters & others:
                    yield to_one, to_other, differ or one != other or first != second

    return (start, start, True) in _walk([(start, start, False)], steps)


def _follows(edges: Edges, one: int, other: int, safe: set[int]) -> bool:
    """One text that leads around each of two loops, and from the one into the other; not past where it may end, for
    what has got there does not fail any more.
    """

    def steps(state: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
        here, between, there = state
        for to_here, letters in edges[here]:
            for to_between, among in edges[between]:
                if to_between not in safe and (shared := letters & among):
                    yield from ((to_here, to_between, to) for to, others in edges[there] if shared & others)

    return (one, other, other) in _walk([(one, one, other)], steps)


def _walk(starts: list[Any], steps: Callable[[Any], Iterable[Any]]) -> set[Any]:
    """What is reached in one step or more."""
    seen: set[Any] = set()
    waiting = list(starts)
    while waiting:
        fresh = set(steps(waiting.pop())) - seen
        seen |= fresh
        waiting += fresh
    return seen
