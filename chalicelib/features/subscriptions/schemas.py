"""HTTP bodies of subscriptions. Answers name the browser and its push service, never the endpoint or its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.channels.endpoints import LONGEST as LONGEST_ENDPOINT
from chalicelib.core.clock import from_milliseconds
from chalicelib.features.subscriptions.model import (
    LONGEST_CONSENT,
    LONGEST_TEXT,
    MOST_ATTRIBUTES,
    MOST_TAGS,
    NEEDS_RESUBSCRIBE,
    Attribute,
    Consent,
    EndReason,
    Profile,
    Subscription,
)
from chalicelib.features.subscriptions.service.health import Health, short
from chalicelib.features.subscriptions.service.profiles import legible, profile_of, said_ms
from chalicelib.features.subscriptions.service.tombstones import Mistake, Portion, Restored
from chalicelib.web.instant import Instant
from chalicelib.web.schema import ListQuery, Query, Schema, example

_LONGEST_KEY = 200
_OPEN = ConfigDict(extra="ignore", strict=True, frozen=True)
_VISITOR = {"tags": ["newsletter"], "attributes": {"plan": "gold", "orders": 3}, "timezone": "Europe/Madrid"}
_SAID_AT = "When the page said this, by the browser's clock, and later each time"
_PROFILE = {*Profile.__dataclass_fields__}


class PushKeys(Schema):
    model_config = _OPEN | example(
        p256dh="BLZK15eCn9q1NAyrxVAUjV0UPTnPLc19pj_XFlXpEM1egReA8k_x2Qe9fkx-LSqwNh8ciLABcGKl5fkJSAZGrFc",
        auth="6JSZ_knFj6txIz1l3WszmA",
    )

    p256dh: str = Field(max_length=_LONGEST_KEY)
    auth: str = Field(max_length=_LONGEST_KEY)


class PushSubscription(Schema):
    """As `PushSubscription.toJSON()` gives it. What else a browser may put in some day is not our business."""

    model_config = _OPEN | example(endpoint="https://updates.push.services.mozilla.com/wpush/v2/gAAAAABm5v0")

    endpoint: str = Field(max_length=LONGEST_ENDPOINT)
    keys: PushKeys


class ConsentGiven(Schema):
    """What the visitor was shown; `at` is now unless said."""

    text: str | None = Field(None, max_length=LONGEST_CONSENT)
    version: str | None = Field(None, max_length=LONGEST_TEXT, description="Of the text, in your own counting.")
    at: Instant | None = None


class TagChanges(Schema):
    """What others have added or removed meanwhile stays. One that is there already, or is not, does no harm."""

    model_config = example(add=["sale"], remove=["newsletter"])

    add: list[str] = Field([], max_length=MOST_TAGS)
    remove: list[str] = Field([], max_length=MOST_TAGS)


class Said(Schema):
    """What is known of a visitor. Left out: stays as it is. Null: taken back. Attributes are merged by name."""

    tags: Annotated[list[str], Field(max_length=MOST_TAGS)] | TagChanges | None = Field(
        None, description="All of them, of up to 64 characters each; or those to `add` and to `remove`."
    )
    attributes: dict[str, Attribute | None] | None = Field(
        None,
        max_length=MOST_ATTRIBUTES,
        description="Facts by name; one that is null is taken back. A date is text, as ISO 8601 writes it.",
    )
    timezone: str | None = Field(None, description="An IANA name, like Europe/Berlin.")
    language: str | None = Field(None, description="A BCP 47 tag, like pt-BR.")
    external_id: str | None = Field(None, max_length=LONGEST_TEXT, description="The visitor's id in your own system.")

    @property
    def words(self) -> Mapping[str, Any]:
        return self.model_dump(include=_PROFILE & self.model_fields_set)

    def profile(self) -> Profile:
        return profile_of(self.words)


class SaidByPage(Said):
    """The same by a page, of a browser that says of itself what it likes: an unknown zone or language is no word."""

    external_id_signature: str | None = Field(
        None, max_length=LONGEST_TEXT, description="base64url(HMAC-SHA256(identity secret, external_id))"
    )
    consent: ConsentGiven | None = None
    said_at: Instant | None = Field(
        None,
        description=f"{_SAID_AT}: what arrives late about whose browser it is does not undo what was said after it.",
    )

    @property
    def words(self) -> Mapping[str, Any]:
        return legible(super().words)

    def told(self, now: datetime) -> Profile:
        return self.profile() if self.said_at is None else replace(self.profile(), said_ms=said_ms(self.said_at, now))


class NewSubscription(SaidByPage):
    model_config = example(**_VISITOR, language="es")

    subscription: PushSubscription
    previous_endpoint: str | None = Field(
        None, max_length=LONGEST_ENDPOINT, description="Of the same browser, when its push service gave it a new one."
    )
    vapid_public_key: str | None = Field(
        None,
        max_length=_LONGEST_KEY,
        description="What it has subscribed with. Left out: with the site's key of today.",
    )
    is_renewal: bool = Field(
        default=False,
        description="No new yes: who has left, was removed, or has nothing left to renew, is not brought back.",
    )


class SubscriptionChanges(SaidByPage):
    model_config = example(tags=["newsletter", "sale"])


class LeavingQuery(Query):
    said_at: Instant | None = Field(
        None, description=f"{_SAID_AT}: a no that arrives late does not undo a yes that was said after it."
    )

    def told_ms(self, now: datetime) -> int:
        """0: it does not tell."""
        return 0 if self.said_at is None else said_ms(self.said_at, now)


class AudienceChanges(Said):
    model_config = example(**_VISITOR)


class SubscribedView(Schema):
    model_config = example(token="eZDkoqQPXGyp66F9b1WYRvwYjuPinWHnYlWtqM1Qbww")  # noqa: S106 -- nobody's

    subscription_id: str
    token: str = Field(description="Proves that the subscription is this browser's own: X-Subscription-Token.")
    vapid_public_key: str = Field(
        description="What the site subscribes browsers with now. One that was made with another is to be made anew."
    )


class ConsentView(Schema):
    model_config = example(text="Tell me about sales", version="2026-02")

    at: datetime
    text: str | None
    version: str | None

    @classmethod
    def of(cls, consent: Consent) -> ConsentView:
        return cls(at=from_milliseconds(consent.at_ms), text=consent.text, version=consent.version)


class SubscriptionView(Schema):
    model_config = example(
        **_VISITOR,
        status="active",
        browser="firefox",
        push_host="updates.push.services.mozilla.com",
        external_id="customer-1815",
        language="es",
        country="ES",
        consent={"at": "2026-03-01T09:00:00Z", "text": "Tell me about sales", "version": "2026-02"},
    )

    id: str
    status: str = Field(description="`active` or `ended`.")
    browser: str = Field(description="By its push service; of the many that share Google's, as it calls itself.")
    push_host: str = Field(description="Its push service.")
    external_id: str | None
    tags: list[str]
    attributes: dict[str, Attribute]
    timezone: str | None
    language: str | None
    country: str | None = Field(description="Where it was last seen, if a CDN in front tells: two letters.")
    created_at: datetime
    last_seen_at: datetime
    active_since: datetime
    ended_at: datetime | None
    ended_reason: str | None = Field(description=f"{', '.join(EndReason)}.")
    reason: str | None = Field(
        description=f"Why it is not reached: `ended_reason`, or {NEEDS_RESUBSCRIBE} of one that is active; null: it is."
    )
    consent: ConsentView | None

    @classmethod
    def of(cls, subscription: Subscription) -> SubscriptionView:
        packed = subscription.packed
        return cls(
            id=subscription.id,
            status=subscription.status.value,
            browser=subscription.browser,
            push_host=subscription.push_host,
            external_id=subscription.external_id,
            tags=list(packed.tags),
            attributes=packed.attributes,
            timezone=packed.zone,
            language=packed.language,
            country=packed.country,
            created_at=from_milliseconds(packed.created_ms),
            last_seen_at=from_milliseconds(packed.seen_ms),
            active_since=from_milliseconds(subscription.active_since),
            ended_at=subscription.ended_at,
            ended_reason=subscription.ended_reason,
            reason=subscription.reason,
            consent=ConsentView.of(packed.consent) if packed.consent else None,
        )


class SubscriptionList(Schema):
    data: list[SubscriptionView]
    next_cursor: str | None
    has_more: bool


class SubscriptionQuery(ListQuery):
    tag: str | None = Field(None, max_length=LONGEST_TEXT, description="Only those with this tag.")
    external_id: str | None = Field(None, max_length=LONGEST_TEXT, description="Only this person's.")
    status: Literal["active", "ended"] | None = Field(None, description="By default both.")


class AgeView(Schema):
    model_config = example(within_days=7, chance=0.97, subscribers=31_000, reachable=30_070)

    within_days: int | None = Field(
        description="Since the last proof of life, and longer than the line before; null: more."
    )
    chance: float = Field(description="What is expected of each of them.")
    subscribers: int
    reachable: int


class BrowserView(Schema):
    model_config = example(subscribers=64_000, reachable=47_100)

    subscribers: int
    reachable: int


class HealthView(Schema):
    """Each number is rounded by itself."""

    model_config = example(
        text="You really reach about 71.2k of 100k subscribers.",
        subscribers=100_213, reachable=71_240, score=0.711, exact=False, error_bound=4_300,
        needs_resubscribe=120, sunset_after_days=270, sunset_due=8_400,
        by_browser={"chrome": {"subscribers": 64_000, "reachable": 47_100}},
        formula="https://push.example.com/docs#get_site_health",
    )  # fmt: skip

    text: str
    subscribers: int = Field(description="Those who are active.")
    reachable: int = Field(description="How many of them a push can be expected to reach.")
    score: float | None = Field(description="The one by the other, 0 to 1; null where there is nobody.")
    exact: bool = Field(description="Whether all were counted, or a sample.")
    error_bound: int = Field(
        description="By how many `reachable` may be off, nineteen times out of twenty; 0 if exact."
    )
    by_age: list[AgeView]
    by_browser: dict[str, BrowserView]
    needs_resubscribe: int = Field(description="Whose push service knows them under another key, until they come by.")
    sunset_after_days: int | None = Field(description="As the site says.")
    sunset_due: int = Field(description="How many it would end tonight.")
    formula: str = Field(description="Where it is written how this is reckoned.")

    @classmethod
    def of(cls, health: Health, *, formula: str) -> HealthView:
        about = "" if health.is_exact else "about "
        return cls(
            text=f"You really reach {about}{short(health.reachable)} of {short(health.subscribers)} subscribers.",
            subscribers=health.subscribers,
            reachable=health.reachable,
            score=None if health.score is None else round(health.score, 3),
            exact=health.is_exact,
            error_bound=health.error_bound,
            by_age=[
                AgeView(
                    within_days=step.days, chance=step.chance, subscribers=part.subscribers, reachable=part.reachable
                )
                for step, part in health.by_age
            ],
            by_browser={
                name: BrowserView(subscribers=part.subscribers, reachable=part.reachable)
                for name, part in health.by_browser.items()
            },
            needs_resubscribe=health.needs_resubscribe,
            sunset_after_days=health.sunset_after_days,
            sunset_due=health.sunset_due,
            formula=formula,
        )


class RestoreSubscriptions(Schema):
    """Who was ended in this span of time, because a push service said so or nothing was heard of them."""

    model_config = example(
        ended_from="2026-03-01T08:00:00Z",
        ended_until="2026-03-01T11:30:00Z",
        push_host="updates.push.services.mozilla.com",
        dry_run=True,
    )

    ended_from: Instant
    ended_until: Instant = Field(description="That instant itself is no part of the span.")
    push_host: str | None = Field(None, max_length=LONGEST_TEXT, description="Only those of this push service.")
    reason: Literal["gone", "sunset"] = Field("gone", description="Ended by a push service, or by the site's sunset.")
    dry_run: bool = Field(default=False, description="Only count them.")
    cursor: str | None = Field(None, max_length=1024, description="`next_cursor` of the call before.")

    @property
    def mistake(self) -> Mistake:
        return Mistake(self.ended_from, self.ended_until, self.push_host, EndReason(self.reason))


class RestoredSubscriptions(Schema):
    model_config = example(dry_run=True, restored=412, examined=10_000)

    dry_run: bool
    restored: int = Field(description=f"By this call, at most {Portion.restored:,}; of a dry run, how many would be.")
    examined: int = Field(description=f"Subscriptions that this call looked at, at most {Portion.examined:,}.")
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, done: Restored, *, dry_run: bool) -> RestoredSubscriptions:
        return cls(
            dry_run=dry_run,
            restored=done.restored,
            examined=done.examined,
            next_cursor=done.cursor,
            has_more=done.cursor is not None,
        )
