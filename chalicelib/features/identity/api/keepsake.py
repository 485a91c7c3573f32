"""What a browser keeps while it is away at a provider, so that nobody else can come back in its place: one cookie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.config import settings
from chalicelib.features.identity.model.oauth import is_browser


@dataclass(frozen=True)
class Keepsake:
    """`is_for_posts`: the way back is another site's form, which brings along only what says `SameSite=None`."""

    name: str
    lasts: timedelta
    is_for_posts: bool = False

    def cookie(self, browser: str) -> str:
        attributes = f"Path=/; Max-Age={int(self.lasts.total_seconds())}; HttpOnly"
        if not _is_secure():
            return f"{self._spelled}={browser}; {attributes}; SameSite=Lax"
        same_site = "None" if self.is_for_posts else "Lax"
        return f"{self._spelled}={browser}; {attributes}; SameSite={same_site}; Secure"

    def kept(self, header: str | None) -> str:
        """Whatever stands beside it: others on this host write what no standard allows, and it concerns nobody here."""
        pairs = (each.strip().partition("=") for each in (header or "").split(";"))
        return next((value for name, _, value in pairs if name == self._spelled and is_browser(value)), "")

    @property
    def _spelled(self) -> str:
        """With the prefix no other host and no plain connection can have set it (RFC 6265bis)."""
        return f"__Host-{self.name}" if _is_secure() else self.name


def _is_secure() -> bool:
    """The local product alone speaks plain HTTP, on loopback."""
    return settings().public_url.startswith("https:")
