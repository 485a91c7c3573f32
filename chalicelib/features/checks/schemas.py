"""The answer to a look at a site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from chalicelib.features.checks.model.finding import Finding, Status
from chalicelib.web.schema import Schema, example


class FindingView(Schema):
    model_config = example(
        id="origin_listed",
        status="problem",
        detail="Visitors end up at `https://www.shop.example`, and only `https://shop.example` may subscribe browsers.",
        fix="Add `https://www.shop.example` to the site's `origins`, if it is yours.",
        seen_at=None,
    )

    id: str = Field(description="What it is about; more will be added.")
    status: Literal["ok", "warning", "problem", "unknown"] = Field(
        description="`problem`: subscribing or sending fails because of it. `unknown`: it could not be looked at."
    )
    detail: str
    fix: str | None = Field(description="What to do, in words; null where nothing has to be done.")
    seen_at: datetime | None = Field(description="When what it is about happened.")

    @classmethod
    def of(cls, finding: Finding) -> FindingView:
        return cls(
            id=finding.id.value,
            status=finding.status.value,
            detail=finding.detail,
            fix=finding.fix or None,
            seen_at=finding.seen_at,
        )


class CheckView(Schema):
    model_config = example(ok=False)

    ok: bool = Field(description="There is no `problem` among them.")
    checked_at: datetime
    findings: list[FindingView]

    @classmethod
    def of(cls, findings: Sequence[Finding], *, at: datetime) -> CheckView:
        is_ok = all(each.status is not Status.PROBLEM for each in findings)
        return cls(ok=is_ok, checked_at=at, findings=[FindingView.of(each) for each in findings])
