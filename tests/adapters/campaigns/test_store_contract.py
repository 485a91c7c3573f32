"""What every store of campaigns must do: the real one over DynamoDB, and the fake that unit tests lean on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.core import ids
from chalicelib.core.clock import from_milliseconds, in_seconds
from chalicelib.core.errors import Conflict, Stale
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import EVERYONE, Campaign, Status
from chalicelib.features.campaigns.service import OnSites, Rows
from chalicelib.features.campaigns.store import CampaignRows, CampaignsOnSites
from chalicelib.features.due.model import Kind, Move
from chalicelib.features.due.wiring import entry_moving
from chalicelib.features.sites.wiring import place_of_site
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import ADA, AT, CYD, MESSAGE
from tests.unit.campaigns.memory import SITE, KnownSites, MemoryCampaigns, MemoryCampaignsOnSites

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

GOLDEN = Path(__file__).with_name("golden") / "campaign-v1.json"


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Rows:
    if request.param == "memory":
        return MemoryCampaigns()
    request.getfixturevalue("aws")
    return CampaignRows()


def a_campaign(**changes: Any) -> Campaign:
    full = Campaign(
        id=ids.new("cmp"),
        tenant_id=ADA,
        site_id=SITE,
        name="Frühling",
        message=MESSAGE,
        audience=EVERYONE,
        created_at=AT,
        status=Status.SCHEDULED,
        careful=True,
        mode=Mode.TEST,
        send_at=AT + timedelta(hours=1),
        expires_at=AT + timedelta(days=1),
        run_id="run_01kjmv5dz0000000000000000a",
        look_at=AT + timedelta(hours=1),
        updated_at=AT,
    )
    return replace(full, **changes)


def added(store: Rows, **changes: Any) -> Campaign:
    campaign = a_campaign(**changes)
    store.add(campaign.tenant_id, campaign)
    return campaign


@pytest.mark.parametrize(
    "changes",
    [{}, {"send_at": None, "expires_at": None, "run_id": None, "look_at": None, "updated_at": None}],
    ids=["full", "new"],
)
def test_a_campaign_comes_back_as_it_went_in(store: Rows, changes: dict[str, Any]) -> None:
    campaign = added(store, **changes)
    assert store.get(ADA, campaign.id) == campaign


def test_the_same_id_twice_is_a_conflict(store: Rows) -> None:
    campaign = added(store)
    with pytest.raises(Conflict):
        store.add(ADA, campaign)


def test_another_tenant_sees_nothing_of_it(store: Rows) -> None:
    campaign = added(store)
    assert store.get(CYD, campaign.id) is None
    assert store.of_site(CYD, SITE, limit=10, position=None).rows == []
    for write in (store.save, store.remove):
        with pytest.raises(Stale):
            write(CYD, campaign)
    assert store.get(ADA, campaign.id) == campaign


def test_a_save_replaces_the_whole_if_its_revision_stands(store: Rows) -> None:
    campaign = added(store)
    changed = replace(campaign, name="Herbst", send_at=None, look_at=None, status=Status.DRAFT)
    saved = store.save(ADA, changed)
    assert saved == replace(changed, rev=2) == store.get(ADA, campaign.id)
    with pytest.raises(Stale):
        store.save(ADA, replace(campaign, name="Too late"))
    assert store.get(ADA, campaign.id) == saved


def test_a_run_is_linked_in_the_same_breath_or_not_at_all(store: Rows) -> None:
    campaign = added(store)
    saved = store.save(ADA, campaign, link="run_a")
    with pytest.raises(Stale):
        store.save(ADA, campaign, link="run_b")
    assert store.runs(ADA, campaign.id, limit=10, position=None).rows == ["run_a"]
    assert store.get(ADA, campaign.id) == saved


def test_a_link_goes_when_its_run_does(aws: Installation) -> None:
    store = CampaignRows()
    campaign = added(store, updated_at=AT)
    store.save(ADA, campaign, link="run_a")
    store.link(ADA, campaign.id, "run_b", at=AT + timedelta(days=1))
    links = [row for row in aws.rows("core") if "#RUN#" in row["sk"]]
    assert [row["ttl"] for row in links] == [in_seconds(AT + timedelta(days=days)) for days in (400, 401)]


def test_runs_are_listed_newest_first_and_page_by_page(store: Rows) -> None:
    campaign, other = added(store), added(store)
    for run_id in ("run_b", "run_a", "run_c", "run_c"):
        store.link(ADA, campaign.id, run_id, at=AT)
    store.link(ADA, other.id, "run_other", at=AT)
    first = store.runs(ADA, campaign.id, limit=2, position=None)
    second = store.runs(ADA, campaign.id, limit=2, position=first.position)
    assert (first.rows, second.rows) == (["run_c", "run_b"], ["run_a"])
    assert store.runs(CYD, campaign.id, limit=2, position=None).rows == []


def test_a_removed_campaign_is_gone_and_cannot_be_removed_twice(store: Rows) -> None:
    campaign = added(store)
    with pytest.raises(Stale):
        store.remove(ADA, replace(campaign, rev=2))
    store.remove(ADA, campaign)
    assert store.get(ADA, campaign.id) is None
    with pytest.raises(Stale):
        store.remove(ADA, campaign)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
def test_a_site_lists_its_own_newest_first_past_all_else(store: Rows, limit: int) -> None:
    """Other sites' campaigns and the links of runs lie between them."""
    mine = []
    for _ in range(5):
        mine.append(added(store))
        added(store, site_id="site_other")
        for number in range(3):
            store.link(ADA, mine[-1].id, f"run_{number}", at=AT)
    found: list[Campaign] = []
    position: str | None = None
    for _ in range(10):
        page = store.of_site(ADA, SITE, limit=limit, position=position)
        assert len(page.rows) <= limit
        found += page.rows
        position = page.position
        if position is None:
            break
    assert found == sorted(mine, key=lambda campaign: campaign.id, reverse=True)


