"""A closed site: out of sight at once, and gone with everything that was its own, however often its worker dies."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.features.privacy.store import keys
from chalicelib.features.privacy.wiring import jobs
from tests.adapters.aws.faults import Faults
from tests.fakes.lambdas import context
from tests.http.privacy.closing import close, events, lived, named
from tests.http.privacy.deaths import dies
from tests.journeys.shop import Shop

_SHARDS = 16


def test_everything_of_a_closed_site_is_removed_and_its_neighbour_stays(shop: Shop) -> None:
    neighbour = Shop(shop.world, shop.push_service, shop.owner).open()
    lived(neighbour)
    kept, kept_events = named(shop, neighbour.site["id"]), events(shop)
    lived(shop)
    assert len(events(shop)) > len(kept_events) > 30
    closed = close(shop)
    assert (closed["id"], closed["status"]) == (shop.site["id"], "closing")
    shop.settle()
    job = shop.ask("GET", f"/v1/jobs/{closed['job_id']}")
    assert (job["kind"], job["status"]) == ("site_removal", "done")
    assert job["removed"] >= 30 + 3 + 2 + 1 + 1
    assert named(shop, shop.site["id"]) == []
    assert named(shop, neighbour.site["id"]) == kept
    assert events(shop) == kept_events
    assert shop.world.lambdas.waiting("privacy") == 0


def test_its_campaigns_are_cancelled_and_nobody_is_written_to(shop: Shop) -> None:
    shop.gather(5)
    scheduled = shop.draft()
    at = shop.world.clock.now() + timedelta(minutes=3)
    shop.ask("POST", f"{scheduled}/schedule", json={"schedule": {"send_at": at.isoformat()}})
    running = shop.draft(throttle_per_minute=1)
    run = shop.send(running)
    shop.world.lambdas.work("plan")
    job = json.loads(_first(shop, close(shop)))
    before = {campaign["status"] for campaign in _campaigns(shop)}
    jobs().go_on(tenant_id=job["tenant"], job_id=job["id"], now=shop.world.clock.now(), has_time=_once())
    assert before == {"scheduled", "sending"}
    assert [campaign["status"] for campaign in _campaigns(shop)] == ["cancelled", "cancelled"]
    (running_run,) = [row for row in shop.world.aws.rows("sends") if row["sk"] == "RUN" and row["pk"].endswith(run)]
    assert running_run["state"] == "cancelled"
    shop.pass_time(minutes=6)
    assert list(shop.received()) == []
    assert [row["sk"] for row in shop.world.aws.rows("due") if row["sk"].startswith(("campaign#", "job#"))] == []


def _first(shop: Shop, _closed: object) -> str:
    (body,) = shop.world.lambdas.bodies("privacy")
    return body


def _campaigns(shop: Shop) -> list[dict[str, Any]]:
    return [row for row in shop.world.aws.rows("core") if row["sk"].startswith("CAMP#") and "status" in row]


def _once() -> Callable[[], bool]:
    """Time for one portion."""
    left = [True]
    return lambda: bool(left) and left.pop()


def test_a_wake_up_that_is_lost_comes_by_the_calendar(shop: Shop) -> None:
    shop.gather(3)
    close(shop)
    shop.world.aws.purge("privacy")
    shop.pass_time(minutes=2)
    assert named(shop, shop.site["id"]) == []
    assert [row for row in shop.world.aws.rows("due") if row["sk"].startswith("job#")] == []


def test_a_long_one_is_handed_on_and_shows_how_far_it_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each portion of five rows; a function that has time for nothing more than the first look."""
    monkeypatch.setattr(keys, "A_PORTION", 5)
    shop.gather(40)
    job_id = close(shop)["job_id"]
    name, handler = shop.world.lambdas._handler("privacy")
    seen = []
    (body,) = shop.world.lambdas.bodies("privacy")
    record = {"body": body, "messageId": "m", "attributes": {}, "receiptHandle": "r", "eventSourceARN": "a"}
    for seconds in (14, 60):
        handler({"Records": [record]}, context(name, seconds=seconds))
        seen.append(shop.ask("GET", f"/v1/jobs/{job_id}")["status"])
    assert seen == ["waiting", "done"]
    assert shop.world.lambdas.waiting("privacy") == 2  # the first wake-up, and the one that was handed on
    shop.settle()
    assert shop.ask("GET", f"/v1/jobs/{job_id}")["removed"] >= 40
    assert named(shop, shop.site["id"]) == []


