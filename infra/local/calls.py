"""Commands for the running product from another process: they reach its AWS over HTTP, as a laptop reaches AWS."""

from __future__ import annotations

import code
import os

from infra.local import aws
from infra.local.instance import Taken, running


def operator_key() -> int:
    _attach()
    from chalicelib.core import clock
    from chalicelib.features.identity.wiring import identity

    print(identity().issue_operator_key(name="command line", now=clock.now()).key)
    print("Shown once. It opens /v1/ops/* and nothing of any tenant.")
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
    reach = {"AWS_ENDPOINT_URL": here.aws_url}
    os.environ.update(aws.environment(public_url=here.url) | reach)  # noqa: TID251 -- an entry point
