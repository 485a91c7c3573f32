"""What only the real store can show: the shape of rows at rest, pages of 1 MB, lost answers, and two at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.aws.dynamo import Table
from chalicelib.aws.dynamo_connection import connection
from chalicelib.core.clock import in_milliseconds, in_seconds
from chalicelib.core.errors import PushError, Unavailable
from chalicelib.features.sites.wiring import sites
from chalicelib.features.subscriptions.model import Packed, Profile, SubscriptionEnded
from chalicelib.features.subscriptions.service.subscriptions import Subscribed
from chalicelib.features.subscriptions.store import SubscriptionRows
from chalicelib.features.subscriptions.wiring import audience, subscriptions
from tests.adapters.subscriptions.test_store_contract import FIRST, LAST, SINCE, SITE, a_row, key, recipient
from tests.unit.subscriptions.memory import ADA, AUTH, NOW, POINT, a_browser, endpoint

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


@pytest.fixture
def store(aws: Installation) -> SubscriptionRows:
    assert aws.rows() == []
    return SubscriptionRows()


@contextmanager
def at_dynamodb(event: str, operation: str, react: Callable[..., Any]) -> Iterator[None]:
    events = connection().client.meta.events
    events.register(f"{event}.dynamodb.{operation}", react)
    try:
        yield
    finally:
        events.unregister(f"{event}.dynamodb.{operation}", react)


# --- At rest ---


def test_a_row_at_rest_has_its_final_shape(store: SubscriptionRows, aws: Installation) -> None:
    row = a_row(31)
    store.put(row)
    assert aws.rows("subs") == [
        {
            "pk": f"S#{ADA}#{SITE}#f",
            "sk": key(31).hex(),
            "v": 1,
            "rev": 1,
            "status": "active",
            "active_since": SINCE,
            "key_id": "vap_1",
            "external_id": "user#1",
            "person": f"{ADA}#{SITE}#user#1",
            "packed": msgspec.msgpack.encode(row.packed),
        }
    ]
    store.bury(ADA, SITE, key=row.key, active_since=SINCE, reason="gone", at=NOW)
    (found,) = aws.rows("subs")
    assert (found["status"], found["ended_at"], found["ended_reason"]) == ("ended", SINCE, "gone")
    assert (found["ttl"], found["rev"]) == (in_seconds(NOW + timedelta(days=30)), 2)
    assert found["person"] == f"{ADA}#{SITE}#user#1"
    tombstone = store.get(ADA, SITE, row.key)
    assert tombstone is not None
    store.revive(tombstone, active_since=SINCE + 1)
    (back,) = aws.rows("subs")
    assert (back["status"], back["active_since"], back["rev"]) == ("active", SINCE + 1, 3)
    assert not {"ended_at", "ended_reason", "ttl"} & back.keys()


def test_an_anonymous_row_is_not_in_the_index(store: SubscriptionRows, aws: Installation) -> None:
    store.put(a_row(external_id=None))
    assert not {"person", "external_id", "ttl", "ended_at", "ended_reason"} & aws.rows("subs")[0].keys()


def test_an_index_that_is_late_does_not_mistake_a_person(store: SubscriptionRows, aws: Installation) -> None:
    store.put(a_row(external_id="newcomer"))
    (row,) = aws.rows("subs")
    Table("subs").put(row | {"person": f"{ADA}#{SITE}#who left"})
    assert list(store.of_person(ADA, SITE, "who left", most=10)) == []


def test_a_read_goes_on_where_dynamodb_ends_a_page(store: SubscriptionRows) -> None:
    heavy = Packed(endpoint(), POINT, AUTH, attributes={str(n): "x" * 10_000 for n in range(30)})
    rows = [replace(a_row(), key=b"\x10" + n.to_bytes(15), packed=heavy) for n in range(8)]
    for row in rows:
        store.put(row)
    queries: list[Any] = []
    with at_dynamodb("before-call", "Query", lambda **call: queries.append(call)):
        found, more = store.read(ADA, SITE, start=b"\x10" + b"\x00" * 15, end=b"\x1f" + b"\xff" * 15, limit=100)
    assert (found, more) == ([recipient(row) for row in rows], False)
    assert len(queries) > 1


def test_a_read_asks_only_the_shards_it_must(store: SubscriptionRows) -> None:
    asked: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        body = msgspec.json.decode(params["body"])
        assert body["ConsistentRead"]
        asked.append(body["ExpressionAttributeValues"][":0"]["S"][-1])

    with at_dynamodb("before-call", "Query", note):
        store.read(ADA, SITE, start=b"\x80" + b"\x00" * 15, end=b"\x9f" + b"\xff" * 15, limit=10)
        store.read(ADA, SITE, start=LAST, end=FIRST, limit=10)
        store.read(ADA, SITE, start=b"\x81" * 16, end=b"\x80" * 16, limit=10)  # DynamoDB refuses such a question
    assert asked == ["8", "9"]


# --- Faults ---


def test_a_clean_fault_is_ours_and_changes_nothing(store: SubscriptionRows, aws: Installation) -> None:
    def refuse(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="dynamodb")

    with at_dynamodb("before-call", "PutItem", refuse), pytest.raises(Unavailable):
        store.put(a_row())
    assert aws.rows("subs") == []


def test_an_answer_lost_on_the_way_back_is_no_second_write(store: SubscriptionRows, aws: Installation) -> None:
    """The SDK sends the same again, and finds its own row there."""
    attempts: list[int] = []

    def send_again_once(attempts_made: int) -> float | None:
        attempts.append(attempts_made)
        return 0.0 if attempts_made == 1 else None

    row = a_row()
    with at_dynamodb("needs-retry", "PutItem", lambda attempts, **_: send_again_once(attempts)):
        assert store.put(row)
    with at_dynamodb("needs-retry", "UpdateItem", lambda attempts, **_: send_again_once(attempts)):
        assert store.bury(ADA, SITE, key=row.key, active_since=SINCE, reason="gone", at=NOW)
    assert attempts == [1, 2, 1, 2]
    assert [found["rev"] for found in aws.rows("subs")] == [2]


# --- Two at once, over the real store ---


@pytest.fixture
def site_id(aws: Installation) -> str:
    return sites().create(tenant_id=ADA, name="Shop", url="https://shop.example", now=NOW).id


def subscribe(site_id: str, name: object = "x", **words: Any) -> Subscribed:
    asked = {"browser": a_browser(name), "now": NOW, **words}
    return subscriptions().subscribe(tenant_id=ADA, site_id=site_id, **asked)


def together(*jobs: Callable[[], object]) -> list[object]:
    def attempt(job: Callable[[], object]) -> object:
        try:
            return job()
        except PushError as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(attempt, jobs))


def test_one_browser_that_subscribes_many_times_at_once_is_one_row(site_id: str, aws: Installation) -> None:
    jobs = [partial(subscribe, site_id, profile=Profile(attributes={str(n): n})) for n in range(6)]
    found = [one for one in together(*jobs) if isinstance(one, Subscribed)]
    assert len(found) == 6
    assert sum(one.is_new for one in found) == 1
    assert len({(one.subscription.id, one.token) for one in found}) == 1
    assert len(aws.rows("subs")) == 1
    known = subscriptions().get(tenant_id=ADA, site_id=site_id, subscription_id=found[0].subscription.id)
    assert known.packed.attributes == {str(n): n for n in range(6)}


def test_a_tombstone_and_a_change_never_overwrite_each_other(site_id: str) -> None:
    for n in range(12):
        found = subscribe(site_id, n).subscription
        named = {"tenant_id": ADA, "site_id": site_id}
        life: dict[str, Any] = {"key": found.key, "active_since": found.active_since}
        changed, buried = together(
            partial(subscriptions().change, **named, subscription_id=found.id, profile=Profile(tags=("new",))),
            partial(audience().bury, ADA, site_id, **life, reason="gone", at=NOW),
        )
        known = subscriptions().get(**named, subscription_id=found.id)
        assert buried is True
        assert not known.is_active
        assert known.packed.tags == (() if isinstance(changed, SubscriptionEnded) else ("new",))


def test_a_browser_that_comes_back_is_not_buried_by_an_old_answer(site_id: str) -> None:
    old = subscribe(site_id).subscription
    assert audience().bury(ADA, site_id, key=old.key, active_since=old.active_since, reason="gone", at=NOW)
    new = subscribe(site_id).subscription
    assert new.active_since > old.active_since
    assert not audience().bury(ADA, site_id, key=old.key, active_since=old.active_since, reason="gone", at=NOW)
    assert audience().pick(ADA, site_id, [old.key])[0].is_active


def test_a_sign_of_life_and_a_change_never_overwrite_each_other(site_id: str) -> None:
    week_later = NOW + timedelta(days=8)
    for n in range(8):
        found = subscribe(site_id, n).subscription
        named = {"tenant_id": ADA, "site_id": site_id, "subscription_id": found.id}
        _, noted, _ = together(
            partial(subscriptions().change, **named, profile=Profile(tags=("new",))),
            partial(subscriptions().prove_life, ADA, site_id, found.key, week_later),
            partial(subscriptions().prove_life, ADA, site_id, found.key, week_later),
        )
        known = subscriptions().get(**named)
        assert (known.packed.tags, known.packed.seen_ms) == (("new",), in_milliseconds(week_later))
        assert isinstance(noted, bool)
