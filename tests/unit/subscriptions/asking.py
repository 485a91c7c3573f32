"""The questions that tests put to the service, with what stays the same filled in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.features.subscriptions.model import Subscription
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions
from tests.unit.subscriptions.memory import ADA, NOW, a_browser

LATER = NOW + timedelta(days=7)
UNKNOWN = "sub_" + "0" * 32
ON_SITE = {"tenant_id": ADA, "site_id": "site_a"}


def subscribe(service: Subscriptions, name: object = "x", **words: Any) -> Subscribed:
    return service.subscribe(**{**ON_SITE, "browser": a_browser(name), "now": NOW, **words})


def show(service: Subscriptions, found: Subscribed) -> Subscription:
    return service.get(**ON_SITE, subscription_id=found.subscription.id)


def own(ask: Callable[..., Any], found: Subscribed, **words: Any) -> Any:
    asked = {**ON_SITE, "subscription_id": found.subscription.id, "token": found.token, "now": NOW, **words}
    return ask(**asked)
