"""The site's address: is it secure, does a visitor get there, and may the page where they end up subscribe them?"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from chalicelib.features.checks.model.finding import Finding, Subject, fine, problem, unknown, warning
from chalicelib.features.checks.model.visit import WORDS, Lead, Lost, Shown, origin_of
from chalicelib.features.sightings.model import Refusal
from chalicelib.features.sites.model import Site

HTML = frozenset({"text/html", "application/xhtml+xml"})
_TURNED_AWAY = frozenset({401, 403, 407, 429, 503})  # what servers and their firewalls say to robots
_TRY_YOURSELF = "Open it in a private window of a browser: visitors must see it without signing in."


def https(site: Site) -> Finding:
    plain = [each for each in (site.url, *site.origins) if not each.startswith("https://")]
    if not plain:
        return fine(Subject.HTTPS, "The site's address and all its origins are https.")
    return warning(
        Subject.HTTPS,
        f"`{plain[0]}` is not https: browsers give push to such a page on this machine only.",
        "Before others visit the site, give it an https address, and name that in `url` and `origins`.",
    )


def page_reachable(seen: Shown | Lost) -> Finding:
    if isinstance(seen, Lost):
        toward = f" (`{seen.toward}`)" if seen.toward else ""
        return problem(Subject.PAGE_REACHABLE, f"`{seen.url}` {WORDS[seen.why]}{toward}.", _way_there(seen))
    if seen.status in _TURNED_AWAY:
        return warning(
            Subject.PAGE_REACHABLE,
            f"`{seen.url}` answered {seen.status}, so the page could not be looked at.",
            f"{_TRY_YOURSELF} If they do, a firewall turns us away: let the user agent PushSaaS in.",
        )
    if seen.status != HTTPStatus.OK:
        return problem(Subject.PAGE_REACHABLE, f"`{seen.url}` answered {seen.status}.", _TRY_YOURSELF)
    if seen.kind not in HTML:
        return warning(
            Subject.PAGE_REACHABLE,
            f"`{seen.url}` is `{seen.kind or 'of no kind'}`, not a page.",
            "Name a page of the site in its `url`, and have the server send it as `text/html`.",
        )
    if not seen.body:
        return warning(
            Subject.PAGE_REACHABLE,
            f"`{seen.url}` came empty or compressed, though we asked for it plain.",
            "Have the server heed `Accept-Encoding: identity`, so that the page can be looked at.",
        )
    return fine(Subject.PAGE_REACHABLE, f"`{seen.url}` shows a page.")


def origin_listed(site: Site, seen: Shown | Lost, refusals: Sequence[Refusal]) -> Finding:
    """By where visitors end up; and by who was refused, as far as it looks like the same site."""
    listed = ", ".join(f"`{each}`" for each in site.origins)
    end = origin_of(seen.toward if isinstance(seen, Lost) and seen.why is Lead.ELSEWHERE else seen.url)
    if end not in site.origins:
        return problem(
            Subject.ORIGIN_LISTED,
            f"Visitors end up at `{end or site.url}`, and only {listed} may subscribe browsers.",
            f"Add `{end}` to the site's `origins`, if it is yours." if end else "Correct the site's `url`.",
        )
    for refusal in refusals:
        if refusal.origin not in site.origins and _are_relatives(site, refusal.origin):
            return warning(
                Subject.ORIGIN_LISTED,
                f"`{refusal.origin}` was refused: it is not among the site's origins, {listed}.",
                f"Add `{refusal.origin}` to the site's `origins`, if it is yours.",
                seen_at=refusal.at,
            )
    if isinstance(seen, Lost):
        return unknown(Subject.ORIGIN_LISTED, f"Listed: {listed}. Where visitors end up could not be seen.")
    return fine(Subject.ORIGIN_LISTED, f"Visitors end up at `{end}`, which is listed.")


def _way_there(lost: Lost) -> str:
    match lost.why:
        case Lead.ELSEWHERE:
            return "Name where visitors end up in the site's `url`, and its origin in `origins`."
        case Lead.IN_CIRCLES:
            return "Name the page where visitors end up in the site's `url`."
    return f"Correct the site's `url`, or its server. {_TRY_YOURSELF}"


def _are_relatives(site: Site, origin: str) -> bool:
    """www.shop.example and shop.example: one is below the other. Anybody may claim to be; so it is only a hint."""
    host = _host(origin)
    return any(host.endswith(f".{own}") or own.endswith(f".{host}") or own == host for own in map(_host, site.origins))


def _host(origin: str) -> str:
    return origin.partition("://")[2].partition(":")[0].lower() or "-"
