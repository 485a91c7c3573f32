"""HTTP bodies: what browsers tell, and what became of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from chalicelib.features.analytics.model import By, Claim, Figures, Kind
from chalicelib.features.analytics.service.reporting import Taken
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.totals import EXCLUDED, Totals
from chalicelib.web.schema import Query, Schema, example

MOST_EVENTS = 100
_RECEIPT = "AQGgAAAAAAAAAAAAAAAAAAABoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAABpo0OAAAAAAAAAAAAAAAAAAAAA"


class ReportedEvent(Schema):
    """Judged for itself: what is wrong with one does not concern the others, so any words are taken for once."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={"examples": [{"type": "displayed", "receipt": _RECEIPT, "at": "2026-03-01T09:00:00Z"}]},
    )

    type: Any = Field(None, description=f"{', '.join(Kind)}.")
    receipt: Any = Field(None, description="`receipt` of the push it is about.")
    at: Any = Field(
        None,
        description="When it happened, by the browser's clock: a time as ISO 8601 has it, with its offset. Never taken "
        "for later than now, or earlier than the run. Left out: now.",
    )
    value: Any = Field(None, description="Of `converted`: what it was worth, in the site's own currency.")

    @property
    def claim(self) -> Claim:
        return Claim(self.type, self.receipt, self.at, self.value)


def _an_event(said: Any) -> Any:
    """What is none is one that says nothing: refused at its place, and the others are not."""
    return said if isinstance(said, dict) else {}


class Reported(Schema):
    events: Annotated[
        list[Annotated[ReportedEvent, BeforeValidator(_an_event)]], Field(min_length=1, max_length=MOST_EVENTS)
    ]


class RefusedEvent(Schema):
    model_config = example(place=3, code="receipt_expired")

    place: int = Field(description="In `events`, from 0.")
    code: str = Field(
        description="`unknown_type`; `bad_receipt`: not ours, or not this account's; `receipt_expired`; `bad_instant`; "
        "`bad_value`. To tell it again is no use."
    )


class EventsTaken(Schema):
    model_config = example(taken=1, refused=[])

    taken: int = Field(description="So many will be counted, each once however often it is told.")
    refused: list[RefusedEvent]

    @classmethod
    def of(cls, taken: Taken) -> EventsTaken:
        return cls(taken=taken.count, refused=[RefusedEvent(place=one.place, code=one.code) for one in taken.refused])


class StatsQuery(Query):
    run: Annotated[str, StringConstraints(pattern=r"^(run|ntf)_[0-9a-z]{26}$")] | None = Field(
        None, description="Which of its runs; by default the one it was sent as."
    )


class _Told(Schema):
    """What browsers tell. Each counts once for a subscription; none of it is part of the audience's sum."""

    displayed: int = Field(
        description="Shown, as far as browsers tell: Safari, and Firefox from 158, show a notification without asking "
        "anybody who could tell. Compare it with what the same browsers clicked, not with `accepted`."
    )
    clicked: int = Field(description="Clicked, on itself or a button.")
    dismissed: int = Field(description="Closed without a click, where browsers tell.")
    unsubscribed: int = Field(description="Left, and said that it was over this.")
    converted: int = Field(description="Did what the site was after, as its pages tell.")
    converted_value: float = Field(description="What that was worth, summed.")
    by_browser: By = Field(description="Events told, by browser.")
    by_variant: By = Field(description="The same by variant; empty while there is none.")
    by_hour: By = Field(
        description="The same by hour, UTC, for the first 72 hours of a run. Later ones are in the sums alone."
    )


