"""Stopping and starting over HTTP, and what is written down of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.aws.logged import logged_from_now
from tests.http.operations.house import House

STOP, START, SHOW = "/v1/ops/sending/stop", "/v1/ops/sending/start", "/v1/ops/sending"


def test_everyone_or_one_tenant_is_stopped_and_each_started_for_itself(house: House) -> None:
    ada, at = house.world.ada.tenant_id, house.desk.at()
    assert house.ask("GET", SHOW) == listed([])
    assert house.ask("POST", STOP, json={"tenant_id": ada}) == listed([{"tenant_id": ada, "at": at, "closing": False}])
    both = listed([{"tenant_id": None, "at": at, "closing": False}, {"tenant_id": ada, "at": at, "closing": False}])
    assert house.ask("POST", STOP, json={}) == both
    assert house.ask("GET", SHOW) == both
    assert house.ask("POST", START, json={}) == listed([{"tenant_id": ada, "at": at, "closing": False}])
    assert house.ask("POST", START, json={"tenant_id": ada}) == listed([])


def test_a_stop_said_twice_is_taken_back_once(house: House) -> None:
    for _ in range(2):
        house.ask("POST", STOP, json={})
    assert house.ask("POST", START, json={}) == listed([])
    assert house.ask("POST", START, json={}) == listed([])


@pytest.mark.parametrize("tenant_id", ["ten_00000000000000000000000000", "nonsense", "", "*"])
@pytest.mark.parametrize("path", [STOP, START])
def test_a_tenant_that_does_not_exist_is_not_found_rather_than_stopped(house: House, path: str, tenant_id: str) -> None:
    answer = house.try_("POST", path, json={"tenant_id": tenant_id})
    assert (answer.status, answer.code) == (404, "not_found")
    assert house.ask("GET", SHOW) == listed([])


@pytest.mark.parametrize("tenant_id", [7, [], {"all": True}, "x" * 65])
def test_what_cannot_be_a_tenant_is_refused(house: House, tenant_id: object) -> None:
    assert house.try_("POST", STOP, json={"tenant_id": tenant_id}).status == 422


def test_what_an_operator_asks_is_on_record_with_his_name(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    log = logged_from_now(monkeypatch)
    ada = house.world.ada.tenant_id
    answer = house.try_("POST", STOP, json={"tenant_id": ada})
    house.try_("POST", f"{house.site}/gates/push.example/trust")
    stopped, trusted = [line for line in log if line["message"] == "operator_asked"]
    assert stopped["actor"].startswith("key_")
    assert (stopped["kind"], stopped["tenant_id"]) == ("stop_sending", ada)
    assert stopped["request_id"] == answer.headers["x-request-id"]
    assert (trusted["kind"], trusted["subject"], trusted["site_id"]) == (
        "trust_host",
        "push.example",
        house.desk.site_id,
    )
    assert house.key not in str(log)


def listed(stops: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": stops, "next_cursor": None, "has_more": False}
