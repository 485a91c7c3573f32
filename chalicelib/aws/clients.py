"""Clients of botocore, one of each, made on first use: making one costs 50 ms of a cold start. All share a session, so
that what it reads from disk is read once; no boto3, whose import costs more than it gives to who only calls operations.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

from chalicelib.aws import pages

_CONFIG = Config(
    connect_timeout=1.0,
    read_timeout=5.0,
    retries={"mode": "standard", "total_max_attempts": 4},
    s3={
        "addressing_style": "virtual"
    },  # else links name the bucket without its region, and new ones are not found there
)
making = Lock()  # botocore's sessions make one client at a time


@cache
def session() -> Session:
    session = get_session()
    session.register(pages.EVENT, pages.read_at_once)
    return session


@cache
def client(name: str) -> Any:
    with making:
        return session().create_client(name, config=_CONFIG)
