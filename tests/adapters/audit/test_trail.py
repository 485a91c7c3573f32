"""The trail over HTTP and on its tables: read, proven, anchored, exported; and what is done to it behind our back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.aws.values import Row
from chalicelib.core.clock import from_milliseconds
from chalicelib.core.errors import Unavailable
from chalicelib.core.identity import Scope
from chalicelib.features.audit.wiring import audit, exporting
from chalicelib.features.due.wiring import due
from tests.adapters.aws.faults import Faults
from tests.world import World

DOCS = Path(__file__).parents[3] / "docs" / "audit.md"


def site(world: World, number: int) -> None:
    body = {"name": f"Shop {number}", "url": f"https://shop{number}.example"}
    assert world.client.post("/v1/sites", as_=world.ada, json=body).status == 201


@pytest.fixture
def written(world: World) -> World:
    """Entries in two months: the second is one that the clock has not come to."""
    for number in range(3):
        site(world, number)
    later = world.clock.now() + timedelta(days=40)
    for number in range(3):
        append(world, number, days=40)
    assert later > world.clock.now()
    return world


def append(world: World, number: int, *, days: int = 0) -> None:
    audit().append(
        tenant_id=world.ada.tenant_id,
        actor=world.ada.user_id,
        action="member.role_changed",
        subject=f"usr_{number}",
        request_id=f"req_{number}",
        at=world.clock.now() + timedelta(days=days),
        facts={"role": "editor"},
    )


def rows(world: World) -> list[Row]:
    mine = f"A#{world.ada.tenant_id}#"
    found = [row for row in world.aws.rows("audit") if row["pk"].startswith(mine)]
    return sorted(found, key=lambda row: (row["pk"], row["sk"]))


def proof(world: World, *, key: str | None = None) -> Any:
    answer = world.client.get("/v1/audit-log/verify", as_=key or world.ada)
    assert answer.status == 200, answer.text
    return answer.json()


def put_back(row: Row, **changes: Any) -> None:
    Table("audit").put(row | changes)


def take_away(row: Row) -> None:
    Table("audit").delete(row["pk"], row["sk"])


def anchored(world: World) -> None:
    """As the calendar has it: the day is over, a tick wakes the queue, and the queue's worker anchors."""
    (entry,) = [row for row in world.aws.rows("due") if world.ada.tenant_id in row["sk"]]
    at = from_milliseconds(int(entry["sk"].rsplit("#", 1)[1]))
    world.clock.advance(seconds=(at - world.clock.now()).total_seconds())
    due().tick(now=world.clock.now(), has_time=lambda: True)
    world.lambdas.work("audit")


def test_a_sound_log_is_intact(written: World) -> None:
    found, last = proof(written), rows(written)[-1]
    assert (found["intact"], found["checked"], found["first_broken"]) == (True, len(rows(written)), None)
    assert found["head"] == {"month": last["pk"][-6:], "sequence": int(last["sk"]), "hash": last["hash"]}
    assert (found["anchor"], found["next_cursor"], found["has_more"]) == (None, None, False)


def test_facts_are_sealed_in_and_told(world: World) -> None:
    changed = world.client.patch(f"/v1/members/{world.ben.user_id}", as_=world.ada, json={"role": "analyst"})
    assert changed.status == 200
    (newest, *_) = world.client.get("/v1/audit-log", as_=world.ada).json()["data"]
    assert (newest["action"], newest["facts"]) == ("member.role_changed", {"role": "analyst"})
    assert newest["subject"] == world.ben.user_id
    assert rows(world)[-1]["v"] == 2
    assert {row["v"] for row in rows(world)[:-1]} == {1}


def _swap(one: Row, other: Row) -> None:
    put_back(one, **{name: other[name] for name in other.keys() - {"pk", "sk"}})
    put_back(other, **{name: one[name] for name in one.keys() - {"pk", "sk"}})


