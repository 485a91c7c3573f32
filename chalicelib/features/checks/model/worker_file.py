"""The one-line worker file on the site's own origin: is it there, is it ours, and may it have its scope?"""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlsplit

from chalicelib.features.checks.model.finding import Finding, Subject, fine, problem, unknown
from chalicelib.features.checks.model.product import FILES, SCOPE, WORKER_PATH, Product
from chalicelib.features.checks.model.visit import WORDS, Lost, Shown, Tag, joined, origin_of

# What a browser takes for JavaScript (WHATWG MIME Sniffing, 4.6).
JAVASCRIPT = frozenset(
    f"{family}/{name}"
    for family in ("text", "application")
    for name in ("javascript", "ecmascript", "x-javascript", "x-ecmascript")
) | {"text/jscript", "text/livescript", *(f"text/javascript1.{number}" for number in range(6))}
_IMPORTED = re.compile(rb"importScripts\s*\(([^()]*)\)")
# As far as these go: this is no parser of JavaScript. None needs its end, so none is tried twice.
_STRING_OR_COMMENT = re.compile(
    rb"""
    ( "(?: \\. | [^"\\\n] )* "?
    | '(?: \\. | [^'\\\n] )* '?
    | `(?: \\. | [^`\\] )* `? )
    | //[^\n]*
    | /\*(?: [^*] | \*+[^*/] )* \** /?
    """,
    re.DOTALL | re.VERBOSE,
)
_ADDRESS = re.compile(rb"[\"'`]([^\"'`\s]{1,2048})[\"'`]")


def place_of(tag: Tag | None, page_url: str) -> tuple[str, str]:
    """The worker's address, and that of its scope, as the SDK finds them."""
    tag = tag or Tag("")
    return (
        joined(page_url, WORKER_PATH if tag.worker is None else tag.worker),
        joined(page_url, SCOPE if tag.scope is None else tag.scope),
    )


def worker(seen: Shown | Lost | None, *, scope: str, page_url: str, product: Product) -> Finding:
    """None: it lies on another origin than the page, so no browser would ask for it."""
    put = f"Put a file there with this line, sent as `text/javascript`: `{product.worker_line}`"
    if seen is None:
        return problem(
            Subject.WORKER,
            "`data-worker` names a file that is not on the page's own origin: no browser takes it for a worker.",
            f"Leave `data-worker` out, and put a file at `{origin_of(page_url)}{WORKER_PATH}` with this line: "
            f"`{product.worker_line}`",
        )
    if isinstance(seen, Lost):
        return unknown(Subject.WORKER, f"`{seen.url}` {WORDS[seen.why]}.", put)
    wrong = _wrong(seen, product)
    if wrong:
        return problem(Subject.WORKER, f"`{seen.url}` {wrong}.", put)
    reach = _reach(seen)
    if not _lies_below(scope, reach, seen.url):
        return problem(
            Subject.WORKER,
            f"`{seen.url}` may work below `{reach}` only, and its scope is `{urlsplit(scope).path or '?'}`.",
            f"Move the file to the root of the site, or send it with `Service-Worker-Allowed: {urlsplit(scope).path}`.",
        )
    return fine(Subject.WORKER, f"`{seen.url}` brings our worker, for `{urlsplit(scope).path}`.")


def imports(body: bytes, product: Product) -> bool:
    """Our worker by either of its names, from where the files lie. What is commented out is none of it."""
    script = _STRING_OR_COMMENT.sub(lambda found: found[1] or b" ", body)
    for call in _IMPORTED.findall(script):
        for said in _ADDRESS.findall(call):
            host, found, name = said.decode("latin-1").partition("?")[0].rpartition(FILES)
            if found and name.startswith("worker.") and name.endswith(".js") and host == product.files_url:
                return True
    return False


def _wrong(seen: Shown, product: Product) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= seen.status < HTTPStatus.BAD_REQUEST:
        return f"answered {seen.status}: a worker may not be redirected"
    if seen.status != HTTPStatus.OK:
        return f"answered {seen.status}"
    if seen.kind not in JAVASCRIPT:
        return f"is `{seen.kind or 'of no kind'}`: browsers take a worker only as JavaScript"
    if not imports(seen.body, product):
        return "does not import our worker"
    return ""


def _reach(seen: Shown) -> str:
    said = seen.headers.get("service-worker-allowed", ())
    place = joined(seen.url, said[-1]) if said else ""
    if place and origin_of(place) == origin_of(seen.url):
        return urlsplit(place).path or "/"
    return urlsplit(seen.url).path.rpartition("/")[0] + "/"


def _lies_below(scope: str, reach: str, worker_url: str) -> bool:
    return origin_of(scope) == origin_of(worker_url) and (urlsplit(scope).path or "/").startswith(reach)
