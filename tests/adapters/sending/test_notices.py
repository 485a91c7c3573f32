"""Who hears of a push host's trouble: whoever is on call each time, its site's owners once a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.config import settings
from chalicelib.core import drive
from chalicelib.core.identity import Role
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.wiring import ports
from chalicelib.features.sites.wiring import sites
from chalicelib.features.tenants.model import State
from tests.adapters.aws.faults import Faults
from tests.adapters.aws.logged import logged_from_now
from tests.adapters.sending.rows import a_run
from tests.fakes.installation import SentMail
from tests.world import World, add_member

HOST = "fcm.googleapis.com"


@pytest.fixture
def run(world: World) -> Run:
    site = sites().create(
        tenant_id=world.ada.tenant_id, name="Ada's shop", url="https://shop.example", now=world.clock.now()
    )
    return a_run(tenant_id=world.ada.tenant_id, site_id=site.id)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    return logged_from_now(monkeypatch)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.cache_clear()
    monkeypatch.setenv("STAGE", "prod")
    yield
    monkeypatch.undo()
    settings.cache_clear()


def refused(world: World, host: str = HOST) -> Gate:
    return Gate(host).closed(Closure.REFUSED, now=world.clock.now(), wish=timedelta())


def suspected(world: World) -> Gate:
    return Gate(HOST).suspected(now=world.clock.now(), answers=400, gone=333)


def tell(run: Run, *gates: Gate) -> None:
    drive.run(ports().notices.write(run, gates))


def change(run: Run, gate: Gate) -> None:
    drive.run(ports().notices.changed(run, Gate(gate.host), gate))


def letters(world: World) -> list[SentMail]:
    world.lambdas.work("mail")
    return world.aws.outbox()


# --- letters ---


def test_owners_are_written_to_and_nobody_else(world: World, run: Run) -> None:
    add_member("Owen", world.ada, Role.OWNER, world.clock)
    add_member("Adam", world.ada, Role.ADMIN, world.clock)
    tell(run, refused(world))
    found = letters(world)
    assert sorted(mail.to for mail in found) == ["ada@example.com", "owen@example.com"]
    assert {mail.subject for mail in found} == {"Ada's shop: messages are refused"}


def test_a_suspicion_is_written_with_its_figures(world: World, run: Run) -> None:
    tell(run, suspected(world))
    (mail,) = letters(world)
    assert "333 out of 400" in mail.text


def test_once_a_day_is_enough(world: World, run: Run) -> None:
    for _ in range(3):
        tell(run, refused(world))
        world.clock.advance(hours=7)
    assert len(letters(world)) == 1
    world.clock.advance(hours=4)
    tell(run, refused(world))
    assert len(letters(world)) == 2


def test_another_host_another_matter_and_another_site_are_letters_of_their_own(world: World, run: Run) -> None:
    tell(run, refused(world), refused(world, "web.push.apple.com"), suspected(world))
    other = sites().create(tenant_id=run.tenant_id, name="Other", url="https://other.example", now=world.clock.now())
    tell(replace(run, site_id=other.id), refused(world))
    assert len(letters(world)) == 4


def test_nobody_is_written_to_about_what_passes_by_itself(world: World, run: Run) -> None:
    busy = Gate(HOST).closed(Closure.BUSY, now=world.clock.now(), wish=timedelta())
    tell(run, busy, refused(world).opened())
    change(run, busy)
    assert letters(world) == []
    assert world.aws.rows("idem") == []


def test_a_letter_that_could_not_be_posted_is_written_by_the_next_a_little_later(world: World, run: Run) -> None:
    with Faults() as faults:
        faults.reject("sqs.SendMessageBatch", times=9)
        tell(run, refused(world))
    assert letters(world) == []
    world.clock.advance(minutes=4)
    tell(run, refused(world))
    assert letters(world) == []
    world.clock.advance(minutes=2)
    tell(run, refused(world))
    assert len(letters(world)) == 1


@pytest.mark.parametrize(
    "call", ["dynamodb.PutItem", "dynamodb.Query", "dynamodb.BatchGetItem", "sqs.SendMessageBatch"]
)
def test_no_trouble_of_ours_reaches_the_run(world: World, run: Run, log: list[dict[str, Any]], call: str) -> None:
    with Faults() as faults:
        faults.reject(call, times=99)
        tell(run, refused(world))
    (line,) = [line for line in log if line["message"] == "notice_not_written"]
    assert (line["level"], line["code"], line["site_id"]) == ("ERROR", "unavailable", run.site_id)


def test_of_two_workers_who_hear_it_at_once_one_writes(world: World, run: Run) -> None:
    gate = refused(world)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tell(run, gate), range(8)))
    assert len(letters(world)) == 1


def test_a_queue_that_fails_half_way_tells_nobody_twice(world: World, run: Run) -> None:
    """All owners' letters go into the queue together."""
    add_member("Owen", world.ada, Role.OWNER, world.clock)
    with Faults() as faults:
        faults.reject("sqs.SendMessageBatch", times=9)
        tell(run, refused(world))
    world.clock.advance(minutes=6)
    tell(run, refused(world))
    assert sorted(mail.to for mail in letters(world)) == ["ada@example.com", "owen@example.com"]


