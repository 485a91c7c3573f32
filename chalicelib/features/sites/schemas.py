"""HTTP bodies of sites."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType
from pydantic import Field

from chalicelib.features.sites.model import (
    FEWEST_SUNSET_DAYS,
    LONGEST_NAME,
    LONGEST_SUBJECT,
    LONGEST_URL,
    MOST_ORIGINS,
    MOST_SUNSET_DAYS,
    Site,
    Snippets,
)
from chalicelib.web.schema import Query, Schema, example


class NewSite(Schema):
    model_config = example(name="Analytical Engines", url="https://shop.example")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    url: str = Field(max_length=LONGEST_URL, description="The site's own address.")
    origins: list[str] | None = Field(
        None, max_length=MOST_ORIGINS, description="Pages that may subscribe browsers; by default the origin of `url`."
    )
    subject: str | None = Field(
        None, max_length=LONGEST_SUBJECT, description="Whom push services may write to: a mailto: or https: address."
    )


class SiteChanges(Schema):
    """What is left out, or null, stays as it is; only `sunset_after_days` is called off by null."""

    model_config = example(origins=["https://shop.example", "https://www.shop.example"])

    name: str | None = Field(None, max_length=LONGEST_NAME)
    url: str | None = Field(None, max_length=LONGEST_URL)
    origins: list[str] | None = Field(None, max_length=MOST_ORIGINS)
    subject: str | None = Field(None, max_length=LONGEST_SUBJECT)
    sunset_after_days: int | None = Field(
        None,
        ge=FEWEST_SUNSET_DAYS,
        le=MOST_SUNSET_DAYS,
        description="End subscriptions that gave no sign of life for so many days. Null: never.",
    )

    @property
    def sunset(self) -> int | UnsetType | None:
        return self.sunset_after_days if "sunset_after_days" in self.model_fields_set else UNSET


class SiteView(Schema):
    model_config = example(
        name="Analytical Engines",
        url="https://shop.example",
        origins=["https://shop.example"],
        subject="mailto:ada@shop.example",
        snippet='<script defer src="https://push.example.com/sdk/v1/pushsaas.js" '
        'data-site="pk_4e316261cfa9269de0c6807ceebd81a2"></script>',
        worker_snippet='importScripts("https://push.example.com/sdk/v1/worker.js");',
    )

    id: str
    name: str
    url: str
    origins: list[str]
    subject: str
    site_key: str = Field(description="Public: names the site in the SDK's calls.")
    vapid_public_key: str = Field(description="What browsers subscribe with: the `applicationServerKey`.")
    snippet: str = Field(description="The tag for the site's pages.")
    worker_snippet: str = Field(description="All that the file `/pushsaas-worker.js` at the site's root has to say.")
    created_at: datetime
    sunset_after_days: int | None = Field(description="Subscriptions end that gave no sign of life for so long.")

    @classmethod
    def of(cls, site: Site, *, snippets: Snippets) -> SiteView:
        return cls(
            id=site.id,
            name=site.name,
            url=site.url,
            origins=list(site.origins),
            subject=site.subject,
            site_key=site.site_key,
            vapid_public_key=site.vapid_public_key,
            snippet=snippets.tag(site.site_key),
            worker_snippet=snippets.worker,
            created_at=site.created_at,
            sunset_after_days=site.sunset_after_days,
        )


class SiteList(Schema):
    data: list[SiteView]
    next_cursor: str | None
    has_more: bool


class Prompt(Schema):
    """When to ask a visitor. Never on load; a soft no is remembered for `ask_again_after_days`."""

    style: str = "soft"
    trigger: str = "action"
    ask_again_after_days: int = 30


class IdentitySecret(Schema):
    model_config = example(identity_secret="eZDkoqQPXGyp66F9b1WYRvwYjuPinWHnYlWtqM1Qbww")  # noqa: S106 -- nobody's

    identity_secret: str


class SdkQuery(Query):
    sdk: str | None = Field(
        None, max_length=20, pattern=r"^[0-9A-Za-z.+-]+$", examples=["0.1.0"], description="The version of the SDK."
    )


class SdkConfig(Schema):
    """What the script on a site's pages needs to know. Public."""

    vapid_public_key: str
    worker_scope: str = Field(
        default="/pushsaas/", description="Unless the page's tag says otherwise: no page lies below it."
    )
    prompt: Prompt = Prompt()