class Stats(_Told):
    """accepted + gone + failed + skipped + expired + pending = audience, always. *Accepted* is by the push service."""

    model_config = example(
        run="run_01kz8m5q3v7x9c2b4n6t8w0y1e",
        state="sending",
        audience=1000,
        excluded=250,
        accepted=940,
        gone=31,
        failed=2,
        skipped=12,
        expired=0,
        pending=15,
        unknown=0,
        spared=0,
        reasons={"gone:ended": 31, "failed:not_found": 2, "skipped:not_subscribed": 12},
        displayed=410,
        clicked=37,
        dismissed=52,
        unsubscribed=1,
        converted=2,
        converted_value=79.8,
        by_browser={"chrome": {"displayed": 371, "clicked": 30}, "firefox": {"displayed": 39, "clicked": 7}},
        by_variant={},
        by_hour={"2026-03-01T09:00:00Z": {"displayed": 410, "clicked": 37}},
    )

    run: str | None = Field(description="None before it is sent.")
    state: str | None
    audience: int = Field(description="Whom it is for.")
    audience_estimated: bool = Field(description="Until every subscription has been read.")
    excluded: int = Field(description="Read, and not in the audience.")
    accepted: int = Field(description="Taken by the push service; nobody can promise more.")
    gone: int = Field(description="Not subscribed any more, says the push service.")
    failed: int = Field(description="Refused for good.")
    skipped: int = Field(
        description="Not tried: cancelled, unsubscribed meanwhile, or another person's browser by now."
    )
    expired: int = Field(description="Not reached before the run's end.")
    pending: int = Field(description="Still to be tried.")
    unknown: int = Field(description="Answers that were lost on the way: these pushes may have been shown twice.")
    spared: int = Field(description="Of those gone: still subscribed, because too many were called gone at once.")
    reasons: dict[str, int] = Field(description="The same by outcome and reason.")

    @classmethod
    def of(cls, run: Run | None, totals: Totals, figures: Figures) -> Stats:
        return cls(
            run=run.id if run else None,
            state=run.state.value if run else None,
            audience=totals.audience,
            audience_estimated=not totals.is_exact,
            excluded=totals.family(EXCLUDED),
            unknown=totals.family("unknown"),
            spared=totals.family("spared"),
            **_of_services(totals),
            **_of_browsers(figures),
        )


class NotificationView(_Told):
    """accepted + gone + failed + skipped + expired + pending = audience, always."""

    model_config = example(
        mode="live",
        state="sent",
        created_at="2026-03-01T09:00:00Z",
        expires_at="2026-03-02T09:00:00Z",
        finished_at="2026-03-01T09:00:01Z",
        audience=2,
        accepted=1,
        gone=1,
        failed=0,
        skipped=0,
        expired=0,
        pending=0,
        reasons={"gone:ended": 1},
        displayed=1,
        clicked=0,
        dismissed=1,
        unsubscribed=0,
        converted=0,
        converted_value=0.0,
        by_browser={"chrome": {"displayed": 1, "dismissed": 1}},
        by_variant={},
        by_hour={"2026-03-01T09:00:00Z": {"displayed": 1, "dismissed": 1}},
    )

    id: str
    mode: str
    state: str
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    audience: int
    accepted: int
    gone: int
    failed: int
    skipped: int
    expired: int
    pending: int
    reasons: dict[str, int]

    @classmethod
    def of(cls, run: Run, totals: Totals, figures: Figures) -> NotificationView:
        return cls(
            id="ntf_" + run.id.removeprefix("run_"),
            mode=run.mode.value,
            state=run.state.value,
            created_at=run.created_at,
            expires_at=run.expires_at,
            finished_at=run.finished_at,
            audience=totals.audience,
            **_of_services(totals),
            **_of_browsers(figures),
        )


def _of_services(totals: Totals) -> dict[str, Any]:
    families = ("accepted", "gone", "failed", "skipped", "expired")
    return {
        **{name: totals.family(name) for name in families},
        "pending": totals.pending,
        "reasons": totals.reasons,
    }


def _of_browsers(figures: Figures) -> dict[str, Any]:
    return {
        **{kind.value: figures.count(kind) for kind in Kind},
        "converted_value": figures.value,
        "by_browser": figures.by_browser,
        "by_variant": figures.by_variant,
        "by_hour": figures.by_hour,
    }