@pytest.mark.parametrize("done", [False, True])
def test_killed_anywhere_every_subscriber_is_counted_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """Nothing but subscribers on the site, so that the count can be told to the row."""
    monkeypatch.setattr(keys, "A_PORTION", 3)
    for after in range(0, 60, 7):
        site = Shop(shop.world, shop.push_service, shop.owner).open()
        site.gather(8)
        shop.settle()
        whole = 8 + len([key for key in named(shop, site.site["id"]) if key[1].startswith("VAPID#")]) + 1
        job_id = close(site)["job_id"]
        (body,) = shop.world.lambdas.bodies("privacy")
        dies(shop, body, after=after, done=done)
        shop.settle()
        job = shop.ask("GET", f"/v1/jobs/{job_id}")
        assert (job["status"], named(shop, site.site["id"])) == ("done", [])
        assert 8 <= job["removed"] <= whole, f"killed after {after} calls"


def test_the_same_message_twice_does_no_harm(shop: Shop) -> None:
    lived(shop)
    job_id = close(shop)["job_id"]
    (body,) = shop.world.lambdas.bodies("privacy")
    for _ in range(2):
        shop.world.lambdas.deliver("privacy", body)
    first = shop.ask("GET", f"/v1/jobs/{job_id}")
    shop.settle()
    assert shop.ask("GET", f"/v1/jobs/{job_id}") == first
    assert first["status"] == "done"


def test_a_site_that_could_not_be_closed_is_left_alone(shop: Shop) -> None:
    """Whoever asked died in between: the calendar brings the job, which finds the site open."""
    shop.gather(3)
    with Faults() as faults:
        faults.reject("dynamodb.TransactWriteItems", times=9)
        assert shop.world.client.delete(f"/v1/sites/{shop.site['id']}", as_=shop.bearer).status == 503
    before = len(shop.world.aws.rows("subs"))
    shop.world.clock.advance(minutes=3)
    shop.world.lambdas.fire("tick")
    shop.settle()
    assert len(shop.world.aws.rows("subs")) == before
    assert shop.ask("GET", f"/v1/sites/{shop.site['id']}")["id"] == shop.site["id"]
    assert [row for row in shop.world.aws.rows() if row["pk"].startswith("JOBS#")] == []


def test_closing_it_again_is_not_found(shop: Shop) -> None:
    close(shop)
    shop.ask("DELETE", f"/v1/sites/{shop.site['id']}", expect=404)
    shop.settle()


def test_a_job_is_its_tenants_alone(shop: Shop) -> None:
    job_id = close(shop)["job_id"]
    for asking in (shop.world.cyd,):
        assert shop.world.client.get(f"/v1/jobs/{job_id}", as_=asking).status == 404
    shop.ask("GET", "/v1/jobs/job_" + "0" * 26, expect=404)
    shop.ask("GET", "/v1/jobs/nonsense", expect=404)


def test_a_thousand_rows_take_so_many_calls_and_no_more(shop: Shop) -> None:
    """What a million costs follows from this: docs/privacy.md says it."""
    tenant, site = shop.owner.tenant_id, shop.site["id"]
    shop.gather(1)
    (row,) = shop.world.aws.rows("subs")
    from chalicelib.aws.dynamo import Table

    for number in range(1_000):
        key = f"{number % 16:x}{number:031x}"
        Table("subs").put(row | {"pk": f"S#{tenant}#{site}#{key[0]}", "sk": key})
    close(shop)
    (body,) = shop.world.lambdas.bodies("privacy")
    with Faults() as faults:
        shop.world.lambdas.deliver("privacy", body)
        batches = faults.calls.count("dynamodb.BatchWriteItem")
        queries = faults.calls.count("dynamodb.Query")
    assert shop.world.aws.rows("subs") == []
    assert 1_000 / 25 <= batches <= 1_000 / 25 + _SHARDS + 8
    assert queries <= 1_000 / keys.A_PORTION + 2 * 2 * _SHARDS + 8
