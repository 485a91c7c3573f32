"""One cold start, in a process that has imported nothing yet; says how much CPU it took. For `bench.cold`."""

from __future__ import annotations

import json
import sys
import time


def main(what: str, event: str) -> None:
    began = time.process_time()
    if what == "boto3":
        _boto3()
    else:
        _send_worker(json.loads(event))
    print(json.dumps({"ms": (time.process_time() - began) * 1000}))


def _boto3() -> None:
    import boto3

    boto3.client("dynamodb")
    boto3.client("sqs")


def _send_worker(event: dict[str, object]) -> None:
    """As Lambda does it: import the module, call the function. It is stopped as soon as its lease stands."""
    from botocore.handlers import BUILTIN_HANDLERS

    from chalicelib.features.sending.worker import send

    BUILTIN_HANDLERS.append(("after-call.dynamodb.PutItem", _leased))
    try:
        send(event, _Context())
    except _Leased:
        return
    raise RuntimeError("it came to an end without a lease")


class _Leased(BaseException):
    """Nobody catches it on its way out."""


def _leased(**_: object) -> None:
    raise _Leased


class _Context:
    """Of an invocation, as far as the worker asks."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


if __name__ == "__main__":
    main(*sys.argv[1:])
