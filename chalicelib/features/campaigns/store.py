"""Campaigns as rows of the core table: `T#<tenant>` / `CAMP#<id>`, and a link for every run beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Span, Table, Write, absent, equals, transact
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Conflict, Stale
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import RUNS_KEPT_FOR, Campaign
from chalicelib.features.due.model import Move

_VERSION = 1
_PREFIX = "CAMP#"


class CampaignRows:
    """`moving` is how an entry of the calendar moves with its campaign; who moves none does without."""

    def __init__(self, *, moving: Callable[[Move], Sequence[Write]] = lambda _move: ()) -> None:
        self._table = Table("core")
        self._moving = moving

    def add(self, tenant_id: str, campaign: Campaign, *, move: Move | None = None) -> None:
        try:
            self._write(Put(self._table, _row(tenant_id, campaign), absent()), move=move)
        except Refused:
            raise Conflict("A campaign with this id exists.") from None

    def get(self, tenant_id: str, campaign_id: str) -> Campaign | None:
        row = self._table.get(_pk(tenant_id), _sk(campaign_id))
        return _campaign(row) if row else None

    def save(
        self, tenant_id: str, campaign: Campaign, *, link: str | None = None, move: Move | None = None
    ) -> Campaign:
        saved = replace(campaign, rev=campaign.rev + 1)
        writes: list[Write] = [Put(self._table, _row(tenant_id, saved), equals("rev", campaign.rev))]
        if link is not None:
            at = campaign.updated_at or campaign.created_at
            writes.append(Put(self._table, _link(tenant_id, campaign.id, link, at=at)))
        try:
            self._write(*writes, move=move)
        except Refused:
            raise Stale from None
        return saved

    def link(self, tenant_id: str, campaign_id: str, run_id: str, *, at: datetime) -> None:
        self._table.put(_link(tenant_id, campaign_id, run_id, at=at))

    def runs(self, tenant_id: str, campaign_id: str, *, limit: int, position: str | None) -> Page[str]:
        page = self._table.query(
            _pk(tenant_id),
            Span(prefix=f"{_sk(campaign_id)}#RUN#"),
            limit=limit,
            position=position,
            newest_first=True,
        )
        return Page([known(row, newest=_VERSION)["run_id"] for row in page.rows], page.position)

    def remove(self, tenant_id: str, campaign: Campaign) -> None:
        try:
            self._table.delete(_pk(tenant_id), _sk(campaign.id), equals("rev", campaign.rev))
        except Refused:
            raise Stale from None

    def of_site(self, tenant_id: str, site_id: str, *, limit: int, position: str | None) -> Page[Campaign]:
        """Reads on past other sites' campaigns and past links, until the page is full."""
        found: list[Campaign] = []
        while True:
            page = self._table.query(
                _pk(tenant_id), Span(prefix=_PREFIX), limit=limit * 2, position=position, newest_first=True
            )
            for row in page.rows:
                if "status" in row and row["site_id"] == site_id:
                    found.append(_campaign(row))
                    if len(found) == limit:
                        is_last = row is page.rows[-1] and page.position is None
                        return Page(found, None if is_last else row["sk"])
            position = page.position
            if position is None:
                return Page(found, None)

    def _write(self, *writes: Write, move: Move | None) -> None:
        moves = self._moving(move) if move is not None else ()
        if len(writes) + len(moves) == 1:
            self._table.write(writes[0])
        else:
            transact(*writes, *moves)


def replacing(campaign: Campaign) -> Put:
    """The write of a change to it IF its `rev` is unchanged, for the transaction that changes its run as well."""
    saved = replace(campaign, rev=campaign.rev + 1)
    return Put(Table("core"), _row(campaign.tenant_id, saved), equals("rev", campaign.rev))


class CampaignsOnSites:
    """`place_of_site` tells where a site's row is."""

    def __init__(self, *, place_of_site: Callable[[str, str], tuple[str, str]]) -> None:
        self._table = Table("core")
        self._place_of_site = place_of_site

    def get(self, tenant_id: str, site_id: str, campaign_id: str) -> Campaign | None:
        site, campaign = self._place_of_site(tenant_id, site_id), (_pk(tenant_id), _sk(campaign_id))
        found = {(row["pk"], row["sk"]): row for row in self._table.get_many([site, campaign])}
        return _campaign(found[campaign]) if found.keys() == {site, campaign} else None


def _pk(tenant_id: str) -> str:
    return f"T#{tenant_id}"


def _sk(campaign_id: str) -> str:
    return _PREFIX + campaign_id


def _row(tenant_id: str, campaign: Campaign) -> Row:
    fields: dict[str, Any] = msgspec.to_builtins(campaign)
    return fields | {"pk": _pk(tenant_id), "sk": _sk(campaign.id), "v": _VERSION}


def _campaign(row: Row) -> Campaign:
    return msgspec.convert(known(row, newest=_VERSION), Campaign)


def _link(tenant_id: str, campaign_id: str, run_id: str, *, at: datetime) -> Row:
    """Goes with its run, whatever has become of the campaign."""
    return {
        "pk": _pk(tenant_id),
        "sk": f"{_sk(campaign_id)}#RUN#{run_id}",
        "v": _VERSION,
        "run_id": run_id,
        "ttl": in_seconds(at + RUNS_KEPT_FOR),
    }
