"""The providers there are, and what each one's word is worth. Their addresses stand here, and are never asked for: a
discovery document would be one answer more to be believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.features.identity.adapters.oidc.wire import Curl, Wire

_GUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Terms:
    """`issuer` is a pattern: at Microsoft every organisation is one of its own, `tid`. `vouches` says whether the
    e-mail address in a genuine id token is this person's.
    """

    authorize_url: str
    token_url: str
    keys_url: str
    issuer: re.Pattern[str]
    vouches: Callable[[Mapping[str, Any]], bool]
    tenant_claim: str = ""

    def is_issuer(self, issuer: object) -> bool:
        return isinstance(issuer, str) and self.issuer.fullmatch(issuer) is not None

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether an organisation speaks for itself only."""
        if not self.tenant_claim:
            return True
        tenant = claims.get(self.tenant_claim)
        return isinstance(tenant, str) and bool(tenant) and f"/{tenant}/" in str(claims.get("iss"))


def google_vouches(claims: Mapping[str, Any]) -> bool:
    return claims.get("email_verified") is True


def microsoft_vouches(claims: Mapping[str, Any]) -> bool:
    """Only where the organisation has proven that the domain is its own (the optional claim `xms_edov`): in its own
    directory an administrator may write any address into anybody's account, and `email_verified` says nothing of that.
    """
    return claims.get("xms_edov") in (True, 1, "1", "true")


GOOGLE = Terms(
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    token_url="https://oauth2.googleapis.com/token",  # noqa: S106 -- an address
    keys_url="https://www.googleapis.com/oauth2/v3/certs",
    issuer=re.compile(r"https://accounts\.google\.com"),
    vouches=google_vouches,
)
MICROSOFT = Terms(
    authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 -- an address
    keys_url="https://login.microsoftonline.com/common/discovery/v2.0/keys",
    issuer=re.compile(rf"https://login\.microsoftonline\.com/{_GUID}/v2\.0"),
    vouches=microsoft_vouches,
    tenant_claim="tid",
)

_by_name: Mapping[str, Terms] = {"google": GOOGLE, "microsoft": MICROSOFT}
_wire: Wire = Curl()


def use(terms: Mapping[str, Terms], wire: Wire) -> None:
    """The seam for stand-ins: no setting reaches it, only code that the package does not ship."""
    global _by_name, _wire
    _by_name, _wire = terms, wire


def known(name: str) -> tuple[Terms, Wire] | None:
    terms = _by_name.get(name)
    return (terms, _wire) if terms is not None else None


def in_use() -> tuple[Mapping[str, Terms], Wire]:
    """For who puts back what was there."""
    return _by_name, _wire
