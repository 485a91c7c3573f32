"""Commands for the running product from another process: they reach its AWS over HTTP, as a laptop reaches AWS."""

from __future__ import annotations

import code
import os
import socket
from urllib.parse import urlsplit

from infra.local import aws
from infra.local.instance import Taken, running

_SILENT = "The local product is there but does not answer; see what `make run` says, and start it again."
_PATIENCE_SECONDS = 3


def operator_key() -> int:
    _attach()
    from chalicelib.core import clock
    from chalicelib.core.errors import Unavailable
    from chalicelib.features.identity.wiring import identity

    try:
        print(identity().issue_operator_key(name="command line", now=clock.now()).key)
    except Unavailable:
        raise Taken(_SILENT) from None
    print("Shown once. It opens the operator's routes as they come, and nothing of any tenant.")
    return 0


def prompt() -> int:
    _attach()
    from chalicelib.aws.dynamo import Table
    from chalicelib.features.campaigns.wiring import campaigns
    from chalicelib.features.identity.wiring import identity
    from chalicelib.features.sending.wiring import sending
    from chalicelib.features.sites.wiring import sites
    from chalicelib.features.subscriptions.wiring import subscriptions

    names = {
        "campaigns": campaigns(),
        "identity": identity(),
        "sending": sending(),
        "sites": sites(),
        "subscriptions": subscriptions(),
        "Table": Table,
    }
    said = f"The running product, its services by name: {', '.join(names)}. Rows: Table('core').get('T#…', 'TENANT')"
    code.interact(banner=said, local=names, exitmsg="")
    return 0


def _attach() -> None:
    here = running()
    if here is None or here.aws_url is None:
        raise Taken("The local product is not running; `make run` starts it.")
    _must_answer(here.aws_url)
    reach = {"AWS_ENDPOINT_URL": here.aws_url}
    os.environ.update(aws.environment(public_url=here.url) | reach)  # noqa: TID251 -- an entry point


def _must_answer(url: str) -> None:
    reach = urlsplit(url)
    try:
        socket.create_connection((reach.hostname, reach.port), timeout=_PATIENCE_SECONDS).close()
    except OSError:
        raise Taken(_SILENT) from None
