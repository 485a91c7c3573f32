"""Stages that come twice: what was written after the first one goes with the second. The worker dies in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from chalicelib.aws.dynamo import Table
from chalicelib.core.identity import Scope
from chalicelib.features.privacy.wiring import jobs
from tests.journeys.shop import Shop
from tests.world import PASSWORD

_MONTH_MINUTES = 30 * 24 * 60
_PORTIONS = 200


def _once() -> Callable[[], bool]:
    """Time for one portion."""
    left = [True]
    return lambda: bool(left) and left.pop()


def _until(shop: Shop, kind: str, *, stage: int) -> str:
    """The job, which has come so far and no further."""
    (row,) = [row for row in shop.world.aws.rows("core") if row["pk"].startswith("JOBS#") and row["kind"] == kind]
    for _ in range(_PORTIONS):
        job = jobs().get(tenant_id=shop.owner.tenant_id, job_id=row["sk"])
        if job.stage == stage:
            shop.world.aws.purge("privacy")
            return job.id
        jobs().go_on(tenant_id=job.tenant_id, job_id=job.id, now=shop.world.clock.now(), has_time=_once())
        shop.world.clock.advance(seconds=2)
    raise AssertionError(job)


def _finish(shop: Shop, job_id: str) -> None:
    now = shop.world.clock.now()
    jobs().go_on(tenant_id=shop.owner.tenant_id, job_id=job_id, now=now, has_time=lambda: True)
    shop.pass_time(minutes=2)


def test_a_browser_that_the_index_knew_late_is_erased(shop: Shop) -> None:
    shop.ask("POST", "/v1/privacy/erase", json={"external_id": "ada"}, expect=202)
    shop.settle()
    made = shop.subscribe()["subscription_id"]
    shop.ask("PATCH", f"{shop.audience}/{made}", json={"external_id": "ada"})
    shop.world.clock.advance(seconds=10)
    shop.settle()
    assert shop.world.aws.rows("subs") == []


def test_whom_a_request_let_in_that_was_under_way_when_the_site_was_closed_goes(shop: Shop) -> None:
    shop.gather(1)
    (row,) = shop.world.aws.rows("subs")
    shop.ask("DELETE", f"/v1/sites/{shop.site['id']}", expect=202)
    job_id = _until(shop, "site_removal", stage=4)
    assert shop.world.aws.rows("subs") == []
    Table("subs").put(row)
    _finish(shop, job_id)
    assert shop.world.aws.rows("subs") == []


def _closed(shop: Shop) -> None:
    assert shop.world.client.delete("/v1/tenant", as_=shop.owner).status == 202


def test_a_key_that_was_made_while_the_account_was_closing_opens_nothing_when_it_is_removed(shop: Shop) -> None:
    _closed(shop)
    shop.settle()
    given = {"email": shop.owner.email, "password": PASSWORD}
    token = shop.world.client.post("/v1/auth/login", json=given).json()["access_token"]
    key = shop.world.api_key(replace(shop.owner, access_token=token), Scope.SITES_READ)
    shop.world.clock.advance(minutes=_MONTH_MINUTES + 18)
    assert shop.world.client.get("/v1/sites", as_=key).status == 200
    shop.world.clock.advance(minutes=1)
    _until(shop, "account_removal", stage=4)
    assert [row for row in shop.world.aws.rows("core") if row["sk"].startswith("SITE#")] != []
    assert shop.world.client.get("/v1/sites", as_=key).status == 401


def test_what_was_under_way_while_all_tables_were_read_goes_too(shop: Shop) -> None:
    _closed(shop)
    shop.world.aws.purge("privacy")
    shop.world.clock.advance(minutes=_MONTH_MINUTES + 18)
    job_id = _until(shop, "account_removal", stage=9)
    Table("core").put({"pk": f"T#{shop.owner.tenant_id}", "sk": "SITE#late", "v": 1})
    _finish(shop, job_id)
    left = [
        (row["pk"], row["sk"]) for row in shop.world.aws.rows() if shop.owner.tenant_id in json.dumps(row, default=repr)
    ]
    assert left == []
