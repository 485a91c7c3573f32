"""HTTP as the console sees it, whatever server stands in front: a request, an answer, and who may ask at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chalicelib.core import ids
from chalicelib.core.errors import Forbidden, PushError
from chalicelib.web import problems
from chalicelib.web.problems import UnsupportedMediaType

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_SILENT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_OURSELVES = frozenset({"same-origin", "none"})  # Sec-Fetch-Site of our own page, and of an address typed in


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def admit(request: Request, *, port: int) -> None:
    """The console gives out an API key and obeys without one, so it talks to its own page and to shells only.

    A page of another site reaches 127.0.0.1 by a name of its own (DNS rebinding) or by a form; neither is ours.
    """
    host = request.headers.get("host", "")
    if host not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
        raise Forbidden(f"This is answered at http://127.0.0.1:{port} only.")
    if request.headers.get("origin", f"http://{host}") != f"http://{host}":
        raise Forbidden("Another site's page may not ask this.")
    is_link = request.method == "GET" and request.headers.get("sec-fetch-mode") == "navigate"
    if not is_link and request.headers.get("sec-fetch-site", "none") not in _OURSELVES:
        raise Forbidden("Another site's page may not ask this.")
    if request.method != "GET" and not _is_json(request.headers.get("content-type", "")):
        raise UnsupportedMediaType


def answer_json(content: Any, *, status: int = 200) -> Answer:
    return _answer(status, "application/json", msgspec.json.encode(content))


def answer_problem(error: PushError, *, allow: str | None = None) -> Answer:
    found = problems.answer(error, instance=ids.new("req"))
    headers = {"Allow": allow} if allow else {}
    return _answer(found.status_code, problems.CONTENT_TYPE, found.body.encode(), headers)


def answer_file(body: bytes, *, media_type: str, policy: str) -> Answer:
    return _answer(200, media_type, body, {"Content-Security-Policy": policy, "Cache-Control": "no-cache"})


def _answer(status: int, media_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    base = {**HEADERS, "Content-Security-Policy": _SILENT, "Content-Type": media_type}
    return Answer(status=status, headers={**base, **(headers or {})}, body=body)


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"
