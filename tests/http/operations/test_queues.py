"""Queues over HTTP: what waits, what failed, and putting it back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.aws.letters import Letter, post
from chalicelib.features.operations.service import MOST_REDRIVEN
from chalicelib.features.operations.wiring import operations
from tests.adapters.aws.logged import logged_from_now
from tests.http.operations.house import House


def test_all_queues_are_listed_with_what_waits_in_them(house: House) -> None:
    house.put("send", 3)
    house.put("send-small", 2, delay_seconds=300)
    house.put("send-dlq", 1)
    answer = house.ask("GET", "/v1/ops/queues")
    assert (answer["next_cursor"], answer["has_more"]) == (None, False)
    found = {queue["name"]: queue for queue in answer["data"]}
    assert set(found) == {
        *("plan", "send", "send-small", "send-transactional", "sweep", "mail", "audit", "privacy", "events")
    }
    oldest_at = found["send"].pop("oldest_dead_letter_at")
    assert oldest_at.endswith("Z")
    assert found["send"] == {"name": "send", "depth": 3, "in_flight": 0, "delayed": 0, "dead_letters": 1}
    assert found["send-small"]["delayed"] == 2
    assert found["mail"]["oldest_dead_letter_at"] is None


def test_a_dry_run_shows_and_moves_nothing(house: House) -> None:
    house.put("send-dlq", 12)
    done = house.ask("POST", "/v1/ops/queues/send/redrive", json={"dry_run": True})
    assert (done["name"], done["dry_run"], done["moved"], done["left"]) == ("send", True, 0, 12)
    assert len(done["sample"]) == 10
    assert set(done["sample"][0]) == {"id", "sent_at", "receives", "group"}
    assert len(house.world.lambdas.bodies("send-dlq")) == 12
    assert house.world.lambdas.bodies("send") == []


def test_no_body_is_ever_shown(house: House) -> None:
    """A letter has an address, and a link that opens an account."""
    post(Letter(to="canary@example.com", subject="canary", text="canary-token"))
    (body,) = house.world.lambdas.bodies("mail")
    house.world.aws.purge("mail")
    house.world.lambdas._sqs.send_message(QueueUrl=house.world.lambdas._url("mail-dlq"), MessageBody=body)
    answer = house.try_("POST", "/v1/ops/queues/mail/redrive", json={"dry_run": True})
    assert answer.json()["left"] == 1
    assert "canary" not in answer.text
    assert "canary" not in house.try_("GET", "/v1/ops/queues").text


def test_dead_letters_go_back_and_are_worked_off(house: House) -> None:
    house.put("send-dlq", 12)
    done = house.ask("POST", "/v1/ops/queues/send/redrive", json={})
    assert done == {"name": "send", "dry_run": False, "moved": 12, "left": 0, "sample": []}
    numbers = sorted(json.loads(body)["n"] for body in house.world.lambdas.bodies("send"))
    assert numbers == list(range(12))
    assert house.world.lambdas.work("send") == 12
    assert house.ask("POST", "/v1/ops/queues/send/redrive", json={})["moved"] == 0


def test_two_who_redrive_at_once_lose_nothing_and_move_nothing_twice(house: House) -> None:
    house.put("send-dlq", 60)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(operations().redrive, name="send") for _ in range(2)]
        done = [call.result() for call in calls]
    assert sum(each.moved for each in done) == 60
    numbers = sorted(json.loads(body)["n"] for body in house.world.lambdas.bodies("send"))
    assert numbers == list(range(60))
    assert house.world.lambdas.bodies("send-dlq") == []


def test_of_a_giant_one_a_call_moves_so_many_and_says_what_is_left(house: House) -> None:
    house.put("send-dlq", MOST_REDRIVEN + 20)
    done = house.ask("POST", "/v1/ops/queues/send/redrive", json={})
    assert (done["moved"], done["left"]) == (MOST_REDRIVEN, 20)
    again = house.ask("POST", "/v1/ops/queues/send/redrive", json={})
    assert (again["moved"], again["left"]) == (20, 0)
    assert len(house.world.lambdas.bodies("send")) == MOST_REDRIVEN + 20


def test_one_queue_is_not_another(house: House) -> None:
    house.put("send-dlq", 1)
    assert house.ask("POST", "/v1/ops/queues/send-small/redrive", json={})["moved"] == 0
    assert len(house.world.lambdas.bodies("send-dlq")) == 1


@pytest.mark.parametrize("name", ["nope", "send-dlq", "SEND", "%2e%2e", "pushsaas-test-send", "ü"])
def test_a_queue_that_is_not_ours_is_not_found(house: House, name: str) -> None:
    answer = house.try_("POST", f"/v1/ops/queues/{name}/redrive", json={})
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("said", ["yes", 1, None])
def test_dry_run_is_said_by_true_or_false(house: House, said: object) -> None:
    house.put("send-dlq", 1)
    assert house.try_("POST", "/v1/ops/queues/send/redrive", json={"dry_run": said}).status == 422
    assert house.world.lambdas.bodies("send") == []


def test_the_record_tells_a_rehearsal_from_the_act(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    log = logged_from_now(monkeypatch)
    for dry_run in (True, False):
        house.ask("POST", "/v1/ops/queues/send/redrive", json={"dry_run": dry_run})
    house.ask("GET", "/v1/ops/queues")
    assert [line.get("dry_run") for line in log if line["message"] == "operator_asked"] == [True, False, None]


def test_the_record_tells_what_came_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.put("send-dlq", 12)
    log = logged_from_now(monkeypatch)
    for dry_run in (True, False):
        house.ask("POST", "/v1/ops/queues/send/redrive", json={"dry_run": dry_run})
    asked = [line["request_id"] for line in log if line["message"] == "operator_asked"]
    told = [line for line in log if line["message"] == "dead_letters_moved"]
    assert [(line["queue"], line["dry_run"], line["count"]) for line in told] == [
        ("send", True, 0),
        ("send", False, 12),
    ]
    assert [line["request_id"] for line in told] == asked
    assert all(line["actor"] for line in told)
