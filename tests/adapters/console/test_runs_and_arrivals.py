from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.message import Message
from chalicelib.core import drive, ids
from chalicelib.core.identity import Mode
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Estimate, Order, Run, Source, State
from chalicelib.features.sending.store.batches import BatchRows
from chalicelib.features.sending.store.runs import RunRows
from chalicelib.features.sites.wiring import sites
from chalicelib.features.subscriptions.model import read_browser
from chalicelib.features.subscriptions.wiring import subscriptions
from infra.local.console.arrivals import Arrivals
from infra.local.console.run_book import RunBook
from infra.local.push_service.service import PushService
from tests.adapters.push_service.sender import Sender, post
from tests.conftest import PREFIX
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation

SITE = "site_" + "0" * 26


@pytest.fixture
def book(aws: Installation, clock: ManualClock) -> RunBook:
    return RunBook(prefix=PREFIX, runs=RunRows(), batches=BatchRows())


@pytest.fixture
def push_service(clock: ManualClock) -> Iterator[PushService]:
    with PushService(now=clock.now) as running:
        yield running


@pytest.fixture
def arrivals(book: RunBook, push_service: PushService) -> Arrivals:
    return Arrivals(push_service, runs=book, name_of=lambda site, endpoint: f"{site}|{endpoint}")


def launch(clock: ManualClock, *, tenant: str = "ten_a", tag: str | None = None, site: str = SITE, **words: Any) -> Run:
    run = Run(
        id=ids.new("run"),
        tenant_id=tenant,
        site_id=site,
        source=Source.CAMPAIGN,
        mode=Mode.LIVE,
        order=Order(message=Message(title="Hello", url="https://a.example/", tag=tag), cutoff=0),
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
        **words,
    )
    return drive.run(RunRows().add(tenant, run))


def push(push_service: PushService, payload: object, *, subscription: Mapping[str, Any] | None = None) -> str:
    sender = Sender()
    found = subscription or push_service.subscribe()
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    assert sender.push(push_service, found, raw).status == 201
    return str(found["endpoint"])


def envelope(tag: str) -> dict[str, Any]:
    return {"web_push": 8030, "notification": {"title": "Hello", "navigate": "https://a.example/", "tag": tag}}


# --- Runs ---


def test_a_book_without_runs_is_empty(book: RunBook) -> None:
    assert book.newest(most=5) == []


def test_runs_of_all_tenants_are_found_newest_first(book: RunBook, clock: ManualClock) -> None:
    first = launch(clock, tenant="ten_a")
    clock.advance(seconds=1)
    second = launch(clock, tenant="ten_b")
    assert [run.id for run in book.newest(most=5)] == [second.id, first.id]
    assert [run.id for run in book.newest(most=1)] == [second.id]


def test_a_run_under_way_is_added_up_from_its_batches(book: RunBook, clock: ManualClock) -> None:
    run = launch(clock, batches=2, estimate=Estimate(audience=10, exact=False), state=State.SENDING)
    batch = Batch.unstarted(run, 0)
    batch.progress.counts = {"accepted": 3, "gone:410": 1}
    batch.progress.is_read = True
    assert drive.run(BatchRows().save(run.tenant_id, batch))
    (view,) = book.newest(most=1)
    assert (view.audience, view.audience_estimated) == (10, True)
    assert (view.accepted, view.gone, view.pending) == (3, 1, 6)
    assert view.reasons == {"gone:410": 1}


def test_a_run_that_goes_on_is_read_again_and_a_finished_one_remembered(book: RunBook, clock: ManualClock) -> None:
    run = launch(clock, batches=1)
    assert book.newest(most=1)[0].state == "planned"
    over = replace(run, state=State.SENT, finished_at=clock.now(), totals={"accepted": 7})
    drive.run(RunRows().save(run.tenant_id, over))
    (view,) = book.newest(most=1)
    assert (view.state, view.accepted, view.audience, view.pending) == ("sent", 7, 7, 0)
    assert (view.finished_at, view.audience_estimated) == (clock.now(), False)


def test_a_look_at_a_run_that_is_none_hides_no_later_one(book: RunBook, clock: ManualClock) -> None:
    """moto remembers the partition of whatever was asked for."""
    run = launch(clock)
    assert drive.run(RunRows().get("ten_a", "run_nobody")) is None
    assert [view.id for view in book.newest(most=5)] == [run.id]


