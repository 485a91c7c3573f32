"""Subscriptions: how browsers come and go, what their pages and their site's owner say of them, and who may see it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Conflict, NotFound, Stale
from chalicelib.core.paging import Cursors, Page
from chalicelib.features.sites.model import Site
from chalicelib.features.subscriptions.model import (
    BURIED_FOR,
    ERASED,
    KEY_BYTES,
    UNWILLING,
    Browser,
    Consent,
    EndReason,
    Profile,
    Sight,
    Status,
    Subscription,
    SubscriptionEnded,
    blank,
    changed,
    is_over,
    key_of,
    left,
    proven,
    welcomed,
)
from chalicelib.features.subscriptions.service.ports import Erasures, OnSites, SiteBook, SubscriptionStore
from chalicelib.features.subscriptions.service.proofs import Proofs
from chalicelib.features.subscriptions.service.succession import Newcomer, Succession, inheriting, own_words

_ATTEMPTS = 10
_MOST_BROWSERS = 100  # of one person on one site, to be sent to: active ones
_MOST_LISTED = 1_000  # of one person on one site, who may be a kiosk: looked at, to be told of, and to go
_ROWS_A_READ = 200
_MOST_READS = 10  # of a search, before it hands out what it has and a cursor to go on


class WrongVapidKey(Conflict):
    """A push service delivers to a subscription only what is signed with the key that it was made under.

    When: The browser has subscribed under a key that is none of this site's, for another provider perhaps.

    Do: Unsubscribe it in the browser, and subscribe it anew under `vapid_public_key`.

    Members:
    - vapid_public_key: what the site subscribes browsers with now
    """

    code = "wrong_vapid_key"
    title = "This browser has subscribed under another key than the site's."


@dataclass(frozen=True)
class Subscribed:
    """`vapid_public_key` is what the site subscribes browsers with now, whatever this one was made under."""

    subscription: Subscription
    token: str
    vapid_public_key: str
    is_new: bool


@dataclass(frozen=True)
class Filter:
    tag: str | None = None
    external_id: str | None = None
    status: Status | None = None

    def takes(self, subscription: Subscription) -> bool:
        return (
            (self.tag is None or self.tag in subscription.packed.tags)
            and (self.external_id is None or self.external_id == subscription.external_id)
            and (self.status is None or self.status is subscription.status)
        )


class Subscriptions:
    def __init__(
        self,
        *,
        store: SubscriptionStore,
        erasures: Erasures,
        on_sites: OnSites,
        sites: SiteBook,
        installation_secret: Callable[[], bytes],
        pepper: Callable[[], bytes],
    ) -> None:
        self._store = store
        self._erasures = erasures
        self._succession = Succession(store)
        self._on_sites = on_sites
        self._sites = sites
        self._installation_secret = installation_secret
        self._pepper = pepper
        self._proofs = Proofs(sites=sites, pepper=pepper)

    # --- What a browser may ask, from a page of the site ---

    def subscribe(
        self,
        *,
        tenant_id: str,
        site_id: str,
        browser: Browser,
        now: datetime,
        profile: Profile = Profile(),  # noqa: B008 -- frozen
        signature: str | None = None,
        previous_endpoint: str | None = None,
        consent: Consent | None = None,
        sight: Sight = Sight(),  # noqa: B008 -- frozen
        vapid_public_key: str | None = None,
        is_renewal: bool = False,
    ) -> Subscribed:
        """By endpoint: the same one is the same subscription. A new endpoint of a known browser takes over from the old
        one, which is ended only when the new one stands, so that a crash in between can be repeated; then it is written
        even if nothing is new, so that of two that take over from each other one notices. With `vapid_public_key`,
        what the browser says of itself goes before what was thought of it.
        """
        site = self._sites.get(tenant_id=tenant_id, site_id=site_id)
        self._proofs.check_person(tenant_id, site_id, profile, signature)
        key, at_ms = self._key(site_id, browser.endpoint), in_milliseconds(now)
        key_id = self._key_id(site, vapid_public_key)
        previous = None if previous_endpoint is None else self._key(site_id, previous_endpoint)
        token, found = self._proofs.token(tenant_id, site_id, key), None
        newcomer = Newcomer(tenant_id, site_id, key, previous, profile.said_ms, is_renewal)
        elders: Sequence[Subscription] = ()
        for _ in range(_ATTEMPTS):
            there = self._store.get(tenant_id, site_id, key)
            known = None if there is None or is_over(there, now=now) else there
            if known is None or not known.is_active:
                self._check_memory(tenant_id, site_id, [key, *([previous] if previous else [])], now)
            elders = self._succession.elders(newcomer, known, met={elder.key for elder in elders}, now=now)
            fresh = blank(tenant_id, site_id, key, key_id=site.key_id, browser=browser, at_ms=at_ms)
            before = known or replace(fresh, rev=there.rev if there else 0)
            base = reduce(inheriting, elders, replace(own_words(before), key_id=key_id or before.key_id))
            after = welcomed(base, browser, profile, consent=consent, at_ms=at_ms, sight=sight)
            if (elders or after != known) and not self._store.put(after):
                continue
            is_new = known is None or (found is not None and found.is_new)
            found = Subscribed(after, token, site.vapid_public_key, is_new=is_new)
            if all(self._succession.retire(elder, heir=key, now=now) for elder in elders):
                break
        if found is None:
            raise Stale
        return found

    def change_own(
        self,
        *,
        tenant_id: str,
        site_id: str,
        subscription_id: str,
        token: str | None,
        profile: Profile,
        now: datetime,
        signature: str | None = None,
        consent: Consent | None = None,
        sight: Sight = Sight(),  # noqa: B008 -- frozen
    ) -> Subscription:
        key = self._proofs.own_key(tenant_id, site_id, subscription_id, token)
        self._proofs.check_person(tenant_id, site_id, profile, signature)
        seen_ms = in_milliseconds(now)
        return self._change(
            lambda: self._get(tenant_id, site_id, key),
            lambda before: changed(_fitting(before), profile, consent=consent, seen_ms=seen_ms, sight=sight),
        )

    def end_own(
        self,
        *,
        tenant_id: str,
        site_id: str,
        subscription_id: str,
        token: str | None,
        now: datetime,
        said_ms: int = 0,
    ) -> None:
        """Also by an id that it had before: it may never have heard of the one that it has now."""
        key = self._proofs.own_key(tenant_id, site_id, subscription_id, token)
        self._change(
            lambda: self._standing(tenant_id, site_id, key), lambda before: left(before, said_ms=said_ms, at=now)
        )

    # --- What a notification tells that came back ---

    def prove_life(self, tenant_id: str, site_id: str, key: bytes, at: datetime) -> bool:
        """Whether it was noted that this browser lives: not when that is known already, or when it has ended. Whoever
        writes to the row meanwhile goes first; where they never stop, the next sign of life is as good.
        """
        for _ in range(_ATTEMPTS):
            known = self._store.get(tenant_id, site_id, key)
            after = known and proven(known, at_ms=in_milliseconds(at))
            if after is None or after == known:
                return False
            if self._store.put(after):
                return True
        return False

    # --- What the site's owner may ask ---

    def get(self, *, tenant_id: str, site_id: str, subscription_id: str) -> Subscription:
        key = key_of(subscription_id)
        found = None if key is None else self._on_sites.named(tenant_id, site_id, [key])
        if not found:
            raise NotFound
        return found[0]

    def line(self, *, tenant_id: str, site_id: str, subscription_id: str) -> Sequence[Subscription]:
        """It, and those that its browser became since, each by the one before alone."""
        return self._succession.line(self.get(tenant_id=tenant_id, site_id=site_id, subscription_id=subscription_id))

    def list(
        self, *, tenant_id: str, site_id: str, wanted: Filter, limit: int, cursor: str | None
    ) -> Page[Subscription]:
        """In the order of keys. `position` of the page is a sealed cursor. A page may hold fewer than there are, even
        none, and still go on: a search reads only so many rows at once.
        """
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        scope = f"{tenant_id}/{site_id}/subscriptions?{wanted}"
        cursors = Cursors(secret=self._pepper(), scope=scope)
        position = cursors.open(cursor)
        if wanted.external_id is not None:
            found = self._store.of_person(tenant_id, site_id, wanted.external_id, most=_MOST_LISTED)
            page = _cut([row for row in found if wanted.takes(row) and row.key.hex() > (position or "")], limit)
        else:
            page = self._search(tenant_id, site_id, wanted, limit, after=position)
        return Page(page.rows, cursors.seal(page.position))

    def change(self, *, tenant_id: str, site_id: str, subscription_id: str, profile: Profile) -> Subscription:
        key = self._key_on_site(tenant_id, site_id, subscription_id)
        return self._change(lambda: self._get(tenant_id, site_id, key), lambda before: changed(before, profile))

    def end(self, *, tenant_id: str, site_id: str, subscription_id: str, now: datetime) -> None:
        """The browser is not sent to any more, whichever id it has by now; its tombstone stays for 30 days."""
        key = self._key_on_site(tenant_id, site_id, subscription_id)
        for _ in range(_ATTEMPTS):
            if self._ended(self._standing(tenant_id, site_id, key), EndReason.REMOVED, now):
                return
        raise Stale

    def keys_of(self, *, tenant_id: str, site_id: str, external_id: str) -> Sequence[bytes]:
        """The active browsers of a person. May miss what changed in the last second."""
        found = self._store.of_person(tenant_id, site_id, external_id, most=_MOST_LISTED)
        return [subscription.key for subscription in found if subscription.is_active][:_MOST_BROWSERS]

    def browsers(self, *, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Those of these that exist, and whether they are subscribed."""
        found = _on_site(self._on_sites.named(tenant_id, site_id, keys))
        return {subscription.key: subscription.is_active for subscription in found}

    def browsers_of(
        self, *, tenant_id: str, site_id: str, external_ids: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[bytes, bool]]]:
        """The same by people; of those of one person, the active ones first."""
        found: dict[str, list[tuple[bytes, bool]]] = {}
        rows = _on_site(self._on_sites.of_people(tenant_id, site_id, external_ids, most=_MOST_LISTED))
        for row in sorted(rows, key=lambda row: not row.is_active):
            of_person = found.setdefault(str(row.external_id), [])
            if len(of_person) < _MOST_BROWSERS:
                of_person.append((row.key, row.is_active))
        return found

    def keep_out(self, *, tenant_id: str, site_id: str, keys: Sequence[bytes], now: datetime) -> None:
        """Who is erased next: said before, because a browser may ask for its row in that very moment."""
        self._erasures.note(tenant_id, site_id, keys, until=now + BURIED_FOR)

    def id_of(self, *, site_id: str, endpoint: str) -> str:
        """The public id that this endpoint has, or would have."""
        return f"sub_{self._key(site_id, endpoint).hex()}"

    # --- Inside ---

    def _change(self, find: Callable[[], Subscription], change: Callable[[Subscription], Subscription]) -> Subscription:
        for _ in range(_ATTEMPTS):
            before = find()
            after = change(before)
            if after == before or self._store.put(after):
                return after
        raise Stale

    def _ended(self, before: Subscription, reason: EndReason, now: datetime) -> bool:
        """Who was ended without a word of the visitor may be brought back: not once it has left."""
        if before.is_active:
            return self._bury(before, reason, now)
        return before.ended_reason not in UNWILLING or self._store.put(replace(before, ended_reason=reason.value))

    def _bury(self, subscription: Subscription, reason: EndReason, now: datetime) -> bool:
        return self._store.bury(
            subscription.tenant_id,
            subscription.site_id,
            key=subscription.key,
            active_since=subscription.active_since,
            reason=reason.value,
            at=now,
        )

    def _get(self, tenant_id: str, site_id: str, key: bytes) -> Subscription:
        found = self._store.get(tenant_id, site_id, key)
        if found is None:
            raise NotFound
        return found

    def _standing(self, tenant_id: str, site_id: str, key: bytes) -> Subscription:
        return self._succession.line(self._get(tenant_id, site_id, key))[-1]

    def _check_memory(self, tenant_id: str, site_id: str, keys: Sequence[bytes], now: datetime) -> None:
        """Who was erased is not brought back by a browser that repeats what it knew, under whichever endpoint."""
        if self._erasures.know(tenant_id, site_id, keys, now=now):
            raise SubscriptionEnded(ended_reason=ERASED)

    def _key_id(self, site: Site, said: str | None) -> str | None:
        if said is None or said == site.vapid_public_key:
            return None if said is None else site.key_id
        found = self._sites.key_id_of(tenant_id=site.tenant_id, site_id=site.id, vapid_public_key=said)
        if found is None:
            raise WrongVapidKey(vapid_public_key=site.vapid_public_key)
        return found

    def _search(
        self, tenant_id: str, site_id: str, wanted: Filter, limit: int, *, after: str | None
    ) -> Page[Subscription]:
        found: list[Subscription] = []
        position = after
        rows_a_read = limit + 1 if wanted == Filter() else _ROWS_A_READ
        for _ in range(_MOST_READS):
            last = None if position is None else bytes.fromhex(position)
            rows, more = self._store.page(tenant_id, site_id, after=last, limit=rows_a_read)
            found += filter(wanted.takes, rows)
            if len(found) > limit or not more:
                return _cut(found, limit)
            position = rows[-1].key.hex()
        return Page(found, position)

    def _key(self, site_id: str, endpoint: str) -> bytes:
        """Half of an HMAC: a plain hash could be ground until it falls into a chosen batch."""
        named = f"{site_id}\0{endpoint}".encode()
        return hmac.digest(self._installation_secret(), named, "sha256")[:KEY_BYTES]

    def _key_on_site(self, tenant_id: str, site_id: str, subscription_id: str) -> bytes:
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        key = key_of(subscription_id)
        if key is None:
            raise NotFound
        return key


def _fitting(subscription: Subscription) -> Subscription:
    """A browser whose push service takes our key no more hears it while it is there: it can subscribe anew at once."""
    if subscription.is_active and subscription.trouble is not None:
        raise SubscriptionEnded(ended_reason=subscription.trouble)
    return subscription


def _on_site(found: Sequence[Subscription] | None) -> Sequence[Subscription]:
    if found is None:
        raise NotFound
    return found


def _cut(rows: Sequence[Subscription], limit: int) -> Page[Subscription]:
    return Page(rows[:limit], rows[limit - 1].key.hex() if len(rows) > limit else None)
