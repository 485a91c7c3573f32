"""Subscriptions over the subs table and the sites, and the audience as the sender reads it."""

from __future__ import annotations

from functools import cache

from chalicelib.features.sightings.service import Witness
from chalicelib.features.sites.service import Sites
from chalicelib.features.subscriptions.service.health import Checkup
from chalicelib.features.subscriptions.service.ports import Audience
from chalicelib.features.subscriptions.service.subscriptions import Subscriptions
from chalicelib.features.subscriptions.service.sunset import Sunset
from chalicelib.features.subscriptions.service.tombstones import Tombstones


@cache
def subscriptions() -> Subscriptions:
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.sites.wiring import place_of_site
    from chalicelib.features.subscriptions.store import BrowsersOnSites, ErasedRows, SubscriptionRows

    return Subscriptions(
        store=SubscriptionRows(),
        erasures=ErasedRows(),
        on_sites=BrowsersOnSites(place_of_site=place_of_site()),
        sites=gate(),
        installation_secret=lambda: secret(settings().secret_installation).encode(),
        pepper=lambda: secret(settings().secret_pepper).encode(),
    )


@cache
def tombstones() -> Tombstones:
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.subscriptions.store import SubscriptionRows

    return Tombstones(
        store=SubscriptionRows(), sites=gate(), cursor_secret=lambda: secret(settings().secret_pepper).encode()
    )


@cache
def sunset() -> Sunset:
    from chalicelib.features.subscriptions.store import SubscriptionRows

    return Sunset(store=SubscriptionRows())


@cache
def checkup() -> Checkup:
    from chalicelib.core.chance import SystemChance
    from chalicelib.features.subscriptions.store import SubscriptionRows

    return Checkup(store=SubscriptionRows(), sites=gate(), chance=SystemChance())


@cache
def audience() -> Audience:
    from chalicelib.features.subscriptions.store import SubscriptionRows

    return SubscriptionRows()


def gate() -> Sites:
    """Who admits browsers to the routes of this slice."""
    from chalicelib.features.sites.wiring import sites

    return sites()


def seen_on_pages() -> Witness:
    """Who is told what came of their visits."""
    from chalicelib.features.sightings.wiring import witness

    return witness()
