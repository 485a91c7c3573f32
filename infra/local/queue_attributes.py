"""A queue's attributes, each computed when it is looked at. For `moto_patch.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.sqs.models import Queue


class QueueAttributes(Mapping[str, Any]):
    """Stock counts all messages three times to learn any one attribute, and a send asks for one."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        value = getattr(self._queue, camelcase_to_underscores(name))
        if name == "RedrivePolicy" and value:
            return json.dumps(value)
        return str(value).lower() if isinstance(value, bool) else value

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        queue: Any = self._queue
        fifo = queue.FIFO_ATTRIBUTES if queue.fifo_queue else []
        return [*queue.BASE_ATTRIBUTES, *fifo, *(queue.KMS_ATTRIBUTES if queue.kms_master_key_id else [])]
