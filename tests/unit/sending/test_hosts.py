"""A host that asks us to wait is pushed to less, then not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.identity import Mode
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.run import Order
from chalicelib.features.sending.service.hosts import Hosts
from tests.chaos.stores import HOST
from tests.unit.campaigns.memory import SITE, TENANT
from tests.unit.sending.scene import MESSAGE, Scene

BUSY = Outcome(Verdict.LATER, "throttled")
REFUSED = Outcome(Verdict.FAILED, "vapid_refused")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def _gate(scene: Scene) -> Gate:
    return scene.gates.rows.get((TENANT, SITE), {}).get(HOST, Gate(HOST))


def _put(scene: Scene, gate: Gate) -> None:
    scene.gates.rows.setdefault((TENANT, SITE), {})[HOST] = gate


def test_eight_in_a_row_close_the_gate_and_the_rest_wait_untried(scene: Scene) -> None:
    scene.subscribe(100)
    scene.launch()
    scene.services.usual = (BUSY, 0.05)
    batch = scene.deliver()
    assert batch is not None
    assert len(scene.services.started) <= 24  # the window, and those that followed its first answers
    assert _gate(scene).closure is Closure.BUSY
    waits = {wait.reason: wait.attempt for wait in batch.progress.later}
    assert waits == {"throttled": 1, "host_closed": 0}
    assert batch.progress.pending == 100


def test_the_longest_wish_is_granted(scene: Scene) -> None:
    scene.subscribe(100)
    scene.launch()
    scene.services.usual = (Outcome(Verdict.LATER, "throttled", 1_200.0), 0.05)
    scene.deliver()
    closed_until = _gate(scene).closed_until
    assert closed_until is not None
    assert closed_until - scene.now >= timedelta(minutes=19)


def test_a_busy_host_now_and_then_is_no_reason_to_close(scene: Scene) -> None:
    keys = scene.subscribe(200)
    scene.launch()
    for key in keys[::3]:
        scene.services.says(key, BUSY)
    scene.deliver()
    assert len(scene.services.started) == 200
    assert _gate(scene) == Gate(HOST)


def test_a_host_that_complains_gets_fewer_at_once(scene: Scene) -> None:
    keys = scene.subscribe(600)
    scene.launch()
    scene.services.usual = (ACCEPTED, 0.5)
    for key in keys[20:260:4]:
        scene.services.says(key, BUSY, after=0.5)
    under_way: list[int] = []
    scene.services.watch = lambda: under_way.append(scene.services.under_way)
    scene.deliver()
    assert max(under_way[:16]) == 15
    assert min(max(under_way[at : at + 8]) for at in range(40, 120, 8)) <= 4
    assert max(under_way[-16:]) >= 12  # and it grew back


def test_a_closed_gate_is_not_knocked_at(scene: Scene) -> None:
    scene.subscribe(20)
    scene.launch()
    _put(scene, Gate(HOST, closed_until=scene.now + timedelta(minutes=5), closure=Closure.BUSY, closures=1, rev=1))
    batch = scene.deliver()
    assert batch is not None
    assert scene.services.started == []
    assert batch.next_at is not None
    assert timedelta(minutes=5) <= batch.next_at - scene.now <= timedelta(minutes=6)


def test_after_it_opens_one_push_probes_and_success_opens_it_to_all(scene: Scene) -> None:
    scene.subscribe(40)
    scene.launch()
    _put(scene, Gate(HOST, closed_until=scene.now, closure=Closure.BUSY, closures=3, rev=1))
    first: list[int] = []
    scene.services.watch = lambda: first.append(scene.services.under_way)
    scene.deliver()
    assert first[0] == 0
    assert first[1] == 0  # nothing else was under way until the first had answered
    assert scene.counts == {"accepted": 40}
    assert not _gate(scene).is_on_probation


def test_one_more_complaint_on_probation_closes_it_for_twice_as_long(scene: Scene) -> None:
    scene.subscribe(10)
    scene.launch()
    _put(scene, Gate(HOST, closed_until=scene.now, closure=Closure.BUSY, closures=2, rev=1))
    scene.services.usual = (BUSY, 0.05)
    scene.deliver()
    assert len(scene.services.started) == 1
    assert _gate(scene).closures == 3


def test_twenty_refused_signatures_close_it_and_end_nobody(scene: Scene) -> None:
    scene.subscribe(100)
    scene.launch()
    scene.services.usual = (REFUSED, 0.05)
    batch = scene.deliver()
    assert batch is not None
    assert _gate(scene).closure is Closure.REFUSED
    assert all(row.is_active for row in scene.audience.rows.values())
    assert 20 <= scene.counts["failed:vapid_refused"] <= 36
    assert {wait.reason for wait in batch.progress.later} == {"host_closed"}
    assert [gate.closure for gate in scene.notices.told] == [Closure.REFUSED]


def test_who_would_have_to_wait_beyond_the_end_of_the_run_has_expired(scene: Scene) -> None:
    scene.subscribe(5)
    scene.launch(expires_at=scene.now + timedelta(minutes=30))
    _put(scene, Gate(HOST, closed_until=scene.now + timedelta(hours=1), closure=Closure.REFUSED, closures=1, rev=1))
    scene.deliver()
    assert scene.counts == {"expired": 5}


def test_what_another_worker_wrote_first_stands(scene: Scene) -> None:
    run = scene.launch()
    hosts = scene.do(Hosts.of(scene.ports, run))
    _put(scene, Gate(HOST, closed_until=scene.now + timedelta(hours=2), closure=Closure.BUSY, closures=1, rev=1))
    for _ in range(8):
        hosts.started(HOST)
        hosts.landed(HOST, BUSY, now=scene.now)
    scene.do(hosts.tell())
    assert _gate(scene).closed_until == scene.now + timedelta(hours=2)
    assert scene.notices.told == []
    scene.do(hosts.listen())
    assert hosts[HOST].gate == _gate(scene)


def test_what_could_not_leave_says_nothing_of_any_host(scene: Scene) -> None:
    hosts = scene.do(Hosts.of(scene.ports, scene.launch()))
    for _ in range(30):
        hosts.started("")
        hosts.landed("", BUSY, now=scene.now)
    scene.do(hosts.tell())
    assert scene.gates.rows == {}


def _on_probation(scene: Scene) -> None:
    _put(scene, Gate(HOST, closed_until=scene.now, closure=Closure.BUSY, closures=1, rev=1))


def test_who_waits_too_long_for_a_slow_host_lets_the_others_pass(scene: Scene) -> None:
    scene.subscribe(5)
    scene.launch()
    _on_probation(scene)
    scene.services.usual = (ACCEPTED, 4.0)
    batch = scene.deliver()
    assert batch is not None
    assert {wait.reason for wait in batch.progress.later} == {"host_slow"}
    assert scene.counts["accepted"] + batch.progress.pending == 5


def test_who_still_waits_when_time_is_up_is_handed_over(scene: Scene) -> None:
    scene.subscribe(5)
    scene.launch()
    _on_probation(scene)
    scene.services.usual = (ACCEPTED, 2.5)
    batch = scene.deliver(seconds=17)
    assert batch is not None
    assert scene.counts == {"accepted": 1}
    assert batch.progress.waiting == 4


# --- refusals that are few in every batch ---


def _deliver_one_each(scene: Scene, batches: int, *, refused: set[int]) -> int:
    """One browser a batch, a second apart; how many were pushed to."""
    keys = scene.subscribe(batches)
    scene.launch(batches=batches)
    for number in refused:
        scene.services.says(keys[number], REFUSED)
    for number in range(batches):
        scene.deliver(number)
        scene.pass_time(seconds=1)
    return len(scene.services.started)


def test_one_refusal_a_batch_closes_it_after_twenty_batches(scene: Scene) -> None:
    assert _deliver_one_each(scene, 32, refused=set(range(32))) == 20
    assert _gate(scene).closure is Closure.REFUSED
    assert [gate.closure for gate in scene.notices.told if gate.closure] == [Closure.REFUSED]
    assert all(row.is_active for row in scene.audience.rows.values())


def test_a_host_that_takes_some_stays_open(scene: Scene) -> None:
    assert _deliver_one_each(scene, 64, refused=set(range(64)) - set(range(0, 64, 16))) == 64
    assert (_gate(scene).closure, _gate(scene).refused) == (None, 15)


def test_nothing_is_written_where_nothing_was_refused(scene: Scene) -> None:
    _deliver_one_each(scene, 8, refused=set())
    assert scene.gates.rows == {}


def test_refusals_within_a_batch_that_end_in_a_yes_are_no_news(scene: Scene) -> None:
    keys = scene.subscribe(10)
    scene.launch(order=Order(message=MESSAGE, cutoff=1, careful=True))
    for key in keys[:5]:
        scene.services.says(key, REFUSED)
    scene.deliver()
    assert scene.counts == {"accepted": 5, "failed:vapid_refused": 5}
    assert scene.gates.rows == {}


def test_of_two_that_add_at_once_both_are_counted(scene: Scene) -> None:
    run = scene.launch()
    one, two = (scene.do(Hosts.of(scene.ports, run)) for _ in range(2))
    for hosts in (one, two):
        hosts.started(HOST)
        hosts.landed(HOST, REFUSED, now=scene.now)
        scene.do(hosts.add_up())
        scene.do(hosts.add_up())  # what is told is told
    assert _gate(scene).refused == 2


def test_whoever_is_never_fast_enough_lets_it_be(scene: Scene) -> None:
    hosts = scene.do(Hosts.of(scene.ports, scene.launch()))
    hosts.started(HOST)
    hosts.landed(HOST, REFUSED, now=scene.now)
    scene.gates.is_raced = True
    scene.do(hosts.add_up())
    assert scene.gates.rows == {}


def test_what_another_has_closed_meanwhile_needs_no_more(scene: Scene) -> None:
    hosts = scene.do(Hosts.of(scene.ports, scene.launch()))
    hosts.started(HOST)
    hosts.landed(HOST, REFUSED, now=scene.now)
    closed = Gate(HOST).closed(Closure.BUSY, now=scene.now, wish=timedelta())
    _put(scene, closed)
    scene.do(hosts.add_up())
    assert _gate(scene) == closed


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED])
def test_a_test_run_says_nothing_of_any_host(scene: Scene, outcome: Outcome) -> None:
    """Its yes comes from the sink, and opens no gate."""
    scene.subscribe(30)
    scene.launch(mode=Mode.TEST)
    _on_probation(scene)
    scene.services.usual = (outcome, 0.05)
    scene.deliver()
    assert (_gate(scene).closures, _gate(scene).rev) == (1, 1)
