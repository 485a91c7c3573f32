"""What owners do with campaigns, step by step, and what the calendar holds after each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.core import ids
from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import EVERYONE, Campaign, Expired, Status, WrongState
from chalicelib.features.due.model import Kind
from tests.unit.campaigns.memory import MESSAGE, NOON, SITE, TENANT, House

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOO_LARGE = msgspec.structs.replace(MESSAGE, url="https://shop.example/" + "u" * 2_600)


@pytest.fixture
def house() -> House:
    return House()


def pointer_of(error: pytest.ExceptionInfo[Invalid]) -> str:
    return str(error.value.facts["errors"][0]["pointer"])


# --- create, read, change, remove ---


def test_a_new_campaign_is_a_draft(house: House) -> None:
    campaign = house.create(careful=True, expires_at=NOON + HOUR, mode=Mode.TEST)
    assert (campaign.status, campaign.careful, campaign.expires_at) == (Status.DRAFT, True, NOON + HOUR)
    assert (campaign.run_id, campaign.look_at, campaign.mode) == (None, None, Mode.TEST)
    assert house.campaigns.get(tenant_id=TENANT, site_id=SITE, campaign_id=campaign.id) == campaign
    assert house.entries == []


def test_a_new_campaign_may_have_its_instant_already(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    assert (campaign.status, campaign.send_at, campaign.look_at) == (Status.SCHEDULED, NOON + HOUR, NOON + HOUR)
    assert campaign.run_id
    assert [(entry.kind, entry.id, entry.at) for entry in house.entries] == [(Kind.CAMPAIGN, campaign.id, NOON + HOUR)]


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"message": TOO_LARGE}, "/message"),
        ({"expires_at": NOON}, "/expires_at"),
        ({"send_at": NOON - 2 * MINUTE}, "/schedule/send_at"),
        ({"send_at": NOON + timedelta(days=367)}, "/schedule/send_at"),
        ({"send_at": NOON + HOUR, "expires_at": NOON + HOUR}, "/schedule/send_at"),
    ],
    ids=["too large", "expired", "in the past", "far ahead", "expires before it is sent"],
)
def test_what_could_not_be_sent_is_not_created(house: House, draft: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        house.create(**draft)
    assert pointer_of(refused) == pointer
    assert not house.rows.rows
    assert not house.entries


def test_a_clock_that_is_a_little_ahead_of_ours_is_forgiven(house: House) -> None:
    campaign = house.create(send_at=NOON - timedelta(seconds=50))
    assert (campaign.send_at, campaign.look_at) == (NOON - timedelta(seconds=50), NOON)


def test_only_on_a_site_of_ones_own(house: House) -> None:
    house.sites.known.clear()
    with pytest.raises(NotFound):
        house.create()
    with pytest.raises(NotFound):
        house.campaigns.of_site(tenant_id=TENANT, site_id=SITE, limit=10, position=None)


@pytest.mark.parametrize("tenant_id", [TENANT, "ten_cyd"])
@pytest.mark.parametrize("site_id", [SITE, "site_other"])
@pytest.mark.parametrize("campaign_id", ["its own", "cmp_00000000000000000000000000", "nonsense", ""])
def test_a_campaign_is_found_under_its_own_address_only(
    house: House, tenant_id: str, site_id: str, campaign_id: str
) -> None:
    house.sites.known |= {(TENANT, "site_other"), ("ten_cyd", SITE), ("ten_cyd", "site_other")}
    campaign = house.create()
    asked = campaign.id if campaign_id == "its own" else campaign_id

    def find() -> Campaign:
        return house.campaigns.get(tenant_id=tenant_id, site_id=site_id, campaign_id=asked)

    if (tenant_id, site_id, campaign_id) == (TENANT, SITE, "its own"):
        assert find() == campaign
    else:
        with pytest.raises(NotFound):
            find()


def test_the_campaigns_of_a_closed_site_are_as_unknown_as_the_site(house: House) -> None:
    campaign = house.create()
    house.sites.known.clear()
    with pytest.raises(NotFound):
        house.campaigns.get(tenant_id=TENANT, site_id=SITE, campaign_id=campaign.id)


def test_lists_are_newest_first_and_turn_pages(house: House) -> None:
    made = sorted((house.create().id for _ in range(3)), reverse=True)
    first = house.campaigns.of_site(tenant_id=TENANT, site_id=SITE, limit=2, position=None)
    second = house.campaigns.of_site(tenant_id=TENANT, site_id=SITE, limit=2, position=first.position)
    assert [campaign.id for campaign in [*first.rows, *second.rows]] == made
    assert second.position is None


def test_a_change_changes_what_it_names(house: House) -> None:
    campaign = house.create(expires_at=NOON + HOUR)
    message = msgspec.structs.replace(MESSAGE, title="Other")
    changes = {"name": "Autumn", "message": message, "audience": EVERYONE, "careful": True, "expires_at": None}
    changed = house.campaigns.change(campaign, changes=changes, now=NOON + MINUTE)
    assert (changed.name, changed.message, changed.careful, changed.expires_at) == ("Autumn", message, True, None)
    assert (changed.updated_at, changed.status, changed.created_at) == (NOON + MINUTE, Status.DRAFT, NOON)
    assert house.standing(campaign) == changed


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"message": TOO_LARGE}, "/message"),
        ({"expires_at": NOON}, "/expires_at"),
        ({"expires_at": NOON + HOUR}, "/expires_at"),
    ],
    ids=["too large", "expired", "before it is sent"],
)
def test_a_change_that_could_not_be_sent_is_refused(house: House, changes: dict[str, Any], pointer: str) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    with pytest.raises(Invalid) as refused:
        house.campaigns.change(campaign, changes=changes, now=NOON)
    assert pointer_of(refused) == pointer
    assert house.standing(campaign) == campaign


def test_what_is_not_named_is_not_judged(house: House) -> None:
    """An expiry that has passed meanwhile is the next send's affair."""
    campaign = house.create(expires_at=NOON + MINUTE)
    assert house.campaigns.change(campaign, changes={"name": "Autumn"}, now=NOON + HOUR).name == "Autumn"