def test_a_tenant_without_owners_has_nobody_to_write_to(world: World, run: Run, log: list[dict[str, Any]]) -> None:
    Table("core").delete(f"T#{run.tenant_id}", f"MEMBER#{world.ada.user_id}")
    tell(run, refused(world))
    assert letters(world) == []
    assert log == []


def test_an_owner_who_has_left_is_not_written_to(world: World, run: Run) -> None:
    owen = add_member("Owen", world.ada, Role.OWNER, world.clock)
    Table("core").delete(f"USER#{owen.user_id}", "-")
    tell(run, refused(world))
    assert [mail.to for mail in letters(world)] == ["ada@example.com"]


def test_owners_of_a_suspended_account_are_written_to_all_the_same(world: World, run: Run) -> None:
    """It is theirs to mend before they are back."""
    key = (f"T#{run.tenant_id}", "TENANT")
    row = Table("core").get(*key)
    assert row is not None
    Table("core").put(row | {"state": State.SUSPENDED.value})
    tell(run, refused(world))
    assert len(letters(world)) == 1


def test_nobody_of_another_tenant_hears_anything(world: World, run: Run) -> None:
    tell(replace(run, tenant_id=world.cyd.tenant_id), refused(world))
    assert letters(world) == []  # the site is not Cyd's


def test_a_site_that_is_closed_meanwhile_has_nobody_to_write_to(world: World, run: Run) -> None:
    sites().close(tenant_id=run.tenant_id, site_id=run.site_id, now=world.clock.now())
    tell(run, refused(world))
    assert letters(world) == []


def test_a_push_service_with_many_hosts_is_written_of_once(world: World, run: Run) -> None:
    tell(run, *(refused(world, f"place{number}.notify.windows.com") for number in range(9)))
    assert len(letters(world)) == 1


# --- the log and the metrics ---


def test_what_is_told_while_pushes_are_under_way_asks_nobody(world: World, run: Run) -> None:
    with Faults() as faults:
        for call in ("dynamodb.PutItem", "dynamodb.Query", "sqs.SendMessageBatch"):
            faults.reject(call, times=99)
        change(run, refused(world))
        change(run, suspected(world))
    assert letters(world) == []


@pytest.mark.parametrize(
    ("gate", "event", "level", "reason"),
    [
        (suspected, "gone_not_believed", "ERROR", None),
        (refused, "host_closed", "ERROR", "vapid_refused"),
    ],
    ids=["suspected", "refused"],
)
def test_whoever_is_on_call_hears_it_each_time(
    world: World, run: Run, log: list[dict[str, Any]], gate: Any, event: str, level: str, reason: str | None
) -> None:
    for _ in range(2):
        change(run, gate(world))
    lines = [line for line in log if line["message"] == event]
    assert len(lines) == 2
    assert (lines[0]["level"], lines[0]["vendor"], lines[0].get("reason")) == (level, "fcm", reason)
    assert (lines[0]["tenant_id"], lines[0]["run_id"]) == (run.tenant_id, run.id)


def test_metrics_tell_the_vendor_and_never_whose_it_is(
    world: World, run: Run, production: None, capsys: pytest.CaptureFixture[str]
) -> None:
    ports()  # before the stage's settings are asked for
    tell(run, suspected(world))
    tell(run, suspected(world))
    change(run, refused(world, "weird.example"))
    metrics = [told for line in capsys.readouterr().out.splitlines() if "_aws" in (told := json.loads(line))]
    assert [_dimensions(told) for told in metrics] == [{}, {"vendor": "other"}]
    assert ["hosts_suspected" in metrics[0], "hosts_vapid_refused" in metrics[1]] == [True, True]
    assert run.tenant_id not in json.dumps(metrics)
    assert run.site_id not in json.dumps(metrics)


def _dimensions(told: dict[str, Any]) -> dict[str, str]:
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    return {name: told[name] for name in directive["Dimensions"][0]}
