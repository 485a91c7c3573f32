"""Routes that browsers call from other people's sites: site key and origin are the credentials, checked at the door.

CORS (SECURITY 15) is granted there too, before the body is read, so that a page may read every answer, also a refusal.
What came of a visit is told to a witness, so that a site's owner can see whether its pages reach us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from chalice.app import Response

from chalicelib.core import clock
from chalicelib.core.errors import NotFound, PushError
from chalicelib.core.identity import Principal
from chalicelib.web import turnstile
from chalicelib.web.api import Api
from chalicelib.web.call import Call, Envelope
from chalicelib.web.endpoint import Endpoint

_KEPT_SECONDS = 600
_REQUEST_HEADERS = "Content-Type, X-Subscription-Token"
_ANSWER_HEADERS = "X-Request-Id, Retry-After"


class Visited(Protocol):
    """The site that a browser speaks for."""

    @property
    def id(self) -> str: ...

    @property
    def tenant_id(self) -> str: ...


class Gate(Protocol):
    def admit(self, *, site_key: str, origin: str | None) -> Visited:
        """Raises NotFound for an unknown site key, and a Forbidden for an origin that is not exactly the site's."""
        ...

    def by_key(self, site_key: str) -> Visited:
        """Without an origin."""
        ...


@dataclass(frozen=True)
class _Site:
    id: str
    tenant_id: str


class Witness(Protocol):
    def note(
        self,
        *,
        site_key: str,
        site: Callable[[], Visited],
        what: str,
        origin: str,
        code: str | None,
        version: str | None,
        at: datetime,
    ) -> None:
        """Of a site key that is one: which route was asked, the code of the refusal, and the SDK's version where it was
        told. Never raises a PushError.
        """
        ...


class BrowserApi(Api):
    """Every path has a `{site_key}`. The principal that views see is the site: its tenant, its id, and no scope.

    Without a `witness` nobody hears of who comes. JSON may be called plain text: a page asks no leave to send that, and
    what keeps others' forms out is the origin.
    """

    also_reads = frozenset({"text/plain"})

    def __init__(
        self,
        import_name: str,
        *,
        tag: str,
        gate: Callable[[], Gate],
        witness: Callable[[], Witness] | None = None,
        about: str = "",
    ) -> None:
        super().__init__(import_name, tag=tag, about=about)
        self._gate = gate
        self._witness = witness

    def _admit(self, endpoint: Endpoint, path: dict[str, str], envelope: Envelope) -> Principal:
        envelope.headers["Vary"] = "Origin"
        site_key, origin, gate = path["site_key"], envelope.request.headers.get("origin"), self._gate()
        if origin is None and endpoint.method == "GET":  # a page of our own origin, or a tool: it reads what is public
            site = gate.by_key(site_key)
        else:
            with self._telling(endpoint, envelope, site_key, partial(gate.by_key, site_key)):
                site = gate.admit(site_key=site_key, origin=origin)
            self._grant(endpoint, str(origin), envelope)
        visitor = Principal(subject=site_key, tenant_id=site.tenant_id, scopes=frozenset(), site_id=site.id)
        with self._telling(endpoint, envelope, site_key, lambda: site):
            turnstile.admit(self.app, endpoint, envelope, visitor)
        return visitor

    def _serve(
        self, endpoint: Endpoint, path: dict[str, str], envelope: Envelope, principal: Principal | None
    ) -> Response:
        assert principal is not None, "whom this door admits is a site's visitor"
        site = _Site(str(principal.site_id), principal.tenant_id)
        with self._telling(endpoint, envelope, path["site_key"], lambda: site):
            response = super()._serve(endpoint, path, envelope, principal)
        if endpoint.method != "OPTIONS":
            self._tell(endpoint, envelope, path["site_key"], lambda: site)
        return response

    @contextmanager
    def _telling(
        self, endpoint: Endpoint, envelope: Envelope, site_key: str, site: Callable[[], Visited]
    ) -> Iterator[None]:
        """Of refusals: not of our own faults, nor of what there is not, which a site key may be, too."""
        try:
            yield
        except PushError as refused:
            if not (refused.retryable or isinstance(refused, NotFound)):
                self._tell(endpoint, envelope, site_key, site, code=refused.code)
            raise

    def _tell(
        self,
        endpoint: Endpoint,
        envelope: Envelope,
        site_key: str,
        site: Callable[[], Visited],
        *,
        code: str | None = None,
    ) -> None:
        """Only browsers name an origin, and only theirs is news."""
        origin = envelope.request.headers.get("origin")
        if self._witness is not None and origin:
            self._witness().note(
                site_key=site_key,
                site=site,
                what=endpoint.path.partition("{site_key}/")[2],
                origin=origin,
                code=code,
                version=None if code else _version(envelope),
                at=clock.now(),
            )

    def _grant(self, endpoint: Endpoint, origin: str, envelope: Envelope) -> None:
        envelope.headers["Access-Control-Allow-Origin"] = origin
        envelope.headers["Access-Control-Expose-Headers"] = _ANSWER_HEADERS
        if endpoint.method == "OPTIONS":
            methods = sorted(other.method for other in self.endpoints if other.path == endpoint.path)
            envelope.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            envelope.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
            envelope.headers["Access-Control-Max-Age"] = str(_KEPT_SECONDS)


def _version(envelope: Envelope) -> str | None:
    """What the SDK calls itself. A route that does not ask for it has refused who says it."""
    return dict(envelope.request.query_params or {}).get("sdk")


def site_of(call: Call[Any]) -> str:
    """The id of the site that the door has admitted this browser for."""
    site_id = call.principal.site_id
    if site_id is None:
        raise TypeError("only a BrowserApi names a site")
    return site_id