def test_two_changes_at_once_are_one_and_a_conflict(house: House) -> None:
    campaign = house.create()
    house.campaigns.change(campaign, changes={"name": "First"}, now=NOON)
    with pytest.raises(Stale):
        house.campaigns.change(campaign, changes={"name": "Second"}, now=NOON)
    assert house.standing(campaign).name == "First"


@pytest.mark.parametrize("status", [Status.SENDING, Status.SENT, Status.CANCELLED])
def test_what_has_been_sent_stays_as_it_was(house: House, status: Status) -> None:
    campaign = house.in_state(status)
    with pytest.raises(WrongState):
        house.campaigns.change(campaign, changes={"name": "Other"}, now=NOON)


def test_a_draft_can_be_removed_and_what_is_under_way_cannot(house: House) -> None:
    draft, sending = house.create(), house.in_state(Status.SENDING)
    house.campaigns.remove(draft)
    with pytest.raises(WrongState):
        house.campaigns.remove(sending)
    assert list(house.rows.rows.values()) == [sending]


@pytest.mark.parametrize("status", [Status.SENT, Status.CANCELLED])
def test_what_somebody_may_still_have_to_hear_of_cannot_be_removed(house: House, status: Status) -> None:
    ended = house.in_state(status, look_at=NOON)
    with pytest.raises(WrongState):
        house.campaigns.remove(ended)
    house.campaigns.remove(house.in_state(status))
    assert list(house.rows.rows.values()) == [ended]


# --- schedule and unschedule ---


