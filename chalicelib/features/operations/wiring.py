"""Operations with the real probes."""

from __future__ import annotations

from functools import cache, partial

from chalicelib.features.operations.service import Operations


@cache
def operations() -> Operations:
    from chalicelib.aws.dynamo import Table
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.operations.adapters.queues import SqsQueues
    from chalicelib.features.operations.store import StopRows

    return Operations(
        probes={
            "tables": partial(Table("core").get, "PROBE"),
            "secrets": partial(secret, settings().secret_pepper),
        },
        stops=StopRows(),
        queues=SqsQueues(),
    )
