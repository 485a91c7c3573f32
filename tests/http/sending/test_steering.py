"""Holding what is being sent, and letting it go on, over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.http.sending.walk import Walk


def test_a_paused_campaign_reaches_nobody_until_it_is_resumed(walk: Walk) -> None:
    walk.subscribe(3)
    campaign = walk.draft()
    run = walk.send(campaign)
    walk.work("plan")
    paused = walk.ask("POST", f"{campaign}/pause")
    assert paused == {"id": campaign.removeprefix("/"), "status": "paused", "run": run}
    walk.work("send-small", "sweep")
    assert (walk.stats(campaign)["state"], walk.stats(campaign)["pending"]) == ("paused", 3)
    walk.pass_time(minutes=10)
    assert walk.service.ledger.total == 0

    assert walk.ask("POST", f"{campaign}/resume")["status"] == "sending"
    walk.work("sweep", "send-small")
    assert (walk.stats(campaign)["state"], walk.stats(campaign)["accepted"]) == ("sent", 3)
    assert walk.desk.status(campaign.removeprefix("/")) == "sent"


@pytest.mark.parametrize(("turn", "status"), [("pause", "paused"), ("resume", "sending")])
def test_what_is_so_already_stays_so(walk: Walk, turn: str, status: str) -> None:
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    for _ in range(2):
        assert walk.ask("POST", f"{campaign}/{turn}")["status"] == status


@pytest.mark.parametrize("turn", ["pause", "resume"])
def test_a_turn_repeated_with_its_key_is_answered_again(walk: Walk, turn: str) -> None:
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    first, second = (walk.desk.ask("POST", f"{campaign}/{turn}", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status, first.json()) == (second.status, second.json())
    assert second.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("turn", ["pause", "resume"])
def test_what_is_not_being_sent_cannot_be_held(walk: Walk, turn: str) -> None:
    draft = walk.draft()
    scheduled = f"/{walk.desk.create(schedule={'send_at': walk.desk.at(hours=1)})['id']}"
    sent = walk.draft()
    walk.send(sent)
    walk.work("plan", "send-small")
    for campaign, status in ((draft, "draft"), (scheduled, "scheduled"), (sent, "sent")):
        answer = walk.desk.ask("POST", f"{campaign}/{turn}")
        assert (answer.status, answer.code, answer.json()["campaign_status"]) == (409, "wrong_campaign_state", status)


def test_a_campaign_that_is_just_starting_asks_for_a_moment(walk: Walk) -> None:
    campaign = walk.draft()
    walk.send(campaign)
    answer = walk.desk.ask("POST", f"{campaign}/pause")
    assert (answer.status, answer.code) == (409, "campaign_starting")
    assert walk.desk.status(campaign.removeprefix("/")) == "sending"
    walk.work("plan")
    assert walk.ask("POST", f"{campaign}/pause")["status"] == "paused"


def test_a_paused_campaign_can_be_cancelled(walk: Walk) -> None:
    walk.subscribe(2)
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    walk.ask("POST", f"{campaign}/pause")
    assert walk.ask("POST", f"{campaign}/cancel")["status"] == "cancelled"
    walk.work("sweep", "send-small", "sweep")
    assert walk.stats(campaign)["reasons"] == {"skipped:cancelled": 2}
    assert walk.desk.ask("POST", f"{campaign}/resume").json()["campaign_status"] == "cancelled"


def test_a_paused_campaign_expires_like_any_other(walk: Walk) -> None:
    walk.subscribe(2)
    made = walk.desk.create(expires_at=walk.desk.at(minutes=10))
    campaign = f"/{made['id']}"
    walk.send(campaign)
    walk.work("plan")
    walk.ask("POST", f"{campaign}/pause")
    walk.pass_time(minutes=15)
    stats = walk.stats(campaign)
    assert (stats["state"], stats["expired"], stats["pending"]) == ("expired", 2, 0)
    assert walk.desk.status(made["id"]) == "sent"
    assert walk.service.ledger.total == 0


def test_every_turn_is_on_the_trail(walk: Walk) -> None:
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    walk.ask("POST", f"{campaign}/pause")
    walk.ask("POST", f"{campaign}/resume")
    rows = [row for row in walk.world.aws.rows("audit") if str(row.get("action", "")).startswith("campaign.")]
    actions = [row["action"] for row in sorted(rows, key=lambda row: (row["pk"], row["sk"]))]
    assert actions[-2:] == ["campaign.paused", "campaign.resumed"]


def test_a_throttle_lets_so_many_go_each_minute(walk: Walk) -> None:
    """Four batches of about five, at five a minute: one each minute."""
    walk.subscribe(20)
    campaign = f"/{walk.desk.create(throttle_per_minute=5)['id']}"
    walk.send(campaign)
    walk.work("plan", "send-small")
    began = walk.world.clock.now()
    done = [walk.stats(campaign)["accepted"]]
    while done[-1] < 20 and walk.world.clock.now() < _after(began, minutes=10):
        walk.pass_time(minutes=1)
        done.append(walk.stats(campaign)["accepted"])
    assert done[0] < 20
    assert done[-1] == 20
    assert 3 <= len(done) <= 6
    assert walk.stats(campaign)["state"] == "sent"


def _after(at: datetime, *, minutes: int) -> datetime:
    return at + timedelta(minutes=minutes)
