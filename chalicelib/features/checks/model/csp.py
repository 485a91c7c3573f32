"""Whether the policies of a page, and of its worker file, let the SDK do its work; and if not, the line to add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from chalicelib.features.checks.model import policy
from chalicelib.features.checks.model.finding import Finding, Subject, fine, problem, unknown
from chalicelib.features.checks.model.policy import Policy, Sources
from chalicelib.features.checks.model.product import TRUSTED_TYPES, WORKER_PATH, Product
from chalicelib.features.checks.model.visit import Page, Shown, Tag, origin_of

_SCRIPT = ("script-src-elem", "script-src", "default-src")
_IMPORT = ("script-src", "default-src")  # of a worker: what it imports is no element
_CONNECT = ("connect-src", "default-src")
_WORKER = ("worker-src", "child-src", "script-src", "default-src")
_ABOUT_SCRIPT = frozenset({"script-src-elem", "script-src", "default-src"})
_LONGEST_LINE = 400
_MOST_LINES = 8


@dataclass(frozen=True)
class Need:
    """`name` is the directive that is for this; the others speak for it where it is missing. `tag` is the element by
    which the page's own HTML asks for the address; without one a trusted script does.
    """

    name: str
    directives: Sequence[str]
    url: str
    tag: Tag | None = None


def csp(page: Page | None, worker: Shown | None, worker_url: str, product: Product, *, site_key: str) -> Finding:
    """By each policy alone: a browser obeys all of them."""
    if page is None:
        return unknown(Subject.CSP, "The page could not be looked at.")
    own, tag = origin_of(page.url), page.tag
    of_page = policy.read((*page.policies, *page.markup.policies))
    of_worker = policy.read(worker.headers.get("content-security-policy", ())) if worker else []
    script_url = tag.src if tag and origin_of(tag.src) else product.script_url
    connects = Need("connect-src", _CONNECT, product.routes(site_key))
    needs = (
        Need("script-src", _SCRIPT, script_url, tag),
        connects,
        Need("worker-src", _WORKER, worker_url if origin_of(worker_url) == own else f"{own}{WORKER_PATH}"),
    )
    of_file = (Need("script-src", _IMPORT, product.worker_url), connects)
    lines = [line for each in of_page for need in needs if (line := _missing(each, need, own))]
    lines += [_types(each) for each in of_page if not _takes_types(each)]
    of_its_own = [line for each in of_worker for need in of_file if (line := _missing(each, need, own))]
    if lines or of_its_own:
        told = [_told("the page's policy", lines), _told("that of the worker file", of_its_own)]
        fix = f"Let {', and '.join(each for each in told if each)}."
        return problem(Subject.CSP, "A Content-Security-Policy stops the SDK.", fix)
    if not (of_page or of_worker):
        return fine(Subject.CSP, "There is no Content-Security-Policy, so nothing is stopped.")
    return fine(Subject.CSP, "The Content-Security-Policy lets the SDK load, connect and work.")


def _told(whose: str, lines: Sequence[str]) -> str:
    shown = islice(dict.fromkeys(lines), _MOST_LINES)
    return f"{whose} say {'; '.join(f'`{line}`' for line in shown)}" if lines else ""


def _missing(said: Policy, need: Need, own: str) -> str:
    """The directive as it would have to be; empty if it lets this pass, or nothing is said about it."""
    found = said.first_of(need.directives)
    if found is None:
        return ""
    name, sources = found
    if _passes(name, sources, need, own):
        return ""
    if need.tag is not None and _is_strict(sources):
        return f"{name} 'nonce-…' 'strict-dynamic', with that nonce in the tag"
    mine = origin_of(need.url)
    written = name if name.startswith(need.name) else need.name
    return _line(written, [*_kept(sources, need), "'self'" if mine == own else mine])


def _kept(sources: Sources, need: Need) -> list[str]:
    """What is in quotes is about script, and says nothing elsewhere."""
    is_script = need.name == "script-src"
    return [
        source
        for source in sources
        if source.lower() != "'none'" and (is_script or not source.startswith("'") or source.lower() == "'self'")
    ]


def _passes(name: str, sources: Sources, need: Need, own: str) -> bool:
    if name in _ABOUT_SCRIPT and need.name != "connect-src":
        if need.tag is not None and _vouches(sources, need.tag):
            return True
        if _is_strict(sources):
            return need.tag is None  # a script that is trusted may bring others; what HTML asks for is not believed
    return policy.admits(sources, need.url, own=own)


def _vouches(sources: Sources, tag: Tag) -> bool:
    hashes = [f"'{each.partition('?')[0]}'" for each in tag.integrity.split()]
    return bool(tag.nonce and f"'nonce-{tag.nonce}'" in sources) or bool(hashes and set(hashes) <= set(sources))


def _is_strict(sources: Sources) -> bool:
    return any(source.lower() == "'strict-dynamic'" for source in sources)


def _takes_types(said: Policy) -> bool:
    names = said.directives.get("trusted-types")
    return names is None or TRUSTED_TYPES in names or "*" in names


def _types(said: Policy) -> str:
    names = [name for name in said.directives["trusted-types"] if name.lower() != "'none'"]
    return _line("trusted-types", [*names, TRUSTED_TYPES])


def _line(name: str, sources: Sequence[str]) -> str:
    """Ours are at the end; what is too long is cut before them."""
    whole = " ".join([name, *sources])
    return whole if len(whole) <= _LONGEST_LINE else f"{name} … {sources[-1]}"
