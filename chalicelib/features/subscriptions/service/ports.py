"""What the services need: rows of browsers, and their sites. `Audience` is what the sender reads of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.features.sites.model import Site
from chalicelib.features.subscriptions.model import Recipient, Subscription


class SubscriptionStore(Protocol):
    def get(self, tenant_id: str, site_id: str, key: bytes) -> Subscription | None:
        """By a consistent read; tombstones too."""
        ...

    def put(self, subscription: Subscription) -> bool:
        """Writes it as revision `rev` + 1, IF the row stands at `rev` (0: IF there is none)."""
        ...

    def page(
        self, tenant_id: str, site_id: str, *, after: bytes | None, limit: int, to: bytes | None = None
    ) -> tuple[Sequence[Subscription], bool]:
        """In the order of keys, up to `to` and with it; and whether there may be more. Fewer than `limit` means that
        there are no more.
        """
        ...

    def of_person(self, tenant_id: str, site_id: str, external_id: str, *, most: int) -> Sequence[Subscription]:
        """In the order of keys. May miss what changed in the last second."""
        ...

    def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, reason: str, at: datetime) -> bool:
        """See Audience."""
        ...

    def revive(self, tombstone: Subscription, *, active_since: int) -> bool:
        """Makes it active IF it stands as it was read: the same end, and no new life. False: it does not."""
        ...


class Erasures(Protocol):
    """What was erased lately, known by no more than a hash of its key."""

    def note(self, tenant_id: str, site_id: str, keys: Sequence[bytes], *, until: datetime) -> None: ...

    def know(self, tenant_id: str, site_id: str, keys: Sequence[bytes], *, now: datetime) -> bool:
        """Any of these."""
        ...


class OnSites(Protocol):
    """Browsers by name, tombstones among them. None where there is no such site, which is asked in the same look-up."""

    def named(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> Sequence[Subscription] | None:
        """Those that exist, in no order."""
        ...

    def of_people(
        self, tenant_id: str, site_id: str, external_ids: Sequence[str], *, most: int
    ) -> Sequence[Subscription] | None:
        """Of several people, `most` of each, in the order of keys. May miss what changed in the last second."""
        ...


class Audience(Protocol):
    """What the sender needs of a site's rows; tombstones are among them."""

    def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[list[Recipient], bool]:
        """Those with keys from `start` to `end`, both included, in order, by consistent reads over as many shards as it
        takes; and whether there may be more. Fewer than `limit` means that there are no more.
        """
        ...

    def pick(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> list[Recipient]:
        """Those that exist, in the order asked for, by consistent reads."""
        ...

    def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, reason: str, at: datetime) -> bool:
        """Ends it IF it is active since then; touches nothing that others write. False: it has ended or come back."""
        ...

    def trouble(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, why: str) -> bool:
        """Notes why it is not reached, IF it is active since then and no trouble of it is known; the same way."""
        ...


class SiteBook(Protocol):
    def get(self, *, tenant_id: str, site_id: str) -> Site:
        """Raises NotFound for a site that is not this tenant's."""
        ...

    def key_id_of(self, *, tenant_id: str, site_id: str, vapid_public_key: str) -> str | None:
        """Of a key that the site has, or has had; None for any other."""
        ...

    def identity_secret(self, *, tenant_id: str, site_id: str) -> str:
        """What the site's own server signs external ids with."""
        ...
