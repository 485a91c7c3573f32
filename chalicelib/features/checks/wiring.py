"""Looks at sites: through the guard, and with what the other slices know of them."""

from __future__ import annotations

from functools import cache

from chalicelib.features.checks.service.checks import Checks


@cache
def checks() -> Checks:
    from chalicelib.channels.registry import outside
    from chalicelib.config import settings
    from chalicelib.features.campaigns.wiring import campaigns
    from chalicelib.features.checks.adapters.markup import read_markup
    from chalicelib.features.checks.model.product import Product
    from chalicelib.features.checks.service.visiting import Visits
    from chalicelib.features.sending.wiring import desk
    from chalicelib.features.sightings.wiring import witness
    from chalicelib.features.sites.wiring import sites
    from chalicelib.features.subscriptions.wiring import audience

    return Checks(
        sites=sites(),
        witness=witness(),
        audience=audience(),
        campaigns=campaigns(),
        hosts=desk(),
        visits=Visits(outside=outside, read_markup=read_markup),
        product=Product(settings().public_url, settings().sdk_url or settings().public_url),
    )
