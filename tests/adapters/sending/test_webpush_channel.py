"""A run's way to the push services: what is packed, whose key signs, and what becomes of that which cannot be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.aws.envelope import Tampered
from chalicelib.channels import registry
from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.channels.webpush.sender import WebPush
from chalicelib.core import clock, drive
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.encoding import unb64url
from chalicelib.core.errors import NotFound, PushError, Unavailable
from chalicelib.core.identity import Mode
from chalicelib.core.receipts import LENGTH, Receipt, Receipts
from chalicelib.features.sending.adapters import webpush
from chalicelib.features.sending.adapters.webpush import RunPushes, WebPushChannel, paper_of
from chalicelib.features.sending.model.run import Order, Run
from chalicelib.features.sites.adapters.key_pairs import key_pair
from chalicelib.features.sites.model import SigningKey
from chalicelib.features.subscriptions.model import Packed, Recipient, pack, unpack
from infra.local.connector import Everywhere
from infra.local.push_service.service import PushService
from tests.adapters.sending.rows import MESSAGE, a_run
from tests.fakes.clock import ManualClock
from tests.fakes.nowhere import Nowhere
from tests.unit.channels.wire import ScriptedWire

TOO_LARGE = msgspec.structs.replace(MESSAGE, url="https://shop.example/" + "u" * 2_600)
TENANT = "ten_01kjmv5dz0000000000000000d"
RUN = a_run(mode=Mode.LIVE, tenant_id=TENANT)
CLICKS = "https://push.example.com/c/"
RECEIPTS = Receipts(b"pepper")


@dataclass
class Keys:
    """A site's keys; `trouble` is what asking for one raises."""

    trouble: PushError | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    known: dict[tuple[str, str, str], SigningKey] = field(default_factory=dict)
    subject: str = "mailto:push@shop.com"

    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:
        place = (tenant_id, site_id, key_id)
        self.asked.append(place)
        if self.trouble is not None:
            raise self.trouble
        if place not in self.known:
            self.known[place] = SigningKey(key_id, *key_pair(), self.subject)
        return replace(self.known[place], subject=self.subject)


@pytest.fixture
def keys() -> Keys:
    webpush._signers.clear()
    return Keys()


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as running:
        registry.use(Everywhere(port=running.port, ca_path=running.ca_path))
        yield running
        registry.use(Nowhere())


def opened(keys: Keys, run: Run = RUN) -> RunPushes:
    return drive.run(WebPushChannel(keys, receipts=lambda: RECEIPTS, clicks=CLICKS).open(run))


def a_row(number: int = 1, **changes: Any) -> Recipient:
    """Of a browser whose keys no message can be encrypted for, unless `packed` says otherwise."""
    nobodys = pack(Packed("https://fcm.googleapis.com/fcm/send/x", bytes(65), bytes(16)))
    return msgspec.structs.replace(Recipient(bytes([number]) * 16, True, 0, "vap_1", None, nobodys), **changes)


def packed_of(browser: dict[str, Any]) -> bytes:
    keys = browser["keys"]
    return pack(Packed(browser["endpoint"], unb64url(keys["p256dh"]), unb64url(keys["auth"])))


READABLE = packed_of(PushService.simulated(1, 1))


def outcomes(pushes: RunPushes, count: int = 1) -> dict[bytes, Outcome]:
    found: dict[bytes, Outcome] = {}
    for _ in range(20):
        if len(found) < count:
            found |= dict(drive.run(pushes.outcomes(0.5)))
    assert len(found) == count
    return found


def test_the_message_arrives_as_it_was_written_under_the_runs_own_tag(keys: Keys, service: PushService) -> None:
    order = Order(message=msgspec.structs.replace(MESSAGE, tag=None), cutoff=0)
    lasting = replace(RUN, order=order, expires_at=clock.now() + timedelta(days=1))
    pushes, row = opened(keys, lasting), a_row(packed=packed_of(service.subscribe()))
    assert pushes.start(row) == "stand-in.push.services.mozilla.com"
    assert outcomes(pushes) == {row.key: ACCEPTED}
    (record,) = service.ledger.received()
    assert record.plaintext is not None
    note = json.loads(record.plaintext)["notification"]
    assert (note["title"], note["tag"]) == (MESSAGE.title, RUN.id)
    assert (record.ttl, record.urgency, record.topic) == ("60", "high", "news")


