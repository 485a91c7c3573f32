"""Where pushes lead in tests that bring no push service of their own. pytest-socket cannot see what curl opens."""

from __future__ import annotations

import pycurl

from chalicelib.channels.webpush.transport import Refused


class Nowhere:
    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        raise Refused
