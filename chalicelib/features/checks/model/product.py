"""Where the product's own files and routes are, as a site's pages name them (docs/sdk.md)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.features.sites.model import Snippets

WORKER_PATH = "/pushsaas-worker.js"
SCOPE = "/pushsaas/"
TRUSTED_TYPES = "pushsaas"
FILES = "/sdk/v1/"


@dataclass(frozen=True)
class Product:
    """`files_url` is where the SDK's files are; deployed, they may have a name of their own."""

    public_url: str
    files_url: str

    @property
    def script_url(self) -> str:
        return f"{self.files_url}{FILES}pushsaas.js"

    @property
    def worker_url(self) -> str:
        return f"{self.files_url}{FILES}worker.js"

    def tag(self, site_key: str) -> str:
        return self._snippets.tag(site_key)

    @property
    def worker_line(self) -> str:
        return self._snippets.worker

    @property
    def clicks_url(self) -> str:
        return f"{self.public_url}/c/"

    def routes(self, site_key: str) -> str:
        return f"{self.public_url}/v1/sdk/{site_key}/config"

    @property
    def _snippets(self) -> Snippets:
        return Snippets(api_url=self.public_url, sdk_url=self.files_url)
