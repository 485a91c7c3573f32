"""Campaigns over HTTP: written, listed, changed, scheduled, sent; and what is refused, and how that is said."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.http.campaigns.desk import CAMPAIGN, HOSTILE, MESSAGE, Desk, open_desk, pointers

FULL: dict[str, Any] = {
    "title": "Grüße 👋",
    "body": "Die neue Kollektion",
    "url": "https://shop.example/neu",
    "icon": "https://shop.example/i.png",
    "image": "https://shop.example/p.png",
    "badge": "https://shop.example/b.png",
    "tag": "news",
    "lang": "de-AT",
    "actions": [{"action": "open", "title": "Öffnen", "url": "https://shop.example/o"}],
    "ttl_seconds": 60,
    "urgency": "high",
    "topic": "news",
    "require_interaction": True,
    "silent": True,
    "app_badge": 0,
    "extra": {"order": 7, "vip": True, "share": 0.5, "note": "ja"},
}


NO_ADDRESSES = [
    "",
    "/neu",
    "shop.example",
    "javascript:alert(1)",
    "ftp://a.example",
    "https://",
    "https://a b",
    "https://a.example:99999",
    "https://[",
    "data:text/html,x",
    "https://a.example/\n",
    "https://a.example/" + "x" * 2_048,
]


# --- create and show ---


def test_a_draft_comes_back_as_it_was_written(desk: Desk) -> None:
    made = desk.create(message=FULL, careful=True, throttle_per_minute=600, expires_at=desk.at(hours=1))
    assert made == desk.show(made["id"])
    assert made["message"] == FULL
    assert (made["name"], made["status"], made["careful"]) == ("Spring", "draft", True)
    assert made["throttle_per_minute"] == 600
    assert (made["site_id"], made["audience"], made["expires_at"]) == (desk.site_id, {"all": True}, desk.at(hours=1))
    assert (made["schedule"], made["run_id"], made["updated_at"]) == (None, None, None)
    assert set(made) == {
        "id", "site_id", "name", "status", "mode", "message", "audience", "schedule", "careful", "throttle_per_minute",
        "expires_at", "run_id", "created_at", "updated_at",
    }  # fmt: skip


def test_what_is_left_out_has_its_default(desk: Desk) -> None:
    message = desk.create()["message"]
    assert (message["ttl_seconds"], message["urgency"], message["actions"], message["extra"]) == (
        86_400,
        "normal",
        [],
        {},
    )
    assert (message["icon"], message["silent"], message["topic"]) == (None, False, None)


def test_a_schedule_makes_it_scheduled(desk: Desk) -> None:
    made = desk.create(schedule={"send_at": desk.at(hours=1)})
    assert (made["status"], made["schedule"]) == ("scheduled", {"send_at": desk.at(hours=1)})
    assert made["run_id"].startswith("run_")


def test_times_may_be_told_in_any_zone_and_are_kept_in_utc(desk: Desk) -> None:
    tokyo = datetime.fromisoformat(desk.at(hours=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    made = desk.create(schedule={"send_at": tokyo.isoformat()})
    assert made["schedule"] == {"send_at": desk.at(hours=1)}


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_hostile_body_creates_nothing(desk: Desk, shape: str) -> None:
    body, status, code = HOSTILE[shape]
    answer = desk.ask("POST", body=body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert desk.listed() == []


def test_only_json_is_taken(desk: Desk) -> None:
    answer = desk.ask("POST", body=b"name=x", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "Spr\ning"}, "/name"),
        ({"audience": {"all": False}}, "/audience/all"),
        ({"audience": {}}, "/audience/all"),
        ({"audience": {"all": True, "segment_id": "seg_1"}}, "/audience/segment_id"),
        ({"schedule": {"send_at": "tomorrow"}}, "/schedule/send_at"),
        ({"schedule": {"send_at": "2126-01-01T00:00:00"}}, "/schedule/send_at"),
        ({"schedule": {"send_at": 4_102_444_800}}, "/schedule/send_at"),
        ({"schedule": {"send_at": "2020-01-01T00:00:00Z"}}, "/schedule/send_at"),
        ({"schedule": {"send_at": "9999-12-31T23:59:59Z"}}, "/schedule/send_at"),
        ({"schedule": {}}, "/schedule/send_at"),
        ({"careful": "yes"}, "/careful"),
        ({"careful": 1}, "/careful"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"throttle_per_minute": 0}, "/throttle_per_minute"),
        ({"throttle_per_minute": -5}, "/throttle_per_minute"),
        ({"throttle_per_minute": 10_000_001}, "/throttle_per_minute"),
        ({"throttle_per_minute": 1.5}, "/throttle_per_minute"),
        ({"throttle_per_minute": True}, "/throttle_per_minute"),
        ({"throttle_per_minute": "600"}, "/throttle_per_minute"),
    ],
)
def test_a_field_at_fault_is_named(desk: Desk, changes: dict[str, Any], pointer: str) -> None:
    assert pointers(desk.ask("POST", json={**CAMPAIGN, **changes})) == [pointer]
    assert desk.listed() == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": ""}, "title"),
        ({"title": "\t "}, "title"),
        ({"title": "x" * 257}, "title"),
        ({"body": "x" * 2_001}, "body"),
        *(({"title": f"a{control}b"}, "title") for control in "\x00\n\x1f\x7f"),
        *(({"body": f"a{control}b"}, "body") for control in "\x00\t\r\x1b\x7f"),
        *(({"url": url}, "url") for url in NO_ADDRESSES),
        ({"icon": "icon.png"}, "icon"),
        ({"image": "//a.example/i.png"}, "image"),
        ({"badge": "about:blank"}, "badge"),
        ({"tag": ""}, "tag"),
        ({"tag": "a\x00"}, "tag"),
        ({"lang": "deutsch, bitte"}, "lang"),
        ({"ttl_seconds": 0}, "ttl_seconds"),
        ({"ttl_seconds": 2_419_201}, "ttl_seconds"),
        ({"ttl_seconds": "60"}, "ttl_seconds"),
        ({"ttl_seconds": True}, "ttl_seconds"),
        ({"urgency": "urgent"}, "urgency"),
        ({"topic": "x" * 33}, "topic"),
        ({"topic": "a b"}, "topic"),
        ({"topic": "a\nX-Evil: 1"}, "topic"),
        ({"app_badge": -1}, "app_badge"),
        ({"app_badge": 1.5}, "app_badge"),
        ({"actions": [FULL["actions"][0]] * 3}, "actions"),
        ({"actions": [{"action": "x", "title": "x"}]}, "actions/0/url"),
        ({"actions": [{"action": "x", "title": "", "url": "https://a.example"}]}, "actions/0/title"),
        ({"actions": [{"action": "x", "title": "\x07", "url": "https://a.example"}]}, "actions/0/title"),
        ({"extra": {"a": None}}, "extra/a"),
        ({"extra": {"a": {"b": 1}}}, "extra/a"),
        ({"extra": {"a": "x" * 513}}, "extra/a"),
        ({"extra": dict.fromkeys((f"k{number}" for number in range(17)), 1)}, "extra"),
        ({"dir": "rtl"}, "dir"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_message_no_browser_would_take_is_refused(desk: Desk, changes: dict[str, Any], pointer: str) -> None:
    found = pointers(desk.ask("POST", json={**CAMPAIGN, "message": {**MESSAGE, **changes}}))
    assert set(found) == {f"/message/{pointer}"}


def test_a_message_that_no_push_could_carry_is_refused(desk: Desk) -> None:
    message = {**MESSAGE, "url": "https://shop.example/" + "u" * 2_000, "icon": "https://shop.example/" + "i" * 2_000}
    answer = desk.ask("POST", json={**CAMPAIGN, "message": message})
    assert pointers(answer) == ["/message"]


def test_a_body_that_can_be_cut_is_taken(desk: Desk) -> None:
    assert desk.create(message={**MESSAGE, "body": "日" * 2_000})["status"] == "draft"


def test_an_idempotency_key_makes_one_campaign(desk: Desk) -> None:
    headers = {"Idempotency-Key": "once"}
    first, second = (desk.ask("POST", json=CAMPAIGN, headers=headers) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    other = desk.ask("POST", json={**CAMPAIGN, "name": "Other"}, headers=headers)
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert len(desk.listed()) == 1


# --- list ---


def test_lists_are_newest_first_and_turn_pages(desk: Desk) -> None:
    made: list[dict[str, Any]] = []
    for _ in range(3):
        desk.world.clock.advance(seconds=1)
        made.insert(0, desk.create())
    first = desk.ask("GET", query={"limit": 2}).json()
    second = desk.ask("GET", query={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert first["data"] + second["data"] == made
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "AAAA"}, {"limits": 1}])
def test_a_list_is_asked_for_in_its_own_words(desk: Desk, query: dict[str, Any]) -> None:
    assert desk.ask("GET", query=query).status == 422


def test_a_cursor_belongs_to_its_list(desk: Desk) -> None:
    for _ in range(2):
        desk.create()
    cursor = desk.ask("GET", query={"limit": 1}).json()["next_cursor"]
    elsewhere = open_desk(desk.world, desk.owner).ask("GET", query={"cursor": cursor})
    assert (elsewhere.status, elsewhere.code) == (422, "bad_cursor")


# --- change ---


def test_a_change_names_what_changes_and_leaves_the_rest(desk: Desk) -> None:
    made = desk.create(expires_at=desk.at(hours=1), careful=True)
    desk.world.clock.advance(minutes=1)
    changed = desk.ask("PATCH", f"/{made['id']}", json={"name": "Autumn"}).json()
    assert changed == {**made, "name": "Autumn", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] != made["updated_at"]
    assert desk.show(made["id"]) == changed


def test_everything_one_wrote_can_be_changed(desk: Desk) -> None:
    made = desk.create()
    wanted = {
        "name": "Autumn",
        "message": FULL,
        "audience": {"all": True},
        "careful": True,
        "throttle_per_minute": 60,
        "expires_at": desk.at(hours=1),
    }
    changed = desk.ask("PATCH", f"/{made['id']}", json=wanted).json()
    assert {name: changed[name] for name in wanted} == wanted


def test_null_takes_an_expiry_and_a_throttle_back_and_nothing_else(desk: Desk) -> None:
    made = desk.create(expires_at=desk.at(hours=1), throttle_per_minute=60)
    for name in ("expires_at", "throttle_per_minute"):
        assert desk.ask("PATCH", f"/{made['id']}", json={name: None}).json()[name] is None
    for name in ("name", "message", "audience", "careful"):
        assert pointers(desk.ask("PATCH", f"/{made['id']}", json={name: None})) == [f"/{name}"]


@pytest.mark.parametrize(
    "field", ["id", "site_id", "status", "run_id", "mode", "schedule", "send_at", "tenant_id", "rev", "created_at"]
)
def test_what_is_not_ones_own_to_set_cannot_be_changed(desk: Desk, field: str) -> None:
    made = desk.create()
    assert pointers(desk.ask("PATCH", f"/{made['id']}", json={field: "x"})) == [f"/{field}"]
    assert desk.show(made["id"]) == made


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_hostile_body_changes_nothing(desk: Desk, shape: str) -> None:
    made = desk.create()
    body, status, code = HOSTILE[shape]
    answer = desk.ask("PATCH", f"/{made['id']}", body=body)
    assert (answer.status, answer.code) == (status, code)
    assert desk.show(made["id"]) == made


def test_an_expiry_before_the_sending_is_refused(desk: Desk) -> None:
    made = desk.create(schedule={"send_at": desk.at(hours=1)})
    answer = desk.ask("PATCH", f"/{made['id']}", json={"expires_at": desk.at(hours=1)})
    assert pointers(answer) == ["/expires_at"]


# --- remove ---


def test_a_draft_can_be_removed_once(desk: Desk) -> None:
    made = desk.create()
    answer = desk.ask("DELETE", f"/{made['id']}")
    assert (answer.status, answer.text) == (204, "")
    assert desk.ask("DELETE", f"/{made['id']}").status == 404


def test_a_scheduled_one_cannot_before_it_is_unscheduled(desk: Desk) -> None:
    made = desk.create(schedule={"send_at": desk.at(hours=1)})
    refused = desk.ask("DELETE", f"/{made['id']}")
    assert (refused.status, refused.code, refused.json()["campaign_status"]) == (
        409,
        "wrong_campaign_state",
        "scheduled",
    )
    desk.ask("POST", f"/{made['id']}/unschedule")
    assert desk.ask("DELETE", f"/{made['id']}").status == 204


# --- schedule, unschedule, send ---


def test_a_schedule_can_be_set_moved_and_taken_back(desk: Desk) -> None:
    made = desk.create()
    for at in (desk.at(hours=1), desk.at(hours=2)):
        scheduled = desk.ask("POST", f"/{made['id']}/schedule", json={"schedule": {"send_at": at}})
        assert (scheduled.status, scheduled.json()["status"]) == (200, "scheduled")
        assert scheduled.json()["schedule"] == {"send_at": at}
    draft = desk.ask("POST", f"/{made['id']}/unschedule").json()
    assert (draft["status"], draft["schedule"], draft["run_id"]) == ("draft", None, None)
    again = desk.ask("POST", f"/{made['id']}/unschedule")
    assert (again.status, again.code) == (409, "wrong_campaign_state")


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_hostile_body_schedules_nothing(desk: Desk, shape: str) -> None:
    made = desk.create()
    body, status, code = HOSTILE[shape]
    answer = desk.ask("POST", f"/{made['id']}/schedule", body=body)
    assert (answer.status, answer.code) == (status, code)
    assert desk.status(made["id"]) == "draft"


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00Z", "2126-01-01T00:00:00Z", "now", None])
def test_an_instant_in_the_past_or_too_far_ahead_is_refused(desk: Desk, at: str | None) -> None:
    made = desk.create()
    answer = desk.ask("POST", f"/{made['id']}/schedule", json={"schedule": {"send_at": at}})
    assert pointers(answer) == ["/schedule/send_at"]
    assert desk.status(made["id"]) == "draft"


def test_send_answers_with_its_run_and_a_second_one_with_a_conflict(desk: Desk) -> None:
    made = desk.create()
    sent = desk.ask("POST", f"/{made['id']}/send")
    assert (sent.status, set(sent.json())) == (202, {"run"})
    assert desk.show(made["id"])["run_id"] == sent.json()["run"]
    assert (desk.status(made["id"]), desk.show(made["id"])["schedule"]) == ("sending", None)
    second = desk.ask("POST", f"/{made['id']}/send")
    assert (second.status, second.code, second.json()["campaign_status"]) == (409, "wrong_campaign_state", "sending")
    assert desk.show(made["id"])["run_id"] == sent.json()["run"]


def test_a_send_that_is_repeated_with_its_key_is_answered_again(desk: Desk) -> None:
    made = desk.create()
    headers = {"Idempotency-Key": "once"}
    first, second = (desk.ask("POST", f"/{made['id']}/send", headers=headers) for _ in range(2))
    assert (first.status, second.status) == (202, 202)
    assert first.json() == second.json()
    assert len(desk.world.lambdas.bodies("plan")) == 1


def test_an_expired_campaign_is_a_conflict_that_says_so(desk: Desk) -> None:
    made = desk.create(expires_at=desk.at(minutes=5))
    desk.world.clock.advance(minutes=5)
    answer = desk.ask("POST", f"/{made['id']}/send")
    assert (answer.status, answer.code) == (409, "campaign_expired")
    assert desk.status(made["id"]) == "draft"


def test_every_mutation_is_on_the_trail(desk: Desk) -> None:
    made = desk.create()
    path = f"/{made['id']}"
    desk.ask("PATCH", path, json={"name": "Autumn"})
    desk.ask("POST", f"{path}/schedule", json={"schedule": {"send_at": desk.at(hours=1)}})
    desk.ask("POST", f"{path}/unschedule")
    desk.ask("POST", f"{path}/send")
    desk.ask("DELETE", f"/{desk.create()['id']}")
    rows = [row for row in desk.world.aws.rows("audit") if str(row.get("action", "")).startswith("campaign.")]
    actions = [row["action"] for row in sorted(rows, key=lambda row: (row["pk"], row["sk"]))]
    assert actions == [
        "campaign.created", "campaign.changed", "campaign.scheduled", "campaign.unscheduled", "campaign.sent",
        "campaign.created", "campaign.removed",
    ]  # fmt: skip