@pytest.mark.parametrize("lost", [1, 3])
def test_a_save_whose_answer_was_lost_is_done(aws: Installation, faults: Faults, lost: int) -> None:
    store = CampaignRows()
    campaign = added(store)
    faults.silence("dynamodb.PutItem", times=lost)
    assert store.save(ADA, replace(campaign, name="Herbst")).rev == 2
    faults.silence("dynamodb.TransactWriteItems", times=lost)
    assert store.save(ADA, replace(campaign, rev=2), link="run_a").rev == 3
    assert len(aws.rows("core")) == 2


def test_a_campaign_of_version_1_is_read_and_still_written(aws: Installation) -> None:
    row = json.loads(GOLDEN.read_text())
    Table("core").put(row)
    campaign = a_campaign(id="cmp_01kjmv5dz0000000000000000c")
    assert CampaignRows().get(ADA, campaign.id) == campaign
    CampaignRows().remove(ADA, campaign)
    CampaignRows().add(ADA, campaign)
    assert aws.rows("core") == [row]


def test_a_row_that_newer_code_has_extended_is_read(aws: Installation) -> None:
    row = json.loads(GOLDEN.read_text())
    Table("core").put(row | {"category": "news", "message": row["message"] | {"dir": "rtl"}})
    assert CampaignRows().get(ADA, row["id"]) == a_campaign(id=row["id"])
    assert len(aws.rows("core")) == 1


@pytest.fixture(params=["memory", "rows"])
def on_sites(request: pytest.FixtureRequest) -> tuple[Rows, OnSites]:
    if request.param == "memory":
        rows = MemoryCampaigns()
        return rows, MemoryCampaignsOnSites(rows, KnownSites({(ADA, SITE)}))
    request.getfixturevalue("aws")
    Table("core").put({"pk": f"T#{ADA}", "sk": f"SITE#{SITE}", "v": 1})
    return CampaignRows(), CampaignsOnSites(place_of_site=place_of_site())


def test_a_campaign_is_there_while_a_site_of_its_tenant_is(on_sites: tuple[Rows, OnSites]) -> None:
    rows, shown = on_sites
    campaign = added(rows)
    assert shown.get(ADA, SITE, campaign.id) == campaign
    assert shown.get(ADA, "site_" + "0" * 26, campaign.id) is None
    assert shown.get(ADA, SITE, ids.new("cmp")) is None
    assert shown.get(CYD, SITE, campaign.id) is None


def test_an_entry_moves_with_its_campaign_or_neither_does(aws: Installation) -> None:
    store, later = CampaignRows(moving=entry_moving()), AT + timedelta(hours=2)
    campaign = a_campaign()
    store.add(ADA, campaign, move=Move(Kind.CAMPAIGN, ADA, campaign.id, None, campaign.look_at))
    with pytest.raises(Conflict):
        store.add(ADA, campaign, move=Move(Kind.CAMPAIGN, ADA, campaign.id, None, later))
    assert _due(aws) == [campaign.look_at]
    move = Move(Kind.CAMPAIGN, ADA, campaign.id, campaign.look_at, later)
    with pytest.raises(Stale):
        store.save(ADA, replace(campaign, rev=campaign.rev + 5), move=move)
    assert _due(aws) == [campaign.look_at]
    saved = store.save(ADA, replace(campaign, look_at=later), move=move)
    assert _due(aws) == [later]
    store.save(ADA, replace(saved, look_at=None), move=Move(Kind.CAMPAIGN, ADA, campaign.id, later, None))
    assert _due(aws) == []


def _due(aws: Installation) -> list[datetime]:
    return [from_milliseconds(int(row["sk"].split("#")[-1])) for row in aws.rows("due")]
