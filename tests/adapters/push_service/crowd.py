"""Many pushes at once, as the product sends them: curl's multi interface, streams side by side on one HTTP/2 connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import pycurl

from infra.local.push_service.service import PushService
from tests.adapters.push_service.sender import H2, Sender, route

_SELECT_SECONDS = 0.2


def push_all(
    service: PushService,
    sender: Sender,
    subscriptions: Iterable[Mapping[str, Any]],
    *,
    at_once: int = 100,
    connections: int = 1,
    version: str = H2,
) -> dict[str, int]:
    """Endpoint → status, or minus curl's error code where the exchange broke."""
    waiting = deque(subscriptions)
    outcomes: dict[str, int] = {}
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
    multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, connections)
    authorization: dict[str, str] = {}
    running: dict[pycurl.Curl, str] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                subscription = waiting.popleft()
                curl = _prepare(service, sender, subscription, authorization, version)
                running[curl] = subscription["endpoint"]
                multi.add_handle(curl)
            multi.perform()
            _collect(multi, running, outcomes)
            multi.select(_SELECT_SECONDS)
    finally:
        for curl in running:
            multi.remove_handle(curl)
            curl.close()
        multi.close()
    return outcomes


def _prepare(
    service: PushService, sender: Sender, subscription: Mapping[str, Any], authorization: dict[str, str], version: str
) -> pycurl.Curl:
    url = subscription["endpoint"]
    host = url.split("/")[2]
    token = authorization.setdefault(host, sender.authorization(url))
    curl = pycurl.Curl()
    route(curl, service, version)
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.PIPEWAIT, 1)
    curl.setopt(pycurl.POSTFIELDS, sender.encrypt(b"hello", subscription))
    curl.setopt(pycurl.HTTPHEADER, sender.headers(url, authorization=token))
    curl.setopt(pycurl.WRITEFUNCTION, lambda _: None)
    curl.setopt(pycurl.TIMEOUT_MS, 20_000)
    return curl


def _collect(multi: pycurl.CurlMulti, running: dict[pycurl.Curl, str], outcomes: dict[str, int]) -> None:
    _, finished, failed = multi.info_read()
    for curl, error in [(curl, 0) for curl in finished] + [(curl, code) for curl, code, _ in failed]:
        outcomes[running.pop(curl)] = -error or curl.getinfo(pycurl.RESPONSE_CODE)
        multi.remove_handle(curl)
        curl.close()