Harm = Callable[[list[Row]], None]
HARMS: dict[str, tuple[Harm, int]] = {
    "altered": (lambda found: put_back(found[2], subject="site_x"), 2),
    "a fact altered": (lambda found: put_back(found[-1], facts={"role": "owner"}), -1),
    "said to be older": (lambda found: put_back(found[-1], v=1), -1),
    "said to be newer": (lambda found: put_back(found[1], v=9), 1),
    "no time": (lambda found: put_back(found[1], at="yesterday"), 1),
    "deleted": (lambda found: take_away(found[1]), 2),
    "swapped": (lambda found: _swap(found[1], found[2]), 1),
    "inserted": (lambda found: put_back(found[-1], sk="000000000009"), -1),
}


@pytest.mark.parametrize("name", HARMS)
def test_the_verifier_names_the_row(written: World, name: str) -> None:
    harm, position = HARMS[name]
    before = rows(written)
    harm(before)
    found = proof(written)
    broken = before[position] if name != "inserted" else before[-1] | {"sk": "000000000009"}
    assert found["intact"] is False
    assert (found["first_broken"]["month"], found["first_broken"]["sequence"]) == (broken["pk"][-6:], int(broken["sk"]))


def test_a_row_that_is_no_entry_is_named(written: World) -> None:
    put_back(rows(written)[-1], sk="zzz")
    assert proof(written)["first_broken"]["reason"] == "something stands there that is no entry"
    append(written, 9, days=41)  # and it is in nobody's way
    listed = written.client.get("/v1/audit-log", as_=written.ada).json()["data"]
    assert len(listed) == len(rows(written)) - 1


def test_a_row_of_another_tenant_is_named(written: World) -> None:
    first = next(row for row in written.aws.rows("audit") if row["pk"].startswith(f"A#{written.cyd.tenant_id}#"))
    own = rows(written)[0]
    put_back(first, pk=own["pk"], sk=own["sk"])
    assert proof(written)["first_broken"] == {"month": own["pk"][-6:], "sequence": 1, "reason": "it was altered"}


def test_a_days_head_is_anchored_and_what_is_cut_off_is_missed(world: World) -> None:
    key = world.api_key(world.ada, Scope.AUDIT_READ)
    for number in range(3):
        append(world, number)
    anchored(world)
    last = rows(world)[-1]
    assert proof(world, key=key)["anchor"] == proof(world, key=key)["head"]
    assert [row for row in world.aws.rows("due") if world.ada.tenant_id in row["sk"]] == []
    take_away(last)
    found = proof(world, key=key)["first_broken"]
    assert (found["sequence"], found["reason"]) == (int(last["sk"]), "it is missing")


def test_a_log_that_is_gone_is_missed(world: World) -> None:
    key = world.api_key(world.ada, Scope.AUDIT_READ)
    anchored(world)
    for row in world.aws.rows("audit"):
        take_away(row)
    assert proof(world, key=key)["first_broken"]["sequence"] == 1


def test_anchors_are_put_once_a_day_and_any_number_of_times(world: World) -> None:
    append(world, 1)
    (message,) = [row for row in world.aws.rows("due") if world.ada.tenant_id in row["sk"]]
    anchored(world)
    before = world.aws.blobs("audit/anchors/")
    assert len([key for key in before if world.ada.tenant_id in key]) == 1
    at = int(message["sk"].rsplit("#", 1)[1])
    body = {"kind": "anchor", "tenant": world.ada.tenant_id, "id": "trail", "at": at, "minute": at // 60_000, "v": 1}
    world.lambdas.deliver("audit", json.dumps(body))
    assert world.aws.blobs("audit/anchors/") == before


def test_many_at_once_leave_a_chain_that_holds(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append(world, number), range(32)))
    world.lambdas.work("audit")
    found = proof(world)
    assert (found["intact"], found["checked"]) == (True, len(rows(world)))
    assert len([row for row in rows(world) if row.get("facts")]) == 32


