"""What each error means, read from its docstring. The problem pages and `make docs` are written from it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import chalicelib
from chalicelib.core.errors import OverLimit, PushError, Unauthenticated, Unavailable
from chalicelib.web.problems import page_of, status_of

STATUS_NAMES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}  # RFC 9110's; Python's own names differ from version to version
_SAMPLES: dict[str, object] = {
    "block": "blk_01kz8m5q3v7x9c2b4n6t8w0y1e",
    "campaign_status": "sent",
    "ended_reason": "gone",
    "vapid_public_key": "BLZK15eCn9q1NAyrxVAUjV0UPTnPLc19pj_XFlXpEM1egReA8k_x2Qe9fkx-LSqwNh8ciLABcGKl5fkJSAZGrFc",
    "errors": [{"pointer": "/name", "detail": "Field required"}],
    "reason": "audience",
    "role": "owner",
    "rule": "enumeration",
    "scope": "campaigns:send",
    "until": "2026-03-01T09:00:00Z",
}  # of the members that problems have of their own
_LABEL = re.compile(r"(When|Do|Members):\s*")
_MEMBER = re.compile(r"^- (\w+): ", re.MULTILINE)


@dataclass(frozen=True)
class Explanation:
    code: str
    title: str
    status: int
    meaning: str
    when: str
    do: str
    members: dict[str, str]
    headers: dict[str, str]
    family: str | None  # the code of the family that says the rest

    @property
    def example(self) -> dict[str, object]:
        return {
            "type": page_of(self.code),
            "title": self.title,
            "status": self.status,
            "detail": self.title,
            "code": self.code,
            "instance": "req_01kz8m5q3v7x9c2b4n6t8w0y1e",
            **{member: _SAMPLES.get(member, "…") for member in self.members},
        }


@cache
def explanations() -> dict[str, Explanation]:
    """By code. Wiring imports adapters on first use, and with them their errors: so all is imported here."""
    for module in pkgutil.walk_packages(chalicelib.__path__, f"{chalicelib.__name__}."):
        importlib.import_module(module.name)
    ours = (kind for kind in _below(PushError) if kind.__module__.startswith(f"{chalicelib.__name__}."))
    return {kind.code: explain(kind) for kind in sorted(ours, key=lambda kind: kind.code)}


def explain(kind: type[PushError]) -> Explanation:
    ancestry = [each for each in kind.__mro__ if issubclass(each, PushError) and each is not PushError]
    told = [_sections(each.__doc__ if "__doc__" in vars(each) else None) for each in ancestry]
    return Explanation(
        code=kind.code,
        title=kind.title,
        status=status_of(kind),
        meaning=_first(told, ""),
        when=_first(told, "When"),
        do=_first(told, "Do"),
        members=_members(_first(told, "Members")),
        headers=_headers(kind),
        family=ancestry[1].code if len(ancestry) > 1 else None,
    )


def _below(family: type[PushError]) -> Iterator[type[PushError]]:
    for child in family.__subclasses__():
        yield child
        yield from _below(child)


def _sections(docstring: str | None) -> dict[str, str]:
    """Paragraphs by the label they start with; those without one say what it means."""
    sections: dict[str, str] = {}
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(docstring or "")):
        label = _LABEL.match(paragraph)
        name, text = (label[1], paragraph[label.end() :]) if label else ("", paragraph)
        text = text if name == "Members" else " ".join(text.split())
        sections[name] = f"{sections[name]}\n\n{text}" if name in sections else text
    return sections


def _first(told: list[dict[str, str]], name: str) -> str:
    return next((sections[name] for sections in told if sections.get(name)), "")


def _members(text: str) -> dict[str, str]:
    _, *parts = _MEMBER.split(text)
    return {name: _sentence(meaning) for name, meaning in zip(parts[::2], parts[1::2], strict=True)}


def _sentence(words: str) -> str:
    plain = " ".join(words.split())
    return f"{plain[:1].upper()}{plain[1:]}".rstrip(".") + "."


def _headers(kind: type[PushError]) -> dict[str, str]:
    if issubclass(kind, OverLimit | Unavailable):
        return {"Retry-After": "Seconds to wait before the same request may succeed."}
    if issubclass(kind, Unauthenticated):
        return {"WWW-Authenticate": "How to say who you are: `Bearer`."}
    return {}
