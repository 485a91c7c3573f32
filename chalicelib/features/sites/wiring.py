"""Sites over the core table, with their secrets under KMS. `place_of_site` is for the wirings of what is on a site."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parseaddr
from functools import cache

from chalicelib.features.sightings.service import Witness
from chalicelib.features.sites.service import Sites, Terms


@cache
def sites() -> Sites:
    from chalicelib.aws import envelope
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.core import clock
    from chalicelib.features.due.wiring import due
    from chalicelib.features.sites.adapters.key_pairs import key_pair
    from chalicelib.features.sites.adapters.nights import Nights
    from chalicelib.features.sites.store import SiteRows

    known = settings()
    return Sites(
        store=SiteRows(),
        vault=envelope,
        key_pair=key_pair,
        terms=Terms(
            allows_http_origins=known.allows_http_origins,
            default_subject=f"mailto:{parseaddr(known.mail_from)[1]}",
        ),
        clock=clock,
        cursor_secret=lambda: secret(known.secret_pepper).encode(),
        nights=Nights(due()),
    )


def seen_on_pages() -> Witness:
    """Who is told what came of the visits of browsers."""
    from chalicelib.features.sightings.wiring import witness

    return witness()


def place_of_site() -> Callable[[str, str], tuple[str, str]]:
    from chalicelib.features.sites.store import place_of

    return place_of
