"""How the local product's sender reaches push services: the stand-in on loopback, and beyond it only if asked to.

The one place where a host leads elsewhere than DNS says. The package does not contain it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pycurl

from chalicelib.channels.webpush.transport import Connector, Refused
from infra.local.push_service.service import STAND_IN_HOST


class Loopback:
    """Simulated subscribers live at the stand-in's own host, which never leads out. Without `beyond`, no host does."""

    def __init__(self, *, port: int, ca_path: Path, beyond: Connector | None = None) -> None:
        self._connect_to = [f"::127.0.0.1:{port}"]
        self._ca_path = str(ca_path)
        self._beyond = beyond

    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        if host == STAND_IN_HOST:
            curl.setopt(pycurl.CONNECT_TO, self._connect_to)
            curl.setopt(pycurl.CAINFO, self._ca_path)
        elif self._beyond is not None:
            self._beyond.prepare(curl, host)
        else:
            raise Refused


class Everywhere:
    """For tests: every push service's host leads to the stand-in, so that its vendor's habits can be met."""

    def __init__(self, *, port: int, ca_path: Path) -> None:
        self._connect_to = [f"::127.0.0.1:{port}"]
        self._ca_path = str(ca_path)

    def prepare(self, curl: pycurl.Curl, host: str) -> None:  # noqa: ARG002 -- the point is that it does not matter
        curl.setopt(pycurl.CONNECT_TO, self._connect_to)
        curl.setopt(pycurl.CAINFO, self._ca_path)


class NoNames:
    """For what tenants name: a laptop's product leaves it only when its pushes do."""

    def addresses(self, host: str, *, within_seconds: float) -> Sequence[str]:  # noqa: ARG002 -- whatever it is
        return ()
