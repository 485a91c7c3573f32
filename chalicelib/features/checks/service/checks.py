"""Looks a site over, from its address to its pushes, and tells what it finds and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

import msgspec

from chalicelib.channels.message import Message
from chalicelib.channels.webpush.payload import LARGEST_BYTES, DoesNotFit, envelope
from chalicelib.core import receipts
from chalicelib.core.encoding import b64url
from chalicelib.core.errors import PushError
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import Campaign
from chalicelib.features.checks.model import address, presence, sending
from chalicelib.features.checks.model.csp import csp
from chalicelib.features.checks.model.finding import Finding
from chalicelib.features.checks.model.product import Product
from chalicelib.features.checks.model.script_tag import script_tag
from chalicelib.features.checks.model.visit import Shown
from chalicelib.features.checks.model.worker_file import place_of, worker
from chalicelib.features.checks.service.visiting import Visits
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sightings.model import Sightings
from chalicelib.features.sites.model import SigningKey, Site
from chalicelib.features.subscriptions.model import KEY_BYTES, Recipient

_SAMPLE = 200
_CAMPAIGNS = 25
_TAG = "run_" + "0" * 26
_RECEIPT = b"0" * receipts.LENGTH


class Sites(Protocol):
    def get(self, *, tenant_id: str, site_id: str) -> Site:
        """Raises NotFound for a site that is not this tenant's."""
        ...

    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:
        """Opened."""
        ...


class Witness(Protocol):
    def of_site(self, *, tenant_id: str, site_id: str) -> Sightings:
        """What browsers told by coming."""
        ...


class Audience(Protocol):
    def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[list[Recipient], bool]:
        """In the order of keys, which is as good as any by chance."""
        ...


class Campaigns(Protocol):
    def of_site(self, *, tenant_id: str, site_id: str, limit: int, position: str | None) -> Page[Campaign]:
        """Newest first."""
        ...


class Hosts(Protocol):
    def gates(self, *, tenant_id: str, site_id: str) -> Sequence[Gate]:
        """What the site's workers have learnt of push services."""
        ...


class Checks:
    def __init__(
        self,
        *,
        sites: Sites,
        witness: Witness,
        audience: Audience,
        campaigns: Campaigns,
        hosts: Hosts,
        visits: Visits,
        product: Product,
    ) -> None:
        self._sites = sites
        self._witness = witness
        self._audience = audience
        self._campaigns = campaigns
        self._hosts = hosts
        self._visits = visits
        self._product = product

    def check(self, *, tenant_id: str, site_id: str, now: datetime) -> Sequence[Finding]:
        """Takes seconds: it asks the site's own server. Raises NotFound."""
        site = self._sites.get(tenant_id=tenant_id, site_id=site_id)
        seen = self._witness.of_site(tenant_id=tenant_id, site_id=site_id)
        return [*self._of_pages(site, seen, now), *self._of_sending(site, now)]

    def _of_pages(self, site: Site, seen: Sightings, now: datetime) -> Iterable[Finding]:
        visits, product = self._visits, self._product
        front = visits.front(site)
        page = visits.page(front)
        page_url = page.url if page else site.url
        worker_url, scope = place_of(page.tag if page else None, page_url)
        file = visits.worker(worker_url, page_url=page_url)
        shown = file if isinstance(file, Shown) and file.status == HTTPStatus.OK else None
        return (
            address.https(site),
            address.page_reachable(front),
            address.origin_listed(site, front, seen.refusals),
            script_tag(site, page, product, lately=presence.lately(seen, now=now)),
            csp(page, shown, worker_url, product, site_key=site.site_key),
            worker(file, scope=scope, page_url=page_url, product=product),
            presence.sdk_seen(seen, now=now),
            presence.last_refusal(seen, now=now),
        )

    def _of_sending(self, site: Site, now: datetime) -> Iterable[Finding]:
        place = {"tenant_id": site.tenant_id, "site_id": site.id}
        start, end = bytes(KEY_BYTES), b"\xff" * KEY_BYTES
        sample, _ = self._audience.read(site.tenant_id, site.id, start=start, end=end, limit=_SAMPLE)
        campaigns = self._campaigns.of_site(**place, limit=_CAMPAIGNS, position=None).rows
        return (
            sending.subject(site),
            sending.key_match(site, sample, opened=self._public_half(site)),
            sending.payload(sizes(site.url, _messages(campaigns), clicks=self._product.clicks_url)),
            sending.push_services(self._hosts.gates(**place), now=now),
        )

    def _public_half(self, site: Site) -> str | None:
        try:
            key = self._sites.signing_key(tenant_id=site.tenant_id, site_id=site.id, key_id=site.key_id)
        except PushError as error:
            if error.retryable:
                raise
            return None
        return b64url(key.public)


def _messages(campaigns: Sequence[Campaign]) -> dict[str, Message]:
    """By name; of those that share one, the newest's."""
    return {each.name: each.message for each in reversed(campaigns)}


def sizes(url: str, messages: Mapping[str, Message], *, clicks: str) -> sending.Sizes:
    """By the name of the campaign."""
    written = {name: _written(message, clicks) for name, message in messages.items()}
    cut = {name: lost for name, text in written.items() if (lost := _losses(messages[name], text))}
    bare = len(_written(Message(title="", url=url), clicks))
    return sending.Sizes(LARGEST_BYTES, bare, max(map(len, written.values()), default=0), cut)


def _written(message: Message, clicks: str) -> bytes:
    try:
        return envelope(message, tag=_TAG, clicks=clicks).addressed(_RECEIPT)
    except DoesNotFit:  # it was stored when there was more room
        return b'{"notification":{}}'


def _losses(message: Message, written: bytes) -> list[str]:
    """What a message has lost to become small enough, in the order in which it goes."""
    shown = msgspec.json.decode(written)["notification"]
    lost = {
        "its picture": message.image != shown.get("image"),
        "its buttons": len(message.actions) != len(shown.get("actions", ())),
        "the end of its text": message.body != shown.get("body", ""),
    }
    return [word for word, is_lost in lost.items() if is_lost]
