"""Asking a provider over HTTPS. Nothing is followed or decoded, and nothing trusted for long: 5 s and 128 kB in all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import certifi
import msgspec
import pycurl

from chalicelib.features.identity.model.oauth import ProviderUnavailable

_CONNECT_MS = 2_000
_TOTAL_MS = 5_000
_LARGEST_ANSWER = 128 * 1024
_JSON = "application/json"
_OK = 200
_REFUSED = frozenset({400, 401})


class Wire(Hashable, Protocol):
    def get(self, url: str) -> dict[str, Any]:
        """A JSON object. Raises ProviderUnavailable for anything else."""
        ...

    def post(self, url: str, form: Mapping[str, str]) -> dict[str, Any] | None:
        """The same; None when the provider refuses what it was sent."""
        ...


class Curl:
    """`prepare` is for stand-ins: what only the local product may do with a handle."""

    def __init__(self, prepare: Callable[[pycurl.Curl], None] | None = None, *, total_ms: int = _TOTAL_MS) -> None:
        self._prepare = prepare
        self._total_ms = total_ms

    def get(self, url: str) -> dict[str, Any]:
        status, kind, body = self._perform(url, None)
        if status != _OK:
            raise ProviderUnavailable
        return _object(kind, body)

    def post(self, url: str, form: Mapping[str, str]) -> dict[str, Any] | None:
        status, kind, body = self._perform(url, urlencode(form))
        if status in _REFUSED:
            return None
        if status != _OK:
            raise ProviderUnavailable
        return _object(kind, body)

    def _perform(self, url: str, form: str | None) -> tuple[int, str, bytes]:
        body = bytearray()

        def take(chunk: bytes) -> int:
            body.extend(chunk[: _LARGEST_ANSWER + 1 - len(body)])
            return len(chunk) if len(body) <= _LARGEST_ANSWER else 0  # fewer than given: curl stops reading

        curl = pycurl.Curl()
        try:
            self._set_up(curl, url, form)
            curl.setopt(pycurl.WRITEFUNCTION, take)
            curl.perform()
            return int(curl.getinfo(pycurl.RESPONSE_CODE)), curl.getinfo(pycurl.CONTENT_TYPE) or "", bytes(body)
        except pycurl.error:
            raise ProviderUnavailable from None
        finally:
            curl.close()

    def _set_up(self, curl: pycurl.Curl, url: str, form: str | None) -> None:
        for option, value in (
            (pycurl.URL, url),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOSIGNAL, 1),
            (pycurl.CONNECTTIMEOUT_MS, _CONNECT_MS),
            (pycurl.TIMEOUT_MS, self._total_ms),
            (pycurl.CAINFO, certifi.where()),
            (pycurl.HTTPHEADER, [f"Accept: {_JSON}", "Accept-Encoding: identity"]),
        ):
            curl.setopt(option, value)
        if form is not None:
            curl.setopt(pycurl.POSTFIELDS, form)
        if self._prepare is not None:
            self._prepare(curl)


def _object(kind: str, body: bytes) -> dict[str, Any]:
    """By its type and by what it is: a compressed answer is none, for nobody asked for it."""
    if kind.partition(";")[0].strip().lower() != _JSON:
        raise ProviderUnavailable
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProviderUnavailable from None
