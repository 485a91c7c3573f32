"""Push hosts that gave trouble: seen, trusted, opened by the operator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.features.sending.model.gate import Closure, Gate
from tests.http.operations.house import House

HOST = "fcm.googleapis.com"


def test_a_site_without_trouble_has_no_gates(house: House) -> None:
    assert house.ask("GET", f"{house.site}/gates") == {"data": [], "next_cursor": None, "has_more": False}


def test_gates_are_shown_as_they_stand(house: House) -> None:
    now = house.world.clock.now()
    house.know(Gate(HOST).suspected(now=now, answers=400, gone=333))
    house.know(Gate("web.push.apple.com").closed(Closure.REFUSED, now=now, wish=timedelta()))
    suspected, closed = house.ask("GET", f"{house.site}/gates")["data"]
    assert suspected == {
        "host": HOST, "is_closed": False, "closed_until": None, "closure": None, "closures": 0,
        "suspected_at": house.desk.at(), "answers": 400, "gone": 333, "trusted_until": None,
    }  # fmt: skip
    assert (closed["is_closed"], closed["closure"], closed["closed_until"]) == (
        True,
        "vapid_refused",
        house.desk.at(hours=1),
    )


def test_a_suspected_host_can_be_trusted_for_a_week(house: House) -> None:
    house.know(Gate(HOST).suspected(now=house.world.clock.now(), answers=400, gone=333))
    for _ in range(2):
        trusted = house.ask("POST", f"{house.site}/gates/{HOST}/trust")
        assert (trusted["suspected_at"], trusted["trusted_until"]) == (None, house.desk.at(days=7))
    assert house.ask("GET", f"{house.site}/gates")["data"] == [trusted]


def test_a_closed_gate_can_be_opened_before_its_time(house: House) -> None:
    house.know(Gate(HOST).closed(Closure.BUSY, now=house.world.clock.now(), wish=timedelta(hours=9)))
    opened = house.ask("POST", f"{house.site}/gates/{HOST}/open")
    assert (opened["is_closed"], opened["closed_until"], opened["closure"]) == (False, None, None)


@pytest.mark.parametrize("turn", ["trust", "open"])
def test_of_a_host_that_gave_no_trouble_nothing_is_known(house: House, turn: str) -> None:
    house.know(Gate(HOST))
    for host in ("web.push.apple.com", "%2e%2e", "fcm.googleapis.com%20"):
        assert house.try_("POST", f"{house.site}/gates/{host}/{turn}").status == 404


def test_a_site_belongs_to_one_tenant(house: House) -> None:
    house.know(Gate(HOST))
    elsewhere = f"/v1/ops/tenants/{house.world.cyd.tenant_id}/sites/{house.desk.site_id}/gates"
    assert house.try_("GET", elsewhere).status == 404
    assert house.try_("POST", f"{elsewhere}/{HOST}/trust").status == 404
