"""Where tests lead that bring no server of their own. pytest-socket cannot see what curl opens."""

from __future__ import annotations

from collections.abc import Sequence

import pycurl

from chalicelib.channels.webpush.transport import Refused


class Nowhere:
    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        raise Refused


class Nobody:
    """A resolver to whom no name is known."""

    def addresses(self, host: str, *, within_seconds: float) -> Sequence[str]:
        return ()
