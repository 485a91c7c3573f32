"""A message to a few people by name: what is answered, who is skipped and why, and what arrives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.core.identity import Scope
from tests.fakes.gateway import HttpAnswer
from tests.http.campaigns.desk import MESSAGE, SUBSCRIPTION, UNKNOWN_SITE, bare, open_desk, pointers
from tests.http.sending.walk import FAMILIES, Walk

UNKNOWN = "ntf_00000000000000000000000000"
TO_ADA: dict[str, Any] = {"to": {"external_ids": ["ada@shop"]}, "message": MESSAGE}


def post(walk: Walk, document: Any = None, **words: Any) -> HttpAnswer:
    path = f"/v1/sites/{walk.desk.site_id}/notifications"
    words = {"as_": walk.desk.owner, "json": document, **words}
    return walk.world.client.post(path, **words)


def show(walk: Walk, notification_id: str, **words: Any) -> HttpAnswer:
    path = f"/v1/sites/{walk.desk.site_id}/notifications/{notification_id}"
    return walk.world.client.get(path, **{"as_": walk.desk.owner, **words})


def sent(walk: Walk, **to: list[str]) -> dict[str, Any]:
    answer = post(walk, {"to": to, "message": MESSAGE})
    assert answer.status == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(walk: Walk, notification_id: str) -> dict[str, Any]:
    found: dict[str, Any] = show(walk, notification_id).json()
    assert sum(found[name] for name in FAMILIES) == found["audience"], found
    return found


def test_a_person_is_reached_on_every_browser_of_hers(walk: Walk) -> None:
    phone, laptop, others = walk.subscribe(3)
    walk.name(phone, "ada@shop")
    walk.name(laptop, "ada@shop")
    walk.name(others, "ben@shop")
    answer = sent(walk, external_ids=["ada@shop"])
    assert answer["id"].startswith("ntf_")
    assert (answer["accepted"], answer["skipped"]) == (2, [])
    before = shown(walk, answer["id"])
    assert (before["state"], before["pending"], before["mode"]) == ("sending", 2, "live")
    assert walk.service.ledger.total == 0  # answered before anything is pushed

    walk.work("send-transactional")
    assert walk.service.ledger.accepted_counts() == {phone["endpoint"]: 1, laptop["endpoint"]: 1}
    after = shown(walk, answer["id"])
    assert (after["state"], after["accepted"], after["pending"]) == ("sent", 2, 0)
    tags = {json.loads(record.plaintext or b"{}")["notification"]["tag"] for record in walk.service.ledger.received()}
    assert tags == {"run_" + answer["id"].removeprefix("ntf_")}


def test_browsers_can_be_named_themselves(walk: Walk) -> None:
    one, other = walk.subscribe(2)
    assert sent(walk, subscription_ids=[one["id"]])["accepted"] == 1
    walk.work("send-transactional")
    assert walk.service.ledger.accepted_counts() == {one["endpoint"]: 1}
    assert other["endpoint"] not in walk.service.ledger.accepted_counts()


def test_who_cannot_be_reached_is_named_with_the_reason(walk: Walk) -> None:
    here, left = walk.subscribe(2)
    walk.name(here, "ada@shop")
    walk.name(left, "ben@shop")
    assert walk.world.client.delete(_subscription(walk, left), as_=walk.desk.owner).status == 204
    people = sent(walk, external_ids=["ada@shop", "ben@shop", "nobody@shop"])
    assert people["accepted"] == 1
    assert people["skipped"] == [
        {"id": "ben@shop", "reason": "not_subscribed"},
        {"id": "nobody@shop", "reason": "not_found"},
    ]
    browsers = sent(walk, subscription_ids=[here["id"], left["id"], SUBSCRIPTION])
    assert browsers["accepted"] == 1
    assert {one["id"]: one["reason"] for one in browsers["skipped"]} == {
        left["id"]: "not_subscribed",
        SUBSCRIPTION: "not_found",
    }


def test_a_notification_to_nobody_is_answered_and_over(walk: Walk) -> None:
    answer = sent(walk, external_ids=["nobody@shop"])
    assert (answer["accepted"], answer["skipped"]) == (0, [{"id": "nobody@shop", "reason": "not_found"}])
    found = shown(walk, answer["id"])
    assert (found["state"], found["audience"]) == ("sent", 0)
    assert [row for row in walk.world.aws.rows("due") if not row["sk"].startswith("anchor#")] == []
    assert walk.world.lambdas.bodies("send-transactional") == []


def test_whoever_is_named_twice_is_told_once(walk: Walk) -> None:
    (one,) = walk.subscribe()
    walk.name(one, "ada@shop")
    assert sent(walk, external_ids=["ada@shop"] * 3)["accepted"] == 1
    walk.work("send-transactional")
    assert walk.service.ledger.total == 1


def test_a_thousand_may_be_named_and_not_one_more(walk: Walk) -> None:
    people = [f"person-{number}" for number in range(1_001)]
    assert pointers(post(walk, {"to": {"external_ids": people}, "message": MESSAGE})) == ["/to/external_ids"]
    keys = [f"sub_{number:032x}" for number in range(1_000)]
    assert len(sent(walk, subscription_ids=keys)["skipped"]) == 1_000


def test_a_browser_that_changed_hands_is_not_shown_anothers_message(walk: Walk) -> None:
    (one,) = walk.subscribe()
    walk.name(one, "ada@shop")
    answer = sent(walk, external_ids=["ada@shop"])
    walk.name(one, "ben@shop")
    walk.work("send-transactional")
    assert shown(walk, answer["id"])["reasons"] == {"skipped:identity_changed": 1}
    assert walk.service.ledger.total == 0


def test_a_message_that_waits_for_its_push_service_is_pushed_later(walk: Walk) -> None:
    (one,) = walk.subscribe()
    walk.service.set_rules([{"answer": {"status": 429, "retry_after": 120}, "times": 1}])
    answer = sent(walk, subscription_ids=[one["id"]])
    walk.work("send-transactional")
    assert shown(walk, answer["id"])["pending"] == 1
    for _ in range(4):
        walk.pass_time(minutes=1)
        walk.work("send-transactional")
    assert (shown(walk, answer["id"])["state"], shown(walk, answer["id"])["accepted"]) == ("sent", 1)


def test_repeated_with_its_key_it_is_one_notification(walk: Walk) -> None:
    (one,) = walk.subscribe()
    walk.name(one, "ada@shop")
    first, second = (post(walk, TO_ADA, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    walk.work("send-transactional")
    assert walk.service.ledger.total == 1
    other = post(walk, {**TO_ADA, "to": {"external_ids": ["ben@shop"]}}, headers={"Idempotency-Key": "once"})
    assert (other.status, other.code) == (409, "idempotency_key_reused")


def test_a_test_key_goes_through_everything_up_to_the_socket(walk: Walk) -> None:
    (one,) = walk.subscribe()
    key = walk.world.api_key(walk.desk.owner, Scope.NOTIFICATIONS_SEND, mode="test")
    answer = post(walk, {"to": {"subscription_ids": [one["id"]]}, "message": MESSAGE}, as_=key)
    walk.work("send-transactional")
    found = shown(walk, answer.json()["id"])
    assert (found["mode"], found["state"], found["accepted"]) == ("test", "sent", 1)
    assert walk.service.ledger.total == 0


@pytest.mark.parametrize(
    ("body", "blamed"),
    [
        ({}, ["/to", "/message"]),
        ({"to": {}, "message": MESSAGE}, ["/to"]),
        ({"to": {"external_ids": []}, "message": MESSAGE}, ["/to"]),
        ({"to": {"external_ids": ["a"], "subscription_ids": [SUBSCRIPTION]}, "message": MESSAGE}, ["/to"]),
        ({"to": {"external_ids": [""]}, "message": MESSAGE}, ["/to/external_ids/0"]),
        ({"to": {"external_ids": ["x" * 257]}, "message": MESSAGE}, ["/to/external_ids/0"]),
        ({"to": {"external_ids": [7]}, "message": MESSAGE}, ["/to/external_ids/0"]),
        ({"to": {"external_ids": "a"}, "message": MESSAGE}, ["/to/external_ids"]),
        ({"to": {"subscription_ids": ["sub_x"]}, "message": MESSAGE}, ["/to/subscription_ids/0"]),
        ({"to": {"all": True}, "message": MESSAGE}, ["/to/all"]),
        ({**TO_ADA, "message": {"title": "x"}}, ["/message/url"]),
        ({**TO_ADA, "message": {**MESSAGE, "url": "/neu"}}, ["/message/url"]),
        ({**TO_ADA, "message": {**MESSAGE, "ttl_seconds": 0}}, ["/message/ttl_seconds"]),
        ({**TO_ADA, "template_id": "tpl_x"}, ["/template_id"]),
        ({**TO_ADA, "mode": "live"}, ["/mode"]),
        (
            {**TO_ADA, "message": {**MESSAGE, "url": f"https://a.example/{'u' * 2_000}", "icon": f"https://a.example/{'i' * 2_000}"}},
            ["/message"],
        ),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_tells_nobody(walk: Walk, body: dict[str, Any], blamed: list[str]) -> None:
    assert pointers(post(walk, body)) == blamed
    assert walk.world.aws.rows("sends") == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "unreadable_body"),
        (b"[]", 400, "unreadable_body"),
        (b'{"to": ' * 30, 400, "unreadable_body"),
        (b'{"to":"' + b"x" * 300_000 + b'"}', 413, "too_large"),
    ],
    ids=["nothing", "a list", "deep", "large"],
)
def test_a_hostile_body_tells_nobody(walk: Walk, body: bytes, status: int, code: str) -> None:
    answer = post(walk, body=body)
    assert (answer.status, answer.code) == (status, code)
    assert walk.world.aws.rows("sends") == []


# --- who may ---


def test_nobody_without_credentials(walk: Walk) -> None:
    made = sent(walk, external_ids=["a"])
    assert post(walk, TO_ADA, as_=None).status == 401
    assert show(walk, made["id"], as_=None).status == 401


def test_a_stranger_cannot_tell_a_notification_from_none(walk: Walk) -> None:
    made = sent(walk, external_ids=["a"])
    real, none = (show(walk, one, as_=walk.world.cyd) for one in (made["id"], UNKNOWN))
    own_site = open_desk(walk.world, walk.world.cyd).site_id
    elsewhere = walk.world.client.get(f"/v1/sites/{own_site}/notifications/{made['id']}", as_=walk.world.cyd)
    assert bare(real) == bare(none) == bare(elsewhere)
    assert (real.status, real.code) == (404, "not_found")
    path = f"/v1/sites/{UNKNOWN_SITE}/notifications"
    unknown_site = walk.world.client.post(path, as_=walk.world.cyd, json=TO_ADA)
    assert bare(post(walk, TO_ADA, as_=walk.world.cyd)) == bare(unknown_site)


def test_the_operator_is_nobody_here(walk: Walk) -> None:
    made = sent(walk, external_ids=["a"])
    key = walk.world.operator_key()
    assert post(walk, TO_ADA, as_=key).status == show(walk, made["id"], as_=key).status == 404


def test_a_key_without_the_scope_is_told_which_one(walk: Walk) -> None:
    key = walk.world.api_key(walk.desk.owner, Scope.CAMPAIGNS_SEND, Scope.CAMPAIGNS_READ)
    made = sent(walk, external_ids=["a"])
    for answer in (post(walk, TO_ADA, as_=key), show(walk, made["id"], as_=key)):
        assert (answer.status, answer.code, answer.json()["scope"]) == (403, "forbidden", "notifications:send")


def test_a_notification_is_unknown_on_the_owners_other_sites(walk: Walk) -> None:
    made = sent(walk, external_ids=["a"])
    other = open_desk(walk.world, walk.desk.owner)
    assert walk.world.client.get(f"/v1/sites/{other.site_id}/notifications/{made['id']}", as_=other.owner).status == 404


def test_a_campaigns_run_is_no_notification(walk: Walk) -> None:
    campaign = walk.draft()
    run = walk.send(campaign)
    walk.work("plan")
    made = sent(walk, external_ids=["a"])
    for named in ("ntf_" + run.removeprefix("run_"), run, made["id"].replace("ntf_", "run_"), "ntf_", "ntf_ü", "x"):
        assert show(walk, named).status == 404


def test_it_is_on_the_trail(walk: Walk) -> None:
    made = sent(walk, external_ids=["a"])
    (row,) = [row for row in walk.world.aws.rows("audit") if row.get("action") == "notification.sent"]
    assert row["subject"] == made["id"]


def _subscription(walk: Walk, browser: dict[str, Any]) -> str:
    return f"/v1/sites/{walk.desk.site_id}/subscriptions/{browser['id']}"
