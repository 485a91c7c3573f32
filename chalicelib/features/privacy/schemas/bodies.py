"""HTTP bodies of jobs, and of what is exported and erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field, model_validator

from chalicelib.core.clock import from_milliseconds
from chalicelib.features.privacy.model import (
    FEWEST_RUNS_DAYS,
    FEWEST_UNSEEN_DAYS,
    LONGEST_ENDED_DAYS,
    LONGEST_RUNS_DAYS,
    MOST_UNSEEN_DAYS,
    Invited,
    Job,
    Retention,
)
from chalicelib.features.privacy.service.people import Record
from chalicelib.features.privacy.service.subscribers import Disclosure
from chalicelib.features.subscriptions.model import LONGEST_TEXT, Subscription
from chalicelib.features.tenants.model import Tenant
from chalicelib.web.schema import Schema, example


class SiteClosing(Schema):
    """The site is out of sight at once; removing what belongs to it is a job of its own."""

    model_config = example(
        id="site_01kz8m5q3v7x9c2b4n6t8w0y1e",
        status="closing",
        detail="The site is closed. Everything that belongs to it is being removed.",
        job_id="job_01kz8m5q3v7x9c2b4n6t8w0y1e",
    )

    id: str
    status: str
    detail: str
    job_id: str = Field(description="Shows at `GET /v1/jobs/{job_id}` how far it has come.")


class JobView(Schema):
    model_config = example(
        id="job_01kz8m5q3v7x9c2b4n6t8w0y1e", kind="site_removal", status="running", removed=128_500, finished_at=None
    )

    id: str
    kind: str
    status: str = Field(description="waiting, running, or done.")
    removed: int = Field(description="How many rows are gone so far: subscriptions, and whatever else belonged to it.")
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> JobView:
        return cls(
            id=job.id,
            kind=job.kind.value,
            status=job.status.value,
            removed=job.removed,
            created_at=job.created_at,
            finished_at=job.finished_at,
        )


class OwnRecord(Schema):
    model_config = example(
        kind="session", fields={"created_at": "2026-03-01T09:00:00Z", "country": "DE"}, withheld=["attempts"]
    )

    kind: str
    fields: dict[str, str | int | bool]
    withheld: list[str] = Field(
        description="What else is kept: it proves who you are, or counts how often you could not."
    )


class OwnExport(Schema):
    exported_at: datetime
    data: list[OwnRecord]

    @classmethod
    def of(cls, records: Sequence[Record], *, at: datetime) -> OwnExport:
        data = [OwnRecord(kind=each.kind, fields={**each.fields}, withheld=[*each.withheld]) for each in records]
        return cls(exported_at=at, data=data)


class AccountClosing(Schema):
    model_config = example(id="ten_01kz8m5q3v7x9c2b4n6t8w0y1e", status="closing", closes_at="2026-03-31T09:00:00Z")

    id: str
    status: str
    closes_at: datetime | None = Field(description="Everything is removed then; until then an owner may reopen it.")

    @classmethod
    def of(cls, tenant: Tenant) -> AccountClosing:
        status = "closing" if tenant.closes_at else tenant.state.value
        return cls(id=tenant.id, status=status, closes_at=tenant.closes_at)


class RetentionTerms(Schema):
    """How many days things are kept. What is left out is kept as long as it would be without a word."""

    model_config = example(ended_subscriptions_days=7, unseen_subscriptions_days=365, campaign_runs_days=90)

    ended_subscriptions_days: int = Field(
        LONGEST_ENDED_DAYS, ge=1, le=LONGEST_ENDED_DAYS, description="After a browser has left, or its service said so."
    )
    unseen_subscriptions_days: int | None = Field(
        None,
        ge=FEWEST_UNSEEN_DAYS,
        le=MOST_UNSEEN_DAYS,
        description="After the site's pages last saw a browser that has not left. By default for ever.",
    )
    campaign_runs_days: int = Field(
        LONGEST_RUNS_DAYS, ge=FEWEST_RUNS_DAYS, le=LONGEST_RUNS_DAYS, description="Statistics of what a campaign sent."
    )

    @classmethod
    def of(cls, kept: Retention) -> RetentionTerms:
        return cls(
            ended_subscriptions_days=kept.ended_subscriptions_days,
            unseen_subscriptions_days=kept.unseen_subscriptions_days,
            campaign_runs_days=kept.campaign_runs_days,
        )

    @property
    def wanted(self) -> Retention:
        return Retention(self.ended_subscriptions_days, self.unseen_subscriptions_days, self.campaign_runs_days)


class Somebody(Schema):
    """Whom it is about: by your own id of them, by one subscription, or by the address that an invitation went to."""

    model_config = example(external_id="customer-1815")

    external_id: str | None = Field(None, min_length=1, max_length=LONGEST_TEXT)
    subscription_id: str | None = Field(None, pattern=r"^sub_[0-9a-f]{32}$")
    email: str | None = Field(None, min_length=3, max_length=254)

    @model_validator(mode="after")
    def _is_one(self) -> Somebody:
        if len(self.about) != 1:
            raise ValueError("Say exactly one of external_id, subscription_id and email.")
        return self

    @property
    def about(self) -> dict[str, str]:
        return self.model_dump(exclude_none=True)


class KeptSubscription(Schema):
    """All that is kept of one browser. Where it is pushed to, and its keys, open the way to it: named, and not told."""

    model_config = example(
        site_id="site_01kz8m5q3v7x9c2b4n6t8w0y1e", status="active", push_host="updates.push.services.mozilla.com",
        external_id="customer-1815", withheld=["endpoint", "p256dh", "auth"],
    )  # fmt: skip

    id: str
    site_id: str
    status: str
    browser: str
    push_host: str
    external_id: str | None
    tags: list[str]
    attributes: dict[str, str | bool | int | float]
    timezone: str | None
    language: str | None
    country: str | None
    consent: dict[str, str] | None
    created_at: datetime
    last_seen_at: datetime
    active_since: datetime
    ended_at: datetime | None
    ended_reason: str | None
    withheld: list[str]

    @classmethod
    def of(cls, kept: Subscription) -> KeptSubscription:
        packed = kept.packed
        return cls(
            id=kept.id,
            site_id=kept.site_id,
            status=kept.status.value,
            browser=kept.browser,
            push_host=kept.push_host,
            external_id=kept.external_id,
            tags=list(packed.tags),
            attributes=packed.attributes,
            timezone=packed.zone,
            language=packed.language,
            country=packed.country,
            consent=_consent(kept),
            created_at=from_milliseconds(packed.created_ms),
            last_seen_at=from_milliseconds(packed.seen_ms),
            active_since=from_milliseconds(kept.active_since),
            ended_at=kept.ended_at,
            ended_reason=kept.ended_reason,
            withheld=["endpoint", "p256dh", "auth"],
        )


class KeptInvitation(Schema):
    model_config = example(email="ada@shop.example", role="editor")

    email: str
    role: str
    invited_at: datetime

    @classmethod
    def of(cls, invited: Invited) -> KeptInvitation:
        return cls(email=invited.email, role=invited.role, invited_at=invited.invited_at)


class PrivacyJobView(JobView):
    model_config = example(id="job_01kz8m5q3v7x9c2b4n6t8w0y1e", kind="subscriber_export", status="done", removed=0)

    subscriptions: list[KeptSubscription] = Field(
        [], description="Of an export, for a day: read when you ask, not kept."
    )
    invitations: list[KeptInvitation] = Field([], description="Of an export by address.")

    @classmethod
    def told(cls, job: Job, disclosed: Disclosure) -> PrivacyJobView:
        return cls(
            **JobView.of(job).model_dump(),
            subscriptions=[KeptSubscription.of(each) for each in disclosed.subscriptions],
            invitations=[KeptInvitation.of(each) for each in disclosed.invitations],
        )


def _consent(kept: Subscription) -> dict[str, str] | None:
    given = kept.packed.consent
    if given is None:
        return None
    told = {"at": from_milliseconds(given.at_ms).isoformat(), "text": given.text, "version": given.version}
    return {name: value for name, value in told.items() if value is not None}