def test_each_browser_gets_a_receipt_of_its_own_that_counts_its_clicks(keys: Keys) -> None:
    paper = paper_of(RUN, RECEIPTS, clicks=CLICKS)
    assert paper is not None
    told = [json.loads(paper.payload(bytes([number]) * 16, unpack(READABLE))) for number in (1, 2)]
    for number, document in enumerate(told, start=1):
        text = document["receipt"]
        receipt = RECEIPTS.read(text)
        assert (receipt.tenant_id, receipt.run_id, receipt.key) == (TENANT, RUN.id, bytes([number]) * 16)
        assert document["notification"]["navigate"] == CLICKS + text
        assert document["notification"]["actions"][0]["navigate"] == f"{CLICKS}{text}1"
        assert (document["page"], len(text)) == (MESSAGE.url, LENGTH)
        assert receipt.began_at == RUN.created_at.replace(microsecond=0)


@pytest.mark.parametrize(
    ("host", "browser"),
    [
        ("fcm.googleapis.com", "chrome"),
        ("stand-in.push.services.mozilla.com", "firefox"),
        ("web.push.apple.com", "safari"),
        ("db5p.notify.windows.com", "edge"),
        ("retired.example", "unknown"),
    ],
)
def test_a_receipt_says_whose_push_service_it_was(host: str, browser: str) -> None:
    assert minted(Packed(f"https://{host}/x", b"", b"")).browser_name == browser


@pytest.mark.parametrize(("days", "is_wanted"), [(0, False), (6, False), (8, True), (400, True)])
def test_news_is_wanted_of_who_was_not_seen_for_a_week(clock: ManualClock, days: int, is_wanted: bool) -> None:
    seen_ms = in_milliseconds(clock.now() - timedelta(days=days))
    assert minted(Packed("https://fcm.googleapis.com/x", b"", b"", seen_ms=seen_ms)).is_wanted is is_wanted


def minted(packed: Packed) -> Receipt:
    paper = paper_of(RUN, RECEIPTS, clicks=CLICKS)
    assert paper is not None
    return RECEIPTS.read(json.loads(paper.payload(b"k" * 16, packed))["receipt"])


def test_no_service_keeps_a_message_beyond_its_runs_end(keys: Keys, service: PushService) -> None:
    ending = replace(RUN, expires_at=clock.now() + timedelta(seconds=30))
    pushes, row = opened(keys, ending), a_row(packed=packed_of(service.subscribe()))
    pushes.start(row)
    outcomes(pushes)
    (record,) = service.ledger.received()
    assert 0 < int(record.ttl or "0") <= 30


def test_in_test_mode_all_is_done_but_the_socket(keys: Keys) -> None:
    """Tests lead nowhere; the sink says yes all the same."""
    pushes = opened(keys, replace(RUN, mode=Mode.TEST))
    rows = [a_row(number=number, packed=READABLE) for number in (1, 2)]
    for row in rows:
        pushes.start(row)
    assert outcomes(pushes, 2) == {row.key: ACCEPTED for row in rows}


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (NotFound(), Outcome(Verdict.FAILED, "key_unavailable")),
        (Tampered(), Outcome(Verdict.FAILED, "key_unavailable")),
        (Unavailable(), Outcome(Verdict.LATER, "key_service_busy", 300.0)),
    ],
    ids=["unknown, or its site closed", "tampered with", "our own outage"],
)
def test_a_key_that_cannot_be_had_is_an_outcome_and_asked_for_once(
    keys: Keys, trouble: PushError, outcome: Outcome
) -> None:
    keys.trouble = trouble
    pushes = opened(keys)
    for number in range(1, 4):
        assert pushes.start(a_row(number=number)) == ""
    assert outcomes(pushes, 3) == {bytes([number]) * 16: outcome for number in range(1, 4)}
    assert keys.asked == [(RUN.tenant_id, RUN.site_id, "vap_1")]
    opened(keys).start(a_row())
    assert len(keys.asked) == 2


