"""JSON with its keys, strings and numbers told apart by colour."""

from __future__ import annotations

import json
import re
from typing import Any

from chalicelib.web.pages.html import Html, el, join

_TOKENS = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\b\d[\d.eE+-]*)')


def painted(value: Any) -> Html:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    pieces: list[Html | str] = []
    end = 0
    for found in _TOKENS.finditer(text):
        string, colon, word, number = found.groups()
        kind = ("key" if colon else "string") if string else "word" if word else "number"
        pieces += [text[end : found.start()], el("span", string or word or number, class_=kind), colon or ""]
        end = found.end()
    return join([*pieces, text[end:]])
