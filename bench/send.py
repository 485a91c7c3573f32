"""What one push costs its sender in CPU: this product against pywebpush, over TLS to the stand-in in its own process.

Ours goes from a stored row, as DynamoDB hands it out, to its Outcome; pywebpush gets its subscriptions ready-made.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import aiohttp
from py_vapid import Vapid
from pywebpush import webpush, webpush_async

from bench._stand_in import StandIn, aiohttp_connector, requests_session, stand_in
from chalicelib.aws.values import WireRow, to_wire
from chalicelib.channels import registry
from chalicelib.channels.message import Message
from chalicelib.channels.outcome import ACCEPTED
from chalicelib.channels.webpush.payload import envelope
from chalicelib.core import chance, clock
from chalicelib.core.encoding import b64url, unb64url
from chalicelib.core.identity import Mode
from chalicelib.features.sending.adapters.webpush import RunPushes, WebPushChannel
from chalicelib.features.sending.model.run import Order, Run, Source
from chalicelib.features.sites.model import SigningKey
from chalicelib.features.subscriptions.model import Packed, Subscription
from chalicelib.features.subscriptions.store import _recipient, _row  # a row's shape, with no database between
from infra.local.connector import Loopback
from infra.local.push_service.service import PushService

ROUNDS = 3
OURS, LOOP, ASYNC = 2_000, 300, 300
_WINDOW = 256
_AT_ONCE = 64  # pywebpush's pushes under way; more of them cost it more
_PAYLOAD_BYTES = 200
_SUBJECT = "mailto:bench@shop.example"
_RUN_ID = "run_bench"
_SCALAR = (1).to_bytes(31) + b"\x07"  # a key for nobody
Browser = dict[str, object]


class Keys:
    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:  # noqa: ARG002 -- one key
        return SigningKey(key_id, _SCALAR, b"", _SUBJECT)


def main() -> int:
    browsers = [PushService.simulated(7, index) for index in range(OURS)]
    items = [_item(number, browser) for number, browser in enumerate(browsers)]
    with stand_in() as place:
        registry.use(Loopback(port=place.port, ca_path=Path(place.ca_path)))
        contenders: dict[str, tuple[int, Callable[[int], None]]] = {
            "ours_us": (OURS, lambda count: asyncio.run(_ours(items[:count]))),
            "pywebpush_loop_us": (LOOP, lambda count: _loop(place, browsers[:count])),
            "pywebpush_async_us": (ASYNC, lambda count: asyncio.run(_async(place, browsers[:count]))),
        }
        measured: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(ROUNDS):
            for name, (count, push) in contenders.items():
                measured[name].append(_cpu_us(count, push))
    _report({name: statistics.median(rounds) for name, rounds in measured.items()}, measured)
    return 0


def _cpu_us(count: int, push: Callable[[int], None]) -> float:
    """Per message, of this process alone; its connections are opened inside, as every batch would."""
    began = time.process_time()
    push(count)
    return (time.process_time() - began) / count * 1e6


async def _ours(items: list[WireRow]) -> None:
    pushes = await WebPushChannel(Keys()).open(_run())
    waiting, under_way = iter(items), 0
    for item in waiting:
        pushes.start(_recipient(item))
        under_way += 1
        if under_way >= _WINDOW:
            under_way -= await _settled(pushes)
    while under_way:
        under_way -= await _settled(pushes)


async def _settled(pushes: RunPushes) -> int:
    outcomes = await pushes.outcomes(10.0)
    refused = {outcome for _, outcome in outcomes} - {ACCEPTED}
    if refused or not outcomes:
        raise RuntimeError(f"not accepted: {refused or 'no answer'}")
    return len(outcomes)


def _loop(place: StandIn, browsers: list[Browser]) -> None:
    vapid = Vapid.from_raw(b64url(_SCALAR).encode())
    with requests_session(place) as session:
        for browser in browsers:
            webpush(browser, _text(), vapid, {"sub": _SUBJECT}, ttl=60, requests_session=session)


async def _async(place: StandIn, browsers: list[Browser]) -> None:
    vapid = Vapid.from_raw(b64url(_SCALAR).encode())
    room = asyncio.Semaphore(_AT_ONCE)

    async def push(browser: Browser) -> None:
        async with room:
            await webpush_async(browser, _text(), vapid, {"sub": _SUBJECT}, ttl=60, aiohttp_session=session)

    async with aiohttp.ClientSession(connector=aiohttp_connector(place)) as session:
        await asyncio.gather(*(push(browser) for browser in browsers))


def _run() -> Run:
    now = clock.now()
    return Run(
        _RUN_ID,
        tenant_id="ten_bench",
        site_id="site_bench",
        source=Source.CAMPAIGN,
        mode=Mode.LIVE,
        order=Order(message=_message(), cutoff=0),
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )


def _message() -> Message:
    """So long that its envelope has the wanted size."""
    bare = Message(title="Price drop", url="https://shop.example/sale", body=".")
    return Message(title=bare.title, url=bare.url, body="." * (1 + _PAYLOAD_BYTES - len(envelope(bare, tag=_RUN_ID))))


def _text() -> str:
    return "." * _PAYLOAD_BYTES


def _item(number: int, browser: Browser) -> WireRow:
    keys = browser["keys"]
    assert isinstance(keys, dict), "as a browser says it"
    packed = Packed(str(browser["endpoint"]), unb64url(keys["p256dh"]), unb64url(keys["auth"]))
    key = number.to_bytes(4) + chance.token(12)
    row = _row(Subscription("ten_bench", "site_bench", key=key, key_id="key_bench", packed=packed, active_since=1))
    return {name: to_wire(value) for name, value in row.items() if value is not None}


def _report(medians: dict[str, float], measured: dict[str, list[float]]) -> None:
    ours = medians["ours_us"]
    for name, median in medians.items():
        rounds = ", ".join(f"{value:,.0f}" for value in sorted(measured[name]))
        print(f"  {name:<20} {median:>8,.0f} us CPU a message ({rounds})   {median / ours:.1f} x ours")
    print("BENCH", json.dumps({name: round(median, 1) for name, median in medians.items()}))


if __name__ == "__main__":
    raise SystemExit(main())