def test_one_missing_key_does_not_hold_those_with_another(keys: Keys, service: PushService) -> None:
    pushes = opened(keys)
    good = a_row(packed=packed_of(service.subscribe()))
    pushes.start(good)
    keys.trouble = NotFound()
    pushes.start(a_row(number=2, key_id="vap_old"))
    assert outcomes(pushes, 2) == {
        good.key: ACCEPTED,
        b"\2" * 16: Outcome(Verdict.FAILED, "key_unavailable"),
    }


@pytest.mark.parametrize("packed", [b"", b"\xc1", msgspec.msgpack.encode([1, 2, 3]), msgspec.msgpack.encode({"a": 1})])
def test_a_row_that_cannot_be_read_is_an_outcome(keys: Keys, packed: bytes) -> None:
    pushes = opened(keys)
    pushes.start(a_row(packed=packed))
    assert outcomes(pushes) == {b"\1" * 16: Outcome(Verdict.FAILED, "unreadable_subscription")}


def test_a_row_with_a_key_off_the_curve_is_an_outcome(keys: Keys) -> None:
    pushes = opened(keys)
    pushes.start(a_row())
    assert outcomes(pushes) == {b"\1" * 16: Outcome(Verdict.FAILED, "bad_key")}


def test_a_message_that_no_longer_fits_fails_for_everyone(keys: Keys) -> None:
    pushes = opened(keys, replace(RUN, order=Order(message=TOO_LARGE, cutoff=0)))
    for number in (1, 2):
        pushes.start(a_row(number=number))
    assert set(outcomes(pushes, 2).values()) == {Outcome(Verdict.FAILED, "too_large")}
    assert keys.asked == []


def test_what_is_abandoned_is_forgotten(keys: Keys) -> None:
    pushes = opened(keys)
    pushes.start(a_row())
    pushes.abandon()
    assert drive.run(pushes.outcomes(0.0)) == []


# --- signers ---


def token(keys: Keys, clock: ManualClock, run: Run = RUN, **row: Any) -> str:
    """What a push service would see as the sender's."""
    wire = ScriptedWire()
    paper = paper_of(run, RECEIPTS, clicks=CLICKS)
    RunPushes(run, WebPush(wire, now=clock.now), keys, paper).start(a_row(**{"packed": READABLE, **row}))
    return wire.started[0].headers["Authorization"]


def test_a_token_is_signed_once_for_many_batches(keys: Keys, clock: ManualClock) -> None:
    first = token(keys, clock)
    clock.advance(hours=5)
    assert token(keys, clock) == first
    clock.advance(hours=2)
    assert token(keys, clock) != first


def test_a_changed_subject_is_heard_by_the_next_batch(keys: Keys, clock: ManualClock) -> None:
    first = token(keys, clock)
    keys.subject = "mailto:new@shop.com"
    assert token(keys, clock) != first


@pytest.mark.parametrize(
    "other",
    [
        lambda: {"run": replace(RUN, tenant_id="ten_01kjmv5dz0000000000000000e")},
        lambda: {"run": replace(RUN, site_id="site_other")},
        lambda: {"key_id": "vap_2"},
    ],
    ids=["tenant", "site", "key"],
)
def test_a_warm_worker_mixes_up_nobodys_keys(
    keys: Keys, clock: ManualClock, other: Callable[[], dict[str, Any]]
) -> None:
    ours = token(keys, clock)
    theirs = token(keys, clock, **other())
    assert ours.rpartition("k=")[2] != theirs.rpartition("k=")[2]
    assert token(keys, clock) == ours


def test_signers_do_not_pile_up(keys: Keys) -> None:
    for number in range(1_100):
        webpush._signer_of(RUN, SigningKey(f"vap_{number}", (number + 1).to_bytes(32), b"", "mailto:a@b.co"))
    assert len(webpush._signers) <= 500


def test_six_attempts_outlive_an_outage_of_ours() -> None:
    wish = webpush._NO_KEY_YET.retry_after_seconds
    assert wish is not None
    assert timedelta(seconds=5 * wish) >= timedelta(minutes=25)
