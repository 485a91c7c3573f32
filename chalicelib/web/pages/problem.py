"""`/problems` and `/problems/{code}`: what went wrong, when that happens, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from chalicelib.web.explain import STATUS_NAMES, Explanation
from chalicelib.web.pages.html import Html, el, inline, join, prose
from chalicelib.web.pages.layout import brand, page
from chalicelib.web.pages.paint import painted

_ABOUT = "What the problems of the PushSaaS API mean, and what to do about each."


def problem_index(explanations: Iterable[Explanation]) -> str:
    by_status = sorted(explanations, key=lambda each: (each.status, each.code))
    return page(
        "Problems",
        _top(),
        el(
            "main",
            el("h1", "Problems"),
            el(
                "p",
                "Errors come as ",
                el("code", "application/problem+json"),
                ". Act upon ",
                el("code", "code"),
                ": it is stable.",
            ),
            (_group(status, list(each)) for status, each in groupby(by_status, key=lambda each: each.status)),
            id="content",
        ),
        about=_ABOUT,
        kind="reading",
    )


def problem_page(explanation: Explanation) -> str:
    return page(
        explanation.title,
        _top(),
        el("main", _content(explanation), id="content"),
        about=explanation.meaning,
        kind="reading",
    )


def missing_page(code: str) -> str:
    return page(
        "No such problem",
        _top(),
        el(
            "main",
            _crumbs(),
            el("h1", "No such problem"),
            el("p", "There is no problem called ", el("code", code[:100]), "."),
            id="content",
        ),
        about=_ABOUT,
        kind="reading",
    )


def _content(explanation: Explanation) -> Iterator[Html]:
    yield _crumbs()
    yield el("p", el("b", explanation.status), el("code", explanation.code), class_="badge")
    yield el("h1", explanation.title)
    yield prose(explanation.meaning)
    yield el("h2", "When it happens")
    yield prose(explanation.when)
    yield el("h2", "What to do")
    yield prose(explanation.do)
    yield from _extras("Members of its own", explanation.members)
    yield from _extras("Headers", explanation.headers)
    yield el("h2", "How it looks")
    yield el("figure", el("pre", el("code", painted(explanation.example))))
    if explanation.family:
        link = el("a", el("code", explanation.family), href=f"/problems/{explanation.family}")
        yield el("p", "It is one of the kind of ", link, ".")


def _extras(heading: str, extras: dict[str, str]) -> Iterator[Html]:
    if extras:
        rows = (el("li", el("code", name, class_="name"), el("p", inline(words))) for name, words in extras.items())
        yield el("h2", heading)
        yield el("ul", rows, class_="fields")


def _group(status: int, explanations: Iterable[Explanation]) -> Html:
    rows = (
        el("li", el("a", each.code, href=f"/problems/{each.code}"), el("span", each.title)) for each in explanations
    )
    return join([el("h2", f"{status} {STATUS_NAMES[status]}"), el("ul", rows, class_="list")])


def _crumbs() -> Html:
    return el("p", el("a", "All problems", href="/problems"), class_="crumbs")


def _top() -> Html:
    return brand(el("a", "Reference", href="/docs"), el("a", "Problems", href="/problems"))