# --- Arrivals ---


def test_a_push_is_shown_decrypted_with_its_run_and_subscriber(
    arrivals: Arrivals, push_service: PushService, clock: ManualClock
) -> None:
    run = launch(clock)
    endpoint = push(push_service, envelope(run.id))
    (arrival,) = arrivals.received(run_id=run.id)
    assert arrival.payload == envelope(run.id)
    assert arrival.subscription_id == f"{SITE}|{endpoint}"
    assert (arrival.run_id, arrival.at, arrival.error) == (run.id, clock.now(), None)


def test_the_subscriber_has_the_id_that_subscribing_gave_it(
    aws: Installation, book: RunBook, push_service: PushService, clock: ManualClock
) -> None:
    site = sites().create(
        tenant_id="ten_a", name="Shop", url="http://127.0.0.1:8000", origins=("http://127.0.0.1:8000",), now=clock.now()
    )
    made = push_service.subscribe()
    subscribed = subscriptions().subscribe(
        tenant_id="ten_a",
        site_id=site.id,
        browser=read_browser(endpoint=made["endpoint"], **made["keys"]),
        now=clock.now(),
    )
    run = launch(clock, site=site.id)
    push(push_service, envelope(run.id), subscription=made)
    named = Arrivals(
        push_service, runs=book, name_of=lambda site_id, to: subscriptions().id_of(site_id=site_id, endpoint=to)
    )
    assert [one.subscription_id for one in named.received(run_id=run.id)] == [subscribed.subscription.id]


def test_only_the_asked_runs_pushes_are_shown(
    arrivals: Arrivals, push_service: PushService, clock: ManualClock
) -> None:
    one, other = launch(clock), launch(clock)
    push(push_service, envelope(one.id))
    push(push_service, envelope(other.id))
    assert len(arrivals.received(run_id=one.id)) == 1
    assert len(arrivals.received()) == 2
    assert arrivals.received(run_id="run_" + "0" * 26) == []


def test_a_messages_own_tag_is_traced_to_the_latest_run_that_used_it(
    arrivals: Arrivals, push_service: PushService, clock: ManualClock
) -> None:
    first = launch(clock, tag="news")
    clock.advance(seconds=1)
    push(push_service, envelope("news"))
    clock.advance(seconds=1)
    second = launch(clock, tag="news")
    push(push_service, envelope("news"))
    assert [arrival.run_id for arrival in arrivals.received()] == [first.id, second.id]


@pytest.mark.parametrize(
    "payload", [b"plain text", b"\xff\xfe", 42, [], {"notification": "x"}, {"notification": {"tag": 1}}]
)
def test_a_strangers_payload_is_shown_as_it_is(arrivals: Arrivals, push_service: PushService, payload: object) -> None:
    push(push_service, payload)
    (arrival,) = arrivals.received()
    assert (arrival.run_id, arrival.subscription_id, arrival.error) == (None, None, None)
    assert arrival.payload == (payload.decode("utf-8", "replace") if isinstance(payload, bytes) else payload)


def test_a_message_the_browser_cannot_read_is_shown_with_the_reason(
    arrivals: Arrivals, push_service: PushService
) -> None:
    sender, subscription = Sender(), push_service.subscribe()
    url, body = subscription["endpoint"], sender.encrypt(b"for somebody else", push_service.subscribe())
    assert post(push_service, url, body, sender.headers(url)).status == 201
    (arrival,) = arrivals.received()
    assert arrival.payload is None
    assert "undecipherable" in (arrival.error or "")


def test_what_was_refused_has_not_arrived(arrivals: Arrivals, push_service: PushService) -> None:
    push_service.set_rules([{"answer": {"status": 503}, "times": 1}])
    assert Sender().push(push_service, push_service.subscribe()).status == 503
    assert arrivals.received() == []
    push(push_service, b"x")
    traffic = arrivals.traffic()
    assert (traffic.total, dict(traffic.by_status), traffic.rules) == (2, {"201": 1, "503": 1}, 1)


def test_a_watcher_gets_the_newest_of_what_is_new(arrivals: Arrivals, push_service: PushService) -> None:
    for number in range(4):
        push(push_service, number)
    first, *_ = arrivals.received()
    assert [one.payload for one in arrivals.received(after=first.number)] == [1, 2, 3]
    assert [one.payload for one in arrivals.received(after=first.number, most=2)] == [2, 3]
