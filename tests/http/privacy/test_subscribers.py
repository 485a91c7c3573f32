"""One subscriber: told in full, erased without a trace, and whoever looks is written down."""

from __future__ import annotations

from typing import Any

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.aws import bulk
from chalicelib.aws.dynamo import Table
from chalicelib.core.identity import Scope
from chalicelib.features.subscriptions.model import LONGEST_TEXT
from tests.fakes.expressions import TooLong
from tests.fakes.gateway import HttpAnswer
from tests.http.privacy.canary import Canary
from tests.journeys.shop import MESSAGE, Shop


@pytest.fixture
def canary(shop: Shop) -> Canary:
    return Canary.of(shop)


def _job(shop: Shop, kind: str, **somebody: str) -> str:
    return str(shop.ask("POST", f"/v1/privacy/{kind}", json=somebody, expect=202)["id"])


def _erase(shop: Shop, **somebody: str) -> dict[str, Any]:
    job_id = _job(shop, "erase", **somebody)
    shop.settle()
    shop.world.clock.advance(seconds=10)
    shop.settle()
    shop.world.clock.advance(seconds=10)
    shop.settle()
    job: dict[str, Any] = shop.ask("GET", f"/v1/privacy/jobs/{job_id}")
    return job


def test_an_export_tells_all_there_is_but_what_opens_the_way_to_the_browser(shop: Shop, canary: Canary) -> None:
    told = shop.ask("GET", f"/v1/privacy/jobs/{_job(shop, 'export', external_id=canary.external_id)}")
    assert (told["status"], told["kind"]) == ("done", "subscriber_export")
    assert {each["id"] for each in told["subscriptions"]} == set(canary.subscription_ids)
    (alive,) = [each for each in told["subscriptions"] if each["status"] == "active"]
    assert alive["attributes"] == {"nickname": canary.word("nickname")}
    assert alive["tags"] == [canary.word("tag")]
    assert alive["consent"]["text"] == canary.word("consent")
    assert canary.endpoint not in str(told)
    assert canary.auth not in str(told)


def test_an_export_by_subscription_or_address_tells_of_those(shop: Shop, canary: Canary) -> None:
    for subscription_id in canary.subscription_ids:
        told = shop.ask("GET", f"/v1/privacy/jobs/{_job(shop, 'export', subscription_id=subscription_id)}")
        assert [each["id"] for each in told["subscriptions"]] == [subscription_id]
    told = shop.ask("GET", f"/v1/privacy/jobs/{_job(shop, 'export', email=canary.email.upper())}")
    assert [each["email"] for each in told["invitations"]] == [canary.email]


def test_an_erasure_leaves_no_row_blob_or_message_that_knows_them(shop: Shop, canary: Canary) -> None:
    assert canary.found(shop) != []
    _job(shop, "export", external_id=canary.external_id)
    by_id = _erase(shop, external_id=canary.external_id)
    by_mail = _erase(shop, email=canary.email)
    assert (by_id["status"], by_mail["status"]) == ("done", "done")
    assert by_id["removed"] >= 2 + 1 + 1  # browsers, an answer kept for a replay, an export
    assert by_mail["removed"] >= 1
    assert canary.found(shop) == []


def test_an_erasure_by_subscription_leaves_their_other_browsers(shop: Shop, canary: Canary) -> None:
    gone, stays = canary.subscription_ids
    assert _erase(shop, subscription_id=gone)["removed"] >= 1
    shop.ask("GET", f"{shop.audience}/{gone}", expect=404)
    assert shop.ask("GET", f"{shop.audience}/{stays}")["id"] == stays


def test_erasing_again_finds_nothing_and_is_done(shop: Shop, canary: Canary) -> None:
    _erase(shop, external_id=canary.external_id)
    again = _erase(shop, external_id=canary.external_id)
    assert (again["status"], again["removed"]) == ("done", 0)


def test_somebody_else_with_the_same_id_at_another_tenant_stays(shop: Shop, canary: Canary) -> None:
    other = Shop(shop.world, shop.push_service, shop.world.cyd).open()
    theirs = Canary.of(other)
    assert theirs.external_id == canary.external_id
    before = other.ask("GET", other.audience)["data"]
    _erase(shop, external_id=canary.external_id)
    assert other.ask("GET", other.audience)["data"] == before
    replayed = other.world.client.post(
        other.notifications, as_=other.bearer, json=theirs.notification, headers={"Idempotency-Key": "canary"}
    )
    assert replayed.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("erased", ["1", "somebody"])
