"""Stopping, trying and watching over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.campaigns.desk import SUBSCRIPTION, pointers
from tests.http.sending.walk import Walk

# --- cancel ---


def test_a_cancel_answers_with_what_it_stopped(walk: Walk) -> None:
    campaign = walk.draft()
    run = walk.send(campaign)
    assert walk.ask("POST", f"{campaign}/cancel") == {
        "id": campaign.removeprefix("/"),
        "status": "cancelled",
        "run": run,
    }
    again = walk.desk.ask("POST", f"{campaign}/cancel")
    assert (again.status, again.code, again.json()["campaign_status"]) == (409, "wrong_campaign_state", "cancelled")


def test_a_scheduled_campaign_is_cancelled_before_it_has_a_run(walk: Walk) -> None:
    made = walk.desk.create(schedule={"send_at": walk.desk.at(hours=1)})
    assert walk.ask("POST", f"/{made['id']}/cancel")["run"] is None
    assert walk.desk.show(made["id"])["run_id"] is None
    assert [row for row in walk.world.aws.rows("due") if not row["sk"].startswith("anchor#")] == []


def test_a_draft_has_nothing_to_cancel(walk: Walk) -> None:
    answer = walk.desk.ask("POST", f"{walk.draft()}/cancel")
    assert (answer.status, answer.json()["campaign_status"]) == (409, "draft")


def test_a_cancel_repeated_with_its_key_is_answered_again(walk: Walk) -> None:
    campaign = walk.draft()
    walk.send(campaign)
    headers = {"Idempotency-Key": "once"}
    answers = [walk.ask("POST", f"{campaign}/cancel", headers=headers) for _ in range(2)]
    assert answers[0] == answers[1]


# --- test ---


def test_a_test_reaches_those_it_names_and_nobody_else(walk: Walk) -> None:
    one, two, _ = walk.subscribe(3)
    walk.name(two, "ada@shop")
    campaign = walk.draft()
    body = {"subscription_ids": [one["id"]], "external_ids": ["ada@shop"]}
    run = walk.ask("POST", f"{campaign}/test", json=body, expect=202)["run"]
    walk.work("send-small")
    assert walk.service.ledger.accepted_counts() == {one["endpoint"]: 1, two["endpoint"]: 1}
    stats = walk.stats(campaign, run=run)
    assert (stats["run"], stats["state"], stats["accepted"]) == (run, "sent", 2)
    assert walk.stats(campaign)["run"] is None
    assert walk.desk.status(campaign.removeprefix("/")) == "draft"


def test_those_it_cannot_reach_are_accounted_for(walk: Walk) -> None:
    campaign = walk.draft()
    run = walk.ask("POST", f"{campaign}/test", json={"subscription_ids": [SUBSCRIPTION]}, expect=202)["run"]
    walk.work("send-small")
    assert walk.stats(campaign, run=run)["reasons"] == {"skipped:not_subscribed": 1}


def test_a_browser_that_changed_hands_is_not_shown_anothers_test(walk: Walk) -> None:
    (one,) = walk.subscribe()
    walk.name(one, "ada@shop")
    campaign = walk.draft()
    run = walk.ask("POST", f"{campaign}/test", json={"external_ids": ["ada@shop"]}, expect=202)["run"]
    walk.name(one, "ben@shop")
    walk.work("send-small")
    assert walk.stats(campaign, run=run)["reasons"] == {"skipped:identity_changed": 1}
    assert walk.service.ledger.total == 0


@pytest.mark.parametrize(
    ("body", "blamed"),
    [
        ({}, [""]),
        ({"subscription_ids": [], "external_ids": []}, [""]),
        ({"subscription_ids": ["sub_x"]}, ["/subscription_ids/0"]),
        ({"subscription_ids": [SUBSCRIPTION.upper()]}, ["/subscription_ids/0"]),
        ({"subscription_ids": [SUBSCRIPTION + "\n"]}, ["/subscription_ids/0"]),
        ({"subscription_ids": [SUBSCRIPTION] * 101}, ["/subscription_ids"]),
        ({"external_ids": [""]}, ["/external_ids/0"]),
        ({"external_ids": ["x" * 257]}, ["/external_ids/0"]),
        ({"external_ids": ["nobody"]}, ["/external_ids"]),
    ],
)
def test_a_test_for_nobody_or_nonsense_is_refused(walk: Walk, body: dict[str, Any], blamed: list[str]) -> None:
    campaign = walk.draft()
    assert pointers(walk.desk.ask("POST", f"{campaign}/test", json=body)) == blamed
    assert walk.ask("GET", f"{campaign}/runs")["data"] == []


# --- runs and stats ---


def test_runs_are_listed_newest_first_and_page_by_page(walk: Walk) -> None:
    (one,) = walk.subscribe()
    campaign = walk.draft()
    made: list[str] = []
    for _ in range(2):
        made.insert(0, walk.ask("POST", f"{campaign}/test", json={"subscription_ids": [one["id"]]}, expect=202)["run"])
        walk.world.clock.advance(seconds=1)
    made.insert(0, walk.send(campaign))
    walk.work("plan", "send-small")
    first = walk.ask("GET", f"{campaign}/runs", query={"limit": 2})
    second = walk.ask("GET", f"{campaign}/runs", query={"limit": 2, "cursor": first["next_cursor"]})
    runs = first["data"] + second["data"]
    assert [run["id"] for run in runs] == made
    assert [run["source"] for run in runs] == ["campaign", "test", "test"]
    assert {run["state"] for run in runs} == {"sent"}
    assert set(runs[0]) == {
        "id", "campaign_id", "source", "mode", "state", "created_at", "expires_at", "finished_at",
    }  # fmt: skip
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_a_cursor_belongs_to_its_campaign(walk: Walk) -> None:
    (one,) = walk.subscribe()
    campaign, other = walk.draft(), walk.draft()
    for _ in range(2):
        walk.ask("POST", f"{campaign}/test", json={"subscription_ids": [one["id"]]}, expect=202)
    cursor = walk.ask("GET", f"{campaign}/runs", query={"limit": 1})["next_cursor"]
    assert walk.desk.ask("GET", f"{other}/runs", query={"cursor": cursor}).status == 422


def test_stats_have_the_names_that_were_promised(walk: Walk) -> None:
    assert set(walk.stats(walk.draft())) >= {
        "audience", "audience_estimated", "excluded", "accepted", "gone", "failed", "skipped", "expired", "pending",
        "reasons", "unknown", "spared",
    }  # fmt: skip


def test_stats_of_another_campaigns_run_are_not_found(walk: Walk) -> None:
    campaign, other = walk.draft(), walk.draft()
    run = walk.send(other)
    walk.work("plan")
    answer = walk.desk.ask("GET", f"{campaign}/stats", query={"run": run})
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("run", ["run_x", "cmp_00000000000000000000000000", "", "run_" + "0" * 26 + "\n"])
def test_what_cannot_be_a_run_is_refused(walk: Walk, run: str) -> None:
    assert walk.desk.ask("GET", f"{walk.draft()}/stats", query={"run": run}).status == 422
