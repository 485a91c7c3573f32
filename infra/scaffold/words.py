"""The words of a new slice, from its name: `price_drops` gives PriceDrop, price-drops, `pri_…`."""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
_TAKEN_PREFIXES = frozenset(
    {"cmp", "con", "exp", "imp", "key", "ntf", "req", "rt", "run", "seg", "site", "sub", "ten", "tpl", "usr", "vap"}
)
_SPOKEN_FOR = frozenset(  # names that the templates use for something else
    {"call", "created", "cursor", "first", "found", "ids", "key", "model", "name", "page", "position", "row", "store"}
    | {"api", "cursors", "made", "rows", "secret", "seen", "service", "settings", "shown", "views", "world"}
)


class BadName(Exception):
    """The name cannot be a slice's; the message says why."""


@dataclass(frozen=True)
class Words:
    many: str
    one: str
    prefix: str

    @classmethod
    def of(cls, many: str, one: str = "") -> Words:
        if not _is_free(many):
            raise BadName(f"{many!r} cannot name a slice: lower-case words joined by _, and no word of Python's")
        one = one or _singular(many)
        if not _is_free(one) or one == many:
            raise BadName(f"one of {many!r} is called what? {one!r} will not do; say ONE=name")
        return cls(many, one, _prefix(one))

    def substitutes(self) -> dict[str, str]:
        return {
            "many": self.many,
            "one": self.one,
            "Many": _camel(self.many),
            "One": _camel(self.one),
            "many_words": self.many.replace("_", " "),
            "Many_words": self.many.replace("_", " ").capitalize(),
            "one_words": self.one.replace("_", " "),
            "path": self.many.replace("_", "-"),
            "prefix": self.prefix,
            "KIND": self.one.replace("_", "").upper(),
        }


def _is_free(name: str) -> bool:
    is_pythons = keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name)
    return bool(_NAME.fullmatch(name)) and not is_pythons and name not in _SPOKEN_FOR


def _singular(many: str) -> str:
    for ending, single in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if many.endswith(ending) and not many.endswith("ss"):
            return many.removesuffix(ending) + single
    return many


def _prefix(one: str) -> str:
    letters = one.replace("_", "")
    consonants = letters[0] + re.sub("[aeiou]", "", letters[1:])
    for prefix in (letters[:3], consonants[:3], letters[:4], consonants[:4], letters[:2]):
        if len(prefix) > 1 and prefix not in _TAKEN_PREFIXES:
            return prefix
    raise BadName(f"no free id prefix is left for {one!r}")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
