"""One installation of the product on the local AWS: empty when asked, and looked into where a test must."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

from chalicelib.aws import secrets
from chalicelib.aws.buckets import buckets
from chalicelib.aws.values import Row, from_wire
from chalicelib.features.audit.wiring import audit
from chalicelib.features.identity.adapters.key_set import new_key_set
from infra.local import aws
from infra.local.oidc.desk import credentials
from tests.fakes import expressions

_SECRETS = {
    "jwt": new_key_set(),
    "pepper": "test-pepper",
    "installation": "test-installation",
    "oauth-google": credentials("google"),
    "oauth-microsoft": credentials("microsoft"),
}


@dataclass(frozen=True)
class SentMail:
    to: str
    subject: str
    text: str


class Installation:
    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    @classmethod
    @contextmanager
    def standing(cls, prefix: str) -> Iterator[Installation]:
        with aws.running():
            named = {f"/{prefix}/{name}": value for name, value in _SECRETS.items()}
            aws.create_resources(prefix, secrets=named)
            secrets.forget()
            expressions.measure()
            yield cls(prefix)

    def empty(self) -> None:
        buckets.cache_clear()  # what this process still had of them
        audit.cache_clear()  # and where each trail ended
        for table in self._dynamodb.tables.values():
            table.items.clear()
        for queue in self._sqs.queues.values():
            if queue._messages:
                self._purge(queue.name)
        for bucket in self._s3.buckets.values():
            bucket.keys.clear()
        self._ses.sent_messages.clear()

    def keep(self) -> bytes:
        """All rows as they stand, for `put_back`. What else there is must be empty."""
        assert not any(queue._messages for queue in self._sqs.queues.values())
        assert not self.blobs()
        assert not self.outbox()
        return pickle.dumps({name: dict(table.items) for name, table in self._dynamodb.tables.items()})

    def put_back(self, kept: bytes) -> None:
        """These rows and nothing else."""
        self.empty()
        for name, items in pickle.loads(kept).items():
            self._dynamodb.tables[name].items.update(items)

    def purge(self, queue: str) -> None:
        self._purge(f"{self.prefix}-{queue}")

    def _purge(self, name: str) -> None:
        self._sqs.queues[name].last_purged_at = None  # SQS allows one a minute
        self._sqs.purge_queue(name)

    def rows(self, table: str | None = None) -> list[Row]:
        """Everything at rest, in one table or all."""
        names = [f"{self.prefix}-{table}"] if table else list(self._dynamodb.tables)
        found = [item for name in names for item in self._dynamodb.tables[name].all_items()]
        return [from_wire(item.to_json()["Attributes"]) for item in found]

    def dump(self) -> str:
        """All rows as one text, to search for what must not be at rest."""
        return json.dumps(self.rows(), default=lambda raw: raw.decode("latin-1"))

    def outbox(self, to: str | None = None) -> list[SentMail]:
        mails = [
            SentMail(message.destinations["ToAddresses"][0], message.subject, message.body)
            for message in self._ses.sent_messages
        ]
        return [mail for mail in mails if to in {None, mail.to}]

    @cached_property
    def _dynamodb(self) -> Any:
        return dynamodb_backends[aws.ACCOUNT][aws.REGION]

    @cached_property
    def _sqs(self) -> Any:
        return sqs_backends[aws.ACCOUNT][aws.REGION]

    def blobs(self, folder: str = "") -> dict[str, bytes]:
        """What lies in the bucket of blobs, by its key."""
        bucket = self._s3.buckets[f"{self.prefix}-blobs-{aws.ACCOUNT}"]
        return {key: bucket.keys[key].value for key in bucket.keys if key.startswith(folder)}

    @cached_property
    def _s3(self) -> Any:
        return s3_backends[aws.ACCOUNT]["aws"]

    @cached_property
    def _ses(self) -> Any:
        return ses_backends[aws.ACCOUNT][aws.REGION]