def test_a_request_repeated_after_an_erasure_is_not_obeyed_again(shop: Shop, erased: str) -> None:
    """Neither where the id is a piece of every date, nor where the answer has named them."""
    subscription_id = shop.subscribe()["subscription_id"]
    shop.ask("PATCH", f"{shop.audience}/{subscription_id}", json={"external_id": "somebody-else"})
    words = {"json": {"to": {"external_ids": ["somebody-else", "somebody"]}, "message": MESSAGE}}
    words |= {"headers": {"Idempotency-Key": "order-1"}}
    first = shop.ask("POST", shop.notifications, expect=202, **words)
    assert _erase(shop, external_id=erased)["status"] == "done"
    again = shop.ask("POST", shop.notifications, expect=202, **words)
    named = "somebody" if erased == "1" else "erased"
    assert again == first | {"skipped": [{"id": named, "reason": "not_found"}]}
    shop.settle()
    assert len(list(shop.received())) == 1


def test_who_was_invited_and_erased_is_not_written_to_again(shop: Shop) -> None:
    words = {"json": {"email": "Eve@example.com", "role": "editor"}, "headers": {"Idempotency-Key": "eve"}}
    assert shop.world.client.post("/v1/invitations", as_=shop.owner, **words).status == 201
    _erase(shop, email="eve@example.com")
    again = shop.world.client.post("/v1/invitations", as_=shop.owner, **words)
    assert (again.status, again.json()["email"]) == (201, "erased")
    shop.settle()
    assert [mail.to.lower() for mail in shop.world.aws.outbox()].count("eve@example.com") == 1


def _crowd(shop: Shop, number: int, external_id: str) -> None:
    """So many browsers of one, as a kiosk has them."""
    made = shop.subscribe()["subscription_id"]
    shop.ask("PATCH", f"{shop.audience}/{made}", json={"external_id": external_id})
    (row,) = [row for row in shop.world.aws.rows("subs") if row["sk"] == made.removeprefix("sub_")]
    for each in range(number - 1):
        key = f"{each % 16:x}{each:031x}"
        Table("subs").put(row | {"pk": f"{row['pk'][:-1]}{key[0]}", "sk": key})


def test_a_person_of_many_browsers_is_told_and_erased_in_full(shop: Shop) -> None:
    _crowd(shop, 130, "kiosk")
    other = Shop(shop.world, shop.push_service, shop.owner).open()
    _crowd(other, 110, "kiosk")
    told = shop.ask("GET", f"/v1/privacy/jobs/{_job(shop, 'export', external_id='kiosk')}")
    assert len(told["subscriptions"]) == 240
    listed = shop.ask("GET", f"{shop.audience}?external_id=kiosk&limit=100")
    again = shop.ask("GET", f"{shop.audience}?external_id=kiosk&limit=100&cursor={listed['next_cursor']}")
    assert (len(listed["data"]), len(again["data"]), again["has_more"]) == (100, 30, False)
    assert _erase(shop, external_id="kiosk")["removed"] >= 240
    assert shop.world.aws.rows("subs") == []


def test_an_expression_that_dynamodb_would_not_take_is_noticed(shop: Shop) -> None:
    wanted = Path("body").contains("x")
    for number in range(250):
        wanted |= Path("body").contains(f"sub_{number}")
    with pytest.raises(TooLong):
        bulk.scan(Table("idem"), wanted, after=None)


def test_another_tenants_job_is_no_job(shop: Shop, canary: Canary) -> None:
    job_id = _job(shop, "export", external_id=canary.external_id)
    for path in (f"/v1/privacy/jobs/{job_id}", f"/v1/jobs/{job_id}"):
        assert shop.world.client.get(path, as_=shop.world.cyd).status == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"external_id": ""}, {"external_id": "a", "email": "b@example.com"}, {"subscription_id": "sub_1"}, {"x": 1}],
)
def test_nobody_or_two_at_once_is_invalid(shop: Shop, body: dict[str, str]) -> None:
    for kind in ("export", "erase"):
        shop.ask("POST", f"/v1/privacy/{kind}", json=body, expect=422)


