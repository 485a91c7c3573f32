"""What a browser has to prove: by its token that a subscription is its own, by its site's signature whose it is. Asked
by the service before it does anything.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from msgspec import UNSET

from chalicelib.core.encoding import b64url, unb64url
from chalicelib.core.errors import Forbidden, Invalid, Unauthenticated
from chalicelib.features.subscriptions.model import Profile, key_of
from chalicelib.features.subscriptions.service.ports import SiteBook


class BadSubscriptionToken(Unauthenticated):
    """A browser proves that a subscription is its own by the token it was given when it subscribed.

    When: The X-Subscription-Token header is missing, or belongs to another subscription.

    Do: Send the `token` of the answer to subscribing; to get it again, subscribe again.
    """

    code = "bad_subscription_token"
    title = "The X-Subscription-Token header is not this subscription's."


class UnprovenExternalId(Forbidden):
    """Whose browser this is, only the site's own server may say; otherwise anyone could read another's messages.

    When: `external_id_signature` was not made with this site's identity secret for this external id.

    Do: On your server, compute base64url(HMAC-SHA256(identity secret, external id)) and hand it to the page.
    """

    code = "external_id_unproven"
    title = "The signature does not belong to this external id."


class Proofs:
    def __init__(self, *, sites: SiteBook, pepper: Callable[[], bytes]) -> None:
        self._sites = sites
        self._pepper = pepper

    def own_key(self, tenant_id: str, site_id: str, subscription_id: str, token: str | None) -> bytes:
        key = key_of(subscription_id)
        said = (token or "").encode(errors="replace")
        if key is None or not hmac.compare_digest(self.token(tenant_id, site_id, key).encode(), said):
            raise BadSubscriptionToken
        return key

    def token(self, tenant_id: str, site_id: str, key: bytes) -> str:
        """Nothing is stored of it: whoever subscribes with the endpoint can be told it again."""
        secret = hashlib.sha256(b"subscription token\0" + self._pepper()).digest()
        return b64url(hmac.digest(secret, f"{tenant_id}\0{site_id}\0{key.hex()}".encode(), "sha256"))

    def check_person(self, tenant_id: str, site_id: str, profile: Profile, signature: str | None) -> None:
        external_id = profile.external_id
        if external_id is UNSET or external_id is None:
            return
        if signature is None:
            raise Invalid("An external id needs its signature.", pointer="/external_id_signature")
        secret = self._sites.identity_secret(tenant_id=tenant_id, site_id=site_id)
        if not hmac.compare_digest(hmac.digest(secret.encode(), external_id.encode(), "sha256"), _bytes(signature)):
            raise UnprovenExternalId


def _bytes(text: str) -> bytes:
    try:
        return unb64url(text)
    except ValueError:
        return b""
