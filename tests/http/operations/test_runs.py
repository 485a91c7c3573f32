"""A run and its batch records, as the operator sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core import drive
from chalicelib.features.sending.store.batches import BatchRows
from chalicelib.features.sending.store.runs import RunRows
from tests.adapters.sending.rows import a_batch, a_run
from tests.http.operations.house import House


@pytest.fixture
def run(house: House) -> str:
    """Of 16 batches, of which three have a record."""
    owner = house.desk.owner.tenant_id
    made = drive.run(RunRows().add(owner, a_run(tenant_id=owner, site_id=house.desk.site_id)))
    for number, changes in ((2, {}), (5, {"is_final": True}), (9, {"owner": "w", "leased_until": made.created_at})):
        drive.run(BatchRows().save(owner, a_batch(made, number, **changes)))
    return f"{house.tenant}/runs/{made.id}"


def batches(house: House, run: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.ask("GET", run, query=query)["data"]
    return found


def test_a_run_is_shown_with_every_batch(house: House, run: str) -> None:
    shown = house.ask("GET", run)
    assert (shown["state"], shown["lane"], shown["batches"], shown["chosen"]) == ("sending", "send", 16, 2)
    assert (shown["audience"], shown["audience_estimated"]) == (4_711, True)
    assert [batch["n"] for batch in shown["data"]] == list(range(16))
    assert (shown["next_cursor"], shown["has_more"]) == (None, False)
    conditions = {batch["n"]: batch["condition"] for batch in shown["data"] if batch["condition"] != "unstarted"}
    assert conditions == {2: "idle", 5: "final", 9: "abandoned"}


def test_a_record_is_shown_whole(house: House, run: str) -> None:
    record = batches(house, run)[2]
    assert record["counts"] == {"accepted": 9, "gone:ended": 1, "failed:too_large": 2, "unknown": 1}
    assert (record["in_doubt"], record["is_read"], record["passes"], record["rev"]) == (1, True, 2, 1)
    assert record["cursor"] == "03" * 16
    assert [(wait["attempt"], wait["reason"], wait["count"]) for wait in record["later"]] == [
        (2, "throttled", 2),
        (1, "service_busy", 1),
    ]
    assert record["gone"] == {"fcm.googleapis.com": 1}
    assert record["hosts"] == {"fcm.googleapis.com": [10, 1], "web.push.apple.com": [2, 0]}


def test_what_a_message_says_and_whom_it_is_for_is_not_shown(house: House, run: str) -> None:
    text = house.try_("GET", run).text
    assert "Kollektion" not in text
    assert ("01" * 16) not in text


def test_batches_come_page_by_page(house: House, run: str) -> None:
    first = house.ask("GET", run, query={"limit": 10})
    assert first["has_more"]
    second = house.ask("GET", run, query={"limit": 10, "cursor": first["next_cursor"]})
    assert [batch["n"] for batch in first["data"] + second["data"]] == list(range(16))
    assert not second["has_more"]
    assert house.try_("GET", run, query={"cursor": first["next_cursor"], "condition": "idle"}).code == "bad_cursor"


def test_a_cursor_is_good_for_its_own_run_alone(house: House, run: str) -> None:
    owner = house.desk.owner.tenant_id
    other = a_run(tenant_id=owner, site_id=house.desk.site_id, id="run_" + "1" * 26)
    drive.run(RunRows().add(owner, other))
    cursor = house.ask("GET", run, query={"limit": 10})["next_cursor"]
    answer = house.try_("GET", f"{house.tenant}/runs/{other.id}", query={"cursor": cursor})
    assert (answer.status, answer.code) == (422, "bad_cursor")
    campaigns = f"/v1/sites/{house.desk.site_id}/campaigns"
    assert house.world.client.get(campaigns, as_=house.world.ada, query={"cursor": cursor}).code == "bad_cursor"


def test_a_run_belongs_to_one_tenant(house: House, run: str) -> None:
    elsewhere = run.replace(house.desk.owner.tenant_id, house.world.cyd.tenant_id)
    assert house.try_("GET", elsewhere).status == 404


@pytest.mark.parametrize(
    ("condition", "numbers"), [("final", [5]), ("idle", [2]), ("abandoned", [9]), ("waiting", []), ("leased", [])]
)
def test_only_those_that_stand_so(house: House, run: str, condition: str, numbers: list[int]) -> None:
    assert [batch["n"] for batch in batches(house, run, condition=condition)] == numbers


@pytest.mark.parametrize("query", [{"condition": "odd"}, {"limit": 0}, {"limit": 101}, {"cursor": "x"}, {"page": 2}])
def test_a_question_that_makes_no_sense_is_refused(house: House, run: str, query: dict[str, Any]) -> None:
    assert house.try_("GET", run, query=query).status == 422


def test_a_run_without_a_plan_and_a_finished_one_are_shown_too(house: House, run: str) -> None:
    owner = house.desk.owner.tenant_id
    unplanned = a_run(id="run_" + "0" * 26, tenant_id=owner, batches=None, estimate=None)
    drive.run(RunRows().add(owner, unplanned))
    shown = house.ask("GET", f"{house.tenant}/runs/{unplanned.id}")
    assert (shown["batches"], shown["audience"], shown["data"]) == (None, None, [])
    over = replace(unplanned, id="run_" + "1" * 26, batches=1, finished_at=house.world.clock.now())
    drive.run(RunRows().add(owner, over))
    assert house.ask("GET", f"{house.tenant}/runs/{over.id}")["totals"] == {"accepted": 1}


def test_a_notification_goes_by_either_name(house: House, run: str) -> None:
    assert house.ask("GET", run.replace("/run_", "/ntf_")) == house.ask("GET", run)


@pytest.mark.parametrize("named", ["run_" + "0" * 26, "ntf_" + "0" * 26, "nonsense", "run_", "cmp_" + "0" * 26])
def test_a_run_that_does_not_exist_is_not_found(house: House, run: str, named: str) -> None:
    assert house.try_("GET", f"{house.tenant}/runs/{named}").status == 404
    elsewhere = run.replace(house.world.ada.tenant_id, house.world.cyd.tenant_id)
    assert house.try_("GET", elsewhere).status == 404
