"""The sites that somebody builds on this machine, for whoever looks at sites: plain HTTP on loopback, and nothing else.

Stands before the guard, which knows neither addresses nor `http`. The package does not contain it.
"""

from __future__ import annotations

import re
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from chalicelib.core.outside import HTTPS, PATIENCE_SECONDS, Outside, Reason, Reply, Unreached

_URL = re.compile(r"http://((?:localhost|127\.0\.0\.1)(?::([1-9][0-9]{0,4}))?)(/[!-\"$-~]*)?", re.ASCII)
_CHUNK_BYTES = 16 * 1024


class Nearby:
    """`Outside`: what it does not know is the guard's."""

    def __init__(self, guard: Outside) -> None:
        self._guard = guard

    def look(
        self,
        url: str,
        *,
        accept: str,
        headers: frozenset[str],
        limit_bytes: int,
        ports: frozenset[int] = HTTPS,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Reply:
        found = _URL.fullmatch(url)
        if found is None:
            return self._guard.look(
                url,
                accept=accept,
                headers=headers,
                limit_bytes=limit_bytes,
                ports=ports,
                within_seconds=within_seconds,
            )
        ends_at = time.monotonic() + within_seconds
        connection = HTTPConnection("127.0.0.1", int(found[2] or 80), timeout=within_seconds)
        try:
            connection.request("GET", found[3] or "/", headers={"Host": found[1], "Accept": accept})
            with connection.getresponse() as answer:
                return _reply(answer, headers, limit_bytes, ends_at)
        except TimeoutError:
            raise Unreached(Reason.TOO_SLOW) from None
        except (OSError, HTTPException, OverflowError):
            raise Unreached(Reason.UNREACHABLE) from None
        finally:
            connection.close()

    def fetch(self, url: str, **words: Any) -> Any:
        return self._guard.fetch(url, **words)

    def post(self, url: str, **words: Any) -> Any:
        return self._guard.post(url, **words)


def _reply(answer: HTTPResponse, wanted: frozenset[str], limit_bytes: int, ends_at: float) -> Reply:
    body = b""
    while len(body) <= limit_bytes and (chunk := answer.read1(_CHUNK_BYTES)):
        body += chunk
        if time.monotonic() > ends_at:
            raise TimeoutError
    said = [(name.lower(), value) for name, value in answer.getheaders()]
    headers = {name: tuple(value for each, value in said if each == name) for name in wanted & {n for n, _ in said}}
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Reply(answer.status, kind, body[:limit_bytes], len(body) <= limit_bytes, headers)
