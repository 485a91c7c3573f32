"""Looks at a site's page and worker file as a browser finds them: through the guard, in little time and few bytes."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urldefrag

from chalicelib.core.outside import HTTPS_OR_ALTERNATE, Outside, Unreached
from chalicelib.features.checks.model.address import HTML
from chalicelib.features.checks.model.visit import Lead, Lost, Markup, Page, Shown, joined, origin_of
from chalicelib.features.sites.model import Site

_WITHIN_SECONDS = 4.0  # each: a page behind two others and a worker file are sixteen, and API Gateway waits 29
_MOST_PAGES = 3
_PAGE_BYTES = 512 * 1024
_WORKER_BYTES = 64 * 1024
_HEADERS = frozenset({"location", "content-security-policy", "service-worker-allowed"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_SHOWN = 300
_LONGEST_KIND = 100


class ReadMarkup(Protocol):
    def __call__(self, body: bytes, *, url: str) -> Markup:
        """What its HTML says, whatever it is."""
        ...


class Visits:
    def __init__(self, *, outside: Callable[[], Outside], read_markup: ReadMarkup) -> None:
        self._outside = outside
        self._read_markup = read_markup

    def front(self, site: Site) -> Shown | Lost:
        """The site's page, or the one that visitors are sent on to, as long as that is on one of its origins."""
        url = site.url
        for _ in range(_MOST_PAGES):
            seen = self._ask(url, accept="text/html", limit_bytes=_PAGE_BYTES)
            if isinstance(seen, Lost) or seen.status not in _REDIRECTS or "location" not in seen.headers:
                return seen
            toward = joined(url, seen.headers["location"][-1])
            if origin_of(toward) not in site.origins:
                return Lost(url, Lead.ELSEWHERE, toward[:_LONGEST_SHOWN])
            url = toward
        return Lost(url, Lead.IN_CIRCLES)

    def page(self, seen: Shown | Lost) -> Page | None:
        """None: it is no page that one could read."""
        if isinstance(seen, Lost) or seen.status != HTTPStatus.OK or seen.kind not in HTML or not seen.body:
            return None
        policies = seen.headers.get("content-security-policy", ())
        return Page(seen.url, self._read_markup(seen.body, url=seen.url), policies, is_whole=seen.is_whole)

    def worker(self, url: str, *, page_url: str) -> Shown | Lost | None:
        """Only on the page's own origin: a browser would not ask elsewhere either. None: it is not."""
        if origin_of(url) != origin_of(page_url):
            return None
        return self._ask(url, accept="*/*", limit_bytes=_WORKER_BYTES)

    def _ask(self, url: str, *, accept: str, limit_bytes: int) -> Shown | Lost:
        try:
            reply = self._outside().look(
                urldefrag(url).url,
                accept=accept,
                headers=_HEADERS,
                limit_bytes=limit_bytes,
                ports=HTTPS_OR_ALTERNATE,
                within_seconds=_WITHIN_SECONDS,
            )
        except Unreached as failed:
            return Lost(url[:_LONGEST_SHOWN], failed.reason)
        return Shown(url, reply.status, reply.kind[:_LONGEST_KIND], reply.body, reply.is_whole, reply.headers)
