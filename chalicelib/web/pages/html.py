"""Elements of HTML as functions. Whatever is not an element is text and gets escaped: there is no other way in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from itertools import groupby


class Html(str):
    """Text that is safe to stand in a page as it is."""

    __slots__ = ()


Child = Html | str | int | None | Iterable["Child"]

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
_INLINE = re.compile(r"`([^`]+)`|\[([^\]]+)\]\((/[^)\s]*|https://[^)\s]+)\)|\*([^*]+)\*")


def el(tag: str, /, *children: Child, **attributes: str | int | bool | None) -> Html:
    """`class_` and `aria_label` are spelled as HTML has them; an attribute of None or False is left out."""
    spelled = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{tag}{spelled}>" if tag in _VOID else f"<{tag}{spelled}>{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Html:
    return Html("".join(_child(child) for child in children))


def _child(child: Child) -> str:
    match child:
        case None:
            return ""
        case Html():
            return child
        case str() | int():
            return html.escape(str(child))
    return join(child)


def prose(text: str) -> Html:
    """Paragraphs, `## headings`, `- lists`, `code`, *emphasis* and links to our own pages: all that our texts use."""
    return join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block)


def inline(text: str) -> Html:
    pieces: list[Child] = []
    end = 0
    for found in _INLINE.finditer(text):
        pieces += [text[end : found.start()], _mark(found)]
        end = found.end()
    return join([*pieces, text[end:]])


def _mark(found: re.Match[str]) -> Html:
    code, label, target, stressed = found.groups()
    if code is not None:
        return el("code", code)
    return el("em", stressed) if stressed is not None else el("a", inline(label), href=target)


def _block(block: str) -> Html:
    parts: list[Html] = []
    for kind, lines in groupby(block.splitlines(), key=_kind):
        if kind == "## ":
            parts += [el("h3", inline(line.removeprefix("## "))) for line in lines]
        elif kind == "- ":
            parts.append(el("ul", (el("li", inline(line.removeprefix("- "))) for line in lines)))
        else:
            parts.append(el("p", inline(" ".join(line.strip() for line in lines))))
    return join(parts)


def _kind(line: str) -> str:
    return next((mark for mark in ("## ", "- ") if line.startswith(mark)), "")
