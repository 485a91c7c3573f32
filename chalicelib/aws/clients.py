"""boto3 clients, one of each, made on first use: making one costs 50 ms of a cold start."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=1.0, read_timeout=5.0, retries={"mode": "standard", "total_max_attempts": 4})


@cache
def client(name: str) -> Any:
    return boto3.client(name, config=_CONFIG)
