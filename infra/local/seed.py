"""What a newcomer finds: an enterprise tenant with a site, simulated subscribers and a ready key. Made once, then kept.

Everything is made by the product's own use cases, as an owner's calls would make it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from chalicelib.core.identity import TENANT_SCOPES, Principal, Role
from chalicelib.features.identity.wiring import identity
from chalicelib.features.sites.wiring import sites
from chalicelib.features.subscriptions.model import read_browser
from chalicelib.features.subscriptions.service.profiles import profile_of
from chalicelib.features.subscriptions.wiring import subscriptions
from infra.local.push_service.service import PushService

EMAIL = "demo@example.com"
PASSWORD = "demo password"  # noqa: S105 -- printed at every start; it opens nothing but this laptop's product
SITE_NAME = "Demo shop"
_SEED = 2026
_ZONES = ("Europe/Madrid", "America/Santo_Domingo", "Asia/Tokyo", "America/New_York", "Australia/Sydney")
_LANGUAGES = ("es", "en", "ja", "de", "fr")


@dataclass(frozen=True)
class Demo:
    tenant_id: str
    site_id: str
    site_key: str
    vapid_public_key: str
    api_key: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Demo:
        return cls(**kept)


def seed(*, url: str, shop_url: str, subscribers: int, now: datetime) -> Demo:
    opened = identity().open_tenant(
        email=EMAIL, password=PASSWORD, tenant_name="Demo company", plan="enterprise", now=now
    )
    tenant_id = opened.tenant.id
    site = sites().create(tenant_id=tenant_id, name=SITE_NAME, url=shop_url, origins=_origins(url, shop_url), now=now)
    owner = Principal(subject=opened.user.id, tenant_id=tenant_id, scopes=TENANT_SCOPES, role=Role.OWNER)
    key = identity().api_keys.create(creator=owner, name="demo", scopes=TENANT_SCOPES, now=now)
    demo = Demo(tenant_id, site.id, site.site_key, site.vapid_public_key, key.key)
    gather(demo, count=subscribers, now=now)
    return demo


def welcome_pages(demo: Demo, *, url: str, shop_url: str) -> None:
    """Another port is another origin; the demo site goes along, so that shop and console may subscribe."""
    site = sites().get(tenant_id=demo.tenant_id, site_id=demo.site_id)
    wanted = _origins(url, shop_url)
    if not set(wanted) <= set(site.origins):
        sites().change(tenant_id=demo.tenant_id, site_id=demo.site_id, url=shop_url, origins=wanted)


def _origins(*urls: str) -> tuple[str, ...]:
    return tuple(name for url in urls for name in (url, url.replace("127.0.0.1", "localhost")))


def gather(demo: Demo, *, count: int, now: datetime) -> None:
    """Simulated browsers: the same numbers are the same browsers after every restart."""
    for index in range(count):
        made = PushService.simulated(_SEED, index, vapid_public_key=demo.vapid_public_key)
        said = {
            "tags": ["demo", f"group-{index % 10}"],
            "timezone": _ZONES[index % len(_ZONES)],
            "language": _LANGUAGES[index % len(_LANGUAGES)],
        }
        subscriptions().subscribe(
            tenant_id=demo.tenant_id,
            site_id=demo.site_id,
            browser=read_browser(endpoint=made["endpoint"], **made["keys"]),
            profile=profile_of(said),
            now=now,
        )
