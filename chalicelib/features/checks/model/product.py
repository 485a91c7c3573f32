"""Where the product's own files and routes are, as a site's pages name them (docs/sdk.md)."""

from __future__ import annotations

from dataclasses import dataclass

WORKER_PATH = "/pushsaas-worker.js"
SCOPE = "/pushsaas/"
TRUSTED_TYPES = "pushsaas"
FILES = "/sdk/v1/"


@dataclass(frozen=True)
class Product:
    public_url: str

    @property
    def script_url(self) -> str:
        return f"{self.public_url}{FILES}pushsaas.js"

    @property
    def worker_url(self) -> str:
        return f"{self.public_url}{FILES}worker.js"

    def tag(self, site_key: str) -> str:
        return f'<script defer src="{self.script_url}" data-site="{site_key}"></script>'

    @property
    def worker_line(self) -> str:
        return f'importScripts("{self.worker_url}");'

    def routes(self, site_key: str) -> str:
        return f"{self.public_url}/v1/sdk/{site_key}/config"
