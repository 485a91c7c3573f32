"""The ways out of the building, one set for each thread: curl handles must not be shared, and warm ones are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable

from chalicelib.channels.outside.curl import Curl, Way
from chalicelib.channels.webpush.sender import Sink, WebPush
from chalicelib.channels.webpush.transport import Connector, Direct, Transport
from chalicelib.core import clock
from chalicelib.core.identity import Mode
from chalicelib.core.outside import Outside

_connector: Connector = Direct()
_way = Way()
_mine = threading.local()


def _alone(guard: Outside) -> Outside:
    return guard


_beside: Callable[[Outside], Outside] = _alone


def use(connector: Connector) -> None:
    """The seam for stand-ins: no setting reaches it, only code that the package does not ship."""
    global _connector  # noqa: PLW0603 -- the seam itself
    _connector = connector


def lead(way: Way, *, beside: Callable[[Outside], Outside] = _alone) -> None:
    """The same seam, for the addresses that tenants name. `beside` may stand before the guard, and answer itself."""
    global _way, _beside
    _way, _beside = way, beside


def outside() -> Outside:
    """For any thread: nothing is kept between two calls."""
    return _beside(Curl(_way))


def webpush(mode: Mode) -> WebPush:
    """Ready for one batch; whatever an earlier one left under way is forgotten."""
    if mode is Mode.TEST:
        return WebPush(Sink(), now=clock.now)
    kept: tuple[Connector, WebPush] | None = getattr(_mine, "webpush", None)
    if kept is None or kept[0] is not _connector:
        _mine.webpush = kept = (_connector, WebPush(Transport(_connector), now=clock.now))
    kept[1].abandon()
    return kept[1]