def test_the_log_is_listed_page_by_page(written: World) -> None:
    told: list[tuple[str, int]] = []
    cursor: dict[str, str] = {}
    while True:
        page = written.client.get("/v1/audit-log", as_=written.ada, query={"limit": "2"} | cursor).json()
        told += [(entry["month"], entry["sequence"]) for entry in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert told == [(row["pk"][-6:], int(row["sk"])) for row in reversed(rows(written))]


def test_the_log_is_narrowed_by_action_and_time(written: World) -> None:
    ask = {"action": "site.created"}
    assert len(written.client.get("/v1/audit-log", as_=written.ada, query=ask).json()["data"]) == 3
    later = (written.clock.now() + timedelta(days=1)).isoformat()
    since = written.client.get("/v1/audit-log", as_=written.ada, query={"from": later}).json()["data"]
    until = written.client.get("/v1/audit-log", as_=written.ada, query={"to": later}).json()["data"]
    assert len(since) + len(until) == len(rows(written))
    assert {entry["action"] for entry in since} == {"member.role_changed"} or since[-1]["action"] == "month.closed"
    assert written.client.get("/v1/audit-log", as_=written.ada, query={"from": "x"}).status == 422


# --- Exports ---


def export(world: World) -> str:
    made = world.client.post("/v1/audit-log/export", as_=world.ada)
    assert (made.status, made.json()["status"]) == (202, "waiting")
    return str(made.json()["id"])


def shown(world: World, export_id: str) -> Any:
    return world.client.get(f"/v1/exports/{export_id}", as_=world.ada).json()


def file_of(world: World, export_id: str) -> bytes:
    return world.aws.blobs("exports/")[f"exports/{world.ada.tenant_id}/{export_id}.jsonl"]


def script() -> str:
    found = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def checked_by_a_stranger(raw: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "log.jsonl").write_bytes(raw)
    (folder / "verify.py").write_text(script(), encoding="utf-8")
    command = [sys.executable, "verify.py", "log.jsonl"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_stranger_verifies_the_file_offline(written: World, tmp_path: Path) -> None:
    export_id = export(written)
    written.lambdas.work("audit")
    told = shown(written, export_id)
    assert (told["status"], told["written"]) == ("ready", len(rows(written)))
    assert told["download_url"].startswith("https://")
    good = checked_by_a_stranger(file_of(written, export_id), tmp_path)
    assert (good.returncode, good.stdout.split(",")[0]) == (0, f"{len(rows(written))} entries")
    lines = file_of(written, export_id).splitlines(keepends=True)
    for broken in (lines[:2] + lines[3:], [*lines[:2], lines[2].replace(b"site.created", b"site.changed"), *lines[3:]]):
        assert checked_by_a_stranger(b"".join(broken), tmp_path).returncode == 1


def test_whoever_takes_the_log_away_is_in_it(world: World) -> None:
    export_id = export(world)
    (newest, *_) = world.client.get("/v1/audit-log", as_=world.ada).json()["data"]
    assert (newest["action"], newest["subject"]) == ("audit_log.exported", export_id)


def test_an_export_is_nobody_elses(world: World) -> None:
    export_id = export(world)
    world.lambdas.work("audit")
    assert world.client.get(f"/v1/exports/{export_id}", as_=world.cyd).status == 404
    assert world.client.get("/v1/exports/exp_x", as_=world.ada).status == 404


@pytest.mark.parametrize("call", ["s3.UploadPart", "s3.CompleteMultipartUpload", "s3.CreateMultipartUpload"])
def test_an_export_that_was_killed_half_way_is_finished_by_another(written: World, tmp_path: Path, call: str) -> None:
    export_id = export(written)
    (body,) = written.lambdas.bodies("audit")
    with Faults() as faults:
        faults.silence(call, times=4)
        with pytest.raises(Unavailable):
            written.lambdas.deliver("audit", body)
    written.lambdas.deliver("audit", body, attempt=2)
    assert shown(written, export_id)["status"] == "ready"
    assert checked_by_a_stranger(file_of(written, export_id), tmp_path).returncode == 0


def test_an_export_whose_time_is_up_goes_on_later(written: World) -> None:
    export_id = export(written)
    words = {"tenant_id": written.ada.tenant_id, "export_id": export_id}
    exporting().go_on(**words, has_time=lambda: False)
    assert shown(written, export_id) | {"created_at": ""} == {
        "id": export_id, "status": "waiting", "written": 0, "created_at": "", "download_url": None,
    }  # fmt: skip
    assert written.lambdas.work("audit") == 2
    assert shown(written, export_id)["status"] == "ready"


def test_an_export_that_nobody_knows_is_left(world: World) -> None:
    exporting().go_on(tenant_id=world.ada.tenant_id, export_id="exp_x", has_time=lambda: True)
    assert world.lambdas.waiting("audit") == 0