def test_somebody_unknown_is_erased_honestly(shop: Shop) -> None:
    """Whether there is anybody is what the job finds out."""
    for about in ({"external_id": "nobody"}, {"subscription_id": f"sub_{'0' * 32}"}, {"email": "nobody@example.com"}):
        job = _erase(shop, **about)
        assert (job["kind"], job["status"], job["removed"]) == ("subscriber_erasure", "done", 0)


@pytest.mark.parametrize(
    ("external_id", "status"), [("e" * LONGEST_TEXT, 202), ("e" * (LONGEST_TEXT + 1), 422), ("e" * 300_000, 413)]
)
def test_an_id_is_as_long_as_any_that_is_kept(shop: Shop, external_id: str, status: int) -> None:
    for kind in ("export", "erase"):
        shop.ask("POST", f"/v1/privacy/{kind}", json={"external_id": external_id}, expect=status)
    shop.settle()


@pytest.mark.parametrize("external_id", ["a#b", "S#ten#site", '"', "\\", "Ünïcode 👋", "$&%{}", "x" * LONGEST_TEXT])
def test_an_id_of_any_spelling_is_found_and_gone(shop: Shop, external_id: str) -> None:
    subscription_id = shop.subscribe()["subscription_id"]
    shop.ask("PATCH", f"{shop.audience}/{subscription_id}", json={"external_id": external_id})
    assert _erase(shop, external_id=external_id)["removed"] == 1
    assert shop.world.aws.rows("subs") == []


def test_an_export_can_be_read_for_a_day(shop: Shop, canary: Canary) -> None:
    job_id = _job(shop, "export", external_id=canary.external_id)
    (row,) = [row for row in shop.world.aws.rows("core") if row["sk"] == job_id]
    assert row["ttl"] - shop.world.clock.now().timestamp() == 24 * 3600


def _log(shop: Shop, action: str) -> list[dict[str, Any]]:
    entries = shop.ask("GET", "/v1/audit-log?limit=100")["data"]
    return [entry for entry in entries if entry["action"] == action]


def test_who_exports_erases_and_reads_is_in_the_audit_log(shop: Shop, canary: Canary) -> None:
    exported = _job(shop, "export", external_id=canary.external_id)
    erased = _erase(shop, external_id=canary.external_id)
    assert [entry["subject"] for entry in _log(shop, "subscriber.exported")] == [exported]
    assert [entry["subject"] for entry in _log(shop, "subscriber.erased")] == [erased["id"]]
    assert canary.external_id not in str(shop.ask("GET", "/v1/audit-log?limit=100"))


def test_who_leafs_through_subscribers_is_written_down_once_an_hour(shop: Shop, canary: Canary) -> None:
    key = shop.world.api_key(shop.owner, Scope.AUDIENCE_READ)

    def read(*, as_: Any) -> HttpAnswer:
        return shop.world.client.get(shop.audience, as_=as_)

    for _ in range(3):
        assert read(as_=key).status == 200
        assert read(as_=shop.owner).status == 200
    read_by = [(entry["actor"], entry["facts"]["what"]) for entry in _log(shop, "personal_data.read")]
    assert sorted(read_by) == sorted({(entry, "list_subscriptions") for entry, _ in read_by})
    assert len(read_by) == 2
    shop.world.clock.advance(minutes=61)
    read(as_=key)
    assert len(_log(shop, "personal_data.read")) == 3
    assert {entry["subject"] for entry in _log(shop, "personal_data.read")} == {shop.site["id"]}


def test_who_is_refused_has_read_nothing(shop: Shop) -> None:
    shop.ask("GET", f"{shop.audience}/sub_{'0' * 32}", expect=404)
    assert _log(shop, "personal_data.read") == []


def test_every_route_that_shows_subscribers_says_so() -> None:
    from app import app

    silent = [
        endpoint.name
        for endpoint in app.endpoints
        if endpoint.method == "GET" and endpoint.allow.scope is Scope.AUDIENCE_READ and endpoint.reveals is None
    ]
    assert silent == []