def test_scheduling_again_moves_the_entry(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    moved = house.campaigns.schedule(campaign, at=NOON + 2 * HOUR, mode=Mode.TEST, now=NOON)
    assert (moved.status, moved.send_at, moved.mode) == (Status.SCHEDULED, NOON + 2 * HOUR, Mode.TEST)
    assert [entry.at for entry in house.entries] == [NOON + 2 * HOUR]


def test_scheduling_for_the_same_instant_keeps_the_entry(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    house.campaigns.schedule(campaign, at=NOON + HOUR, mode=Mode.LIVE, now=NOON)
    assert [entry.at for entry in house.entries] == [NOON + HOUR]


def test_a_schedule_that_was_overtaken_leaves_nothing(house: House) -> None:
    campaign = house.create()
    won = house.campaigns.schedule(campaign, at=NOON + HOUR, mode=Mode.LIVE, now=NOON)
    with pytest.raises(Stale):
        house.campaigns.schedule(campaign, at=NOON + 2 * HOUR, mode=Mode.LIVE, now=NOON)
    assert house.standing(campaign) == won
    assert [entry.at for entry in house.entries] == [NOON + HOUR]


def test_unscheduled_is_a_draft_again(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    draft = house.campaigns.unschedule(campaign, now=NOON)
    assert (draft.status, draft.send_at, draft.run_id, draft.look_at) == (Status.DRAFT, None, None, None)
    assert house.entries == []
    with pytest.raises(WrongState):
        house.campaigns.unschedule(draft, now=NOON)


# --- send ---


@pytest.mark.parametrize("send_at", [None, NOON + HOUR], ids=["a draft", "a scheduled one"])
def test_send_is_one_step_to_sending(house: House, send_at: Any) -> None:
    campaign = house.create(send_at=send_at)
    sending = house.campaigns.send(campaign, mode=Mode.TEST, now=NOON)
    assert (sending.status, sending.send_at, sending.mode) == (Status.SENDING, None, Mode.TEST)
    assert house.rows.links == {(TENANT, campaign.id): {sending.run_id}}
    assert house.wakes.woken == house.entries
    assert [entry.at for entry in house.entries] == [NOON]


def test_a_second_send_is_a_conflict_and_no_second_run(house: House) -> None:
    campaign = house.create()
    sending = house.campaigns.send(campaign, mode=Mode.LIVE, now=NOON)
    with pytest.raises(WrongState) as refused:
        house.campaigns.send(sending, mode=Mode.LIVE, now=NOON + MINUTE)
    assert (refused.value.code, refused.value.facts) == ("wrong_campaign_state", {"campaign_status": "sending"})
    assert house.standing(campaign) == sending
    assert len(house.wakes.woken) == 1


def test_two_sends_at_the_same_moment_are_one_run(house: House) -> None:
    campaign = house.create()
    sending = house.campaigns.send(campaign, mode=Mode.LIVE, now=NOON)
    with pytest.raises(Stale):
        house.campaigns.send(campaign, mode=Mode.LIVE, now=NOON + timedelta(seconds=1))
    assert house.rows.links == {(TENANT, campaign.id): {sending.run_id}}
    assert len(house.wakes.woken) == 1


def test_a_queue_that_is_down_leaves_the_launch_to_the_tick(house: House) -> None:
    house.wakes.is_down = True
    sending = house.campaigns.send(house.create(), mode=Mode.LIVE, now=NOON)
    assert house.calendar.tick(NOON) == 1
    ((queue, message, _),) = house.calendar.sent
    assert (queue, message.id) == ("plan", sending.id)


def test_an_expired_campaign_is_not_sent(house: House) -> None:
    campaign = house.create(expires_at=NOON + MINUTE)
    with pytest.raises(Expired):
        house.campaigns.send(campaign, mode=Mode.LIVE, now=NOON + MINUTE)
    assert (house.standing(campaign), house.entries) == (campaign, [])


# --- cancel ---


def test_a_scheduled_campaign_that_is_cancelled_never_had_a_run(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    cancelled = house.campaigns.cancel(campaign, now=NOON)
    assert (cancelled.status, cancelled.run_id, cancelled.look_at) == (Status.CANCELLED, None, None)
    assert house.entries == []


def test_a_running_one_stays_in_the_calendar_until_its_run_has_heard(house: House) -> None:
    sending = house.campaigns.send(house.create(), mode=Mode.LIVE, now=NOON)
    cancelled = house.campaigns.cancel(sending, now=NOON + MINUTE)
    (entry,) = house.entries
    assert (cancelled.status, cancelled.run_id) == (Status.CANCELLED, sending.run_id)
    assert (entry.at, cancelled.look_at) == (NOON + MINUTE, NOON + MINUTE)
    assert house.wakes.woken[-1] == entry
    launch = house.campaigns.release(entry, now=NOON + MINUTE)
    assert launch is not None
    assert (launch.is_cancelled, launch.run_id) == (True, sending.run_id)
    house.campaigns.launched(entry)
    assert house.entries == []
    assert house.standing(sending).look_at is None


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SENT, Status.CANCELLED, Status.FAILED, Status.ARCHIVED])
def test_there_is_nothing_to_cancel_about_the_others(house: House, status: Status) -> None:
    with pytest.raises(WrongState):
        house.campaigns.cancel(house.in_state(status), now=NOON)


# --- release: the calendar's side ---


def test_a_campaign_whose_time_has_come_is_released_and_linked(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    (entry,) = house.entries
    launch = house.campaigns.release(entry, now=NOON + HOUR)
    assert launch is not None
    assert (launch.campaign.status, launch.run_id) == (Status.SENDING, campaign.run_id)
    assert house.rows.links == {(TENANT, campaign.id): {campaign.run_id}}
    assert house.entries == [entry]


def test_the_same_launch_again_until_it_is_said_to_be_done(house: House) -> None:
    house.create(send_at=NOON + HOUR)
    (entry,) = house.entries
    first = house.campaigns.release(entry, now=NOON + HOUR)
    assert house.campaigns.release(entry, now=NOON + HOUR + MINUTE) == first
    house.campaigns.launched(entry)
    house.campaigns.launched(entry)
    assert house.entries == []
    assert house.campaigns.release(entry, now=NOON + HOUR + MINUTE) is None


def test_nothing_is_released_early(house: House) -> None:
    house.create(send_at=NOON + HOUR)
    (entry,) = house.entries
    assert house.campaigns.release(entry, now=NOON + HOUR - 2 * MINUTE) is None
    assert house.entries == [entry]


def test_the_entry_of_a_removed_campaign_goes(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    (entry,) = house.entries
    del house.rows.rows[TENANT, campaign.id]
    assert house.campaigns.release(entry, now=NOON + HOUR + 3 * MINUTE) is None
    assert house.entries == []
    house.campaigns.launched(entry)


def test_a_changed_mind_beats_an_older_launch(house: House) -> None:
    campaign = house.create(send_at=NOON + HOUR)
    (entry,) = house.entries
    house.campaigns.schedule(campaign, at=NOON + 2 * HOUR, mode=Mode.LIVE, now=NOON)
    house.calendar.entries.put(entry)  # as if its removal had been lost
    assert house.campaigns.release(entry, now=NOON + HOUR + 3 * MINUTE) is None
    assert [each.at for each in house.entries] == [NOON + 2 * HOUR]


# --- what runs tell their campaigns ---


def test_a_campaign_is_sent_when_its_run_is_over(house: House) -> None:
    sending = house.campaigns.send(house.create(), mode=Mode.LIVE, now=NOON)
    finish(house, sending)
    finish(house, sending)
    assert house.standing(sending).status is Status.SENT


@pytest.mark.parametrize("change", ["another run", "another campaign", "cancelled meanwhile"])
def test_the_end_of_any_other_run_changes_nothing(house: House, change: str) -> None:
    sending = house.campaigns.send(house.create(), mode=Mode.LIVE, now=NOON)
    if change == "cancelled meanwhile":
        sending = house.campaigns.cancel(sending, now=NOON)
    finish(
        house,
        sending,
        run_id=ids.new("run") if change == "another run" else None,
        campaign_id=ids.new("cmp") if change == "another campaign" else None,
    )
    assert house.standing(sending) == sending


def finish(house: House, campaign: Campaign, *, run_id: str | None = None, campaign_id: str | None = None) -> None:
    house.campaigns.finish(
        tenant_id=TENANT,
        campaign_id=campaign_id or campaign.id,
        run_id=run_id or str(campaign.run_id),
        status=Status.SENT,
        now=NOON,
    )


def test_a_run_may_ask_how_its_campaign_stands(house: House) -> None:
    sending = house.campaigns.send(house.create(), mode=Mode.LIVE, now=NOON)
    assert house.campaigns.standing(tenant_id=TENANT, campaign_id=sending.id) == sending
    cancelled = house.campaigns.cancel(sending, now=NOON)
    assert house.campaigns.standing(tenant_id=TENANT, campaign_id=sending.id) == cancelled
    assert house.campaigns.standing(tenant_id="ten_b", campaign_id=sending.id) is None


def test_further_runs_are_linked_and_listed_newest_first(house: House) -> None:
    campaign = house.create()
    runs = sorted((ids.new("run") for _ in range(3)), reverse=True)
    for run_id in runs:
        house.campaigns.link(campaign, run_id=run_id, now=NOON)
    assert house.campaigns.runs(campaign, limit=10, position=None).rows == runs
