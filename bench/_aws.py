"""AWS for the measured processes: moto behind HTTP in the process that measures, so that its work is never theirs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.local import aws

PREFIX = "pushsaas-bench"
TENANT = "ten_000000000000000000000bench"
_ROOT = Path(__file__).parents[1]
_LONGEST_SECONDS = 300


@contextmanager
def standing() -> Iterator[dict[str, str]]:
    """Yields what a process needs in its environment to reach it. This process is set up to reach it as well."""
    own = aws.environment(prefix=PREFIX, stage="test") | {"LOG_LEVEL": "ERROR"}
    os.environ.update(own)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with aws.running():
        from chalicelib.features.identity.adapters.key_set import new_key_set

        names = {"jwt": new_key_set(), "pepper": "bench-pepper", "installation": "bench-installation"}
        aws.create_resources(PREFIX, secrets={f"/{PREFIX}/{name}": value for name, value in names.items()})
        with aws.serving() as url:
            yield own | {"AWS_ENDPOINT_URL": url}


def child(module: str, *words: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """A fresh interpreter; what it printed last is its finding."""
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(
        command,
        cwd=_ROOT,
        env=os.environ | dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} ended with {done.returncode}:\n{done.stderr}")
    finding: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return finding


@contextmanager
def listening(event: str, listener: Callable[..., Any]) -> Iterator[None]:
    """To botocore, for every client that is made meanwhile."""
    from botocore.handlers import BUILTIN_HANDLERS

    BUILTIN_HANDLERS.append((event, listener))
    try:
        yield
    finally:
        BUILTIN_HANDLERS.remove((event, listener))


def campaign_run(*, site_id: str = "site_bench") -> Any:
    """A run to everybody of a site, as a campaign that is due becomes one."""
    from chalicelib.channels.message import Message
    from chalicelib.core import clock, ids
    from chalicelib.core.clock import in_milliseconds
    from chalicelib.core.identity import Mode
    from chalicelib.features.sending.model.run import Order, Run, Source

    now = clock.now()
    message = Message(title="Price drop", url="https://shop.example/sale")
    return Run(
        ids.new("run"),
        tenant_id=TENANT,
        site_id=site_id,
        source=Source.CAMPAIGN,
        campaign_id="cmp_bench",
        mode=Mode.LIVE,
        order=Order(message=message, cutoff=in_milliseconds(now)),
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
