"""Jobs as rows of the core table: `JOBS#<tenant>` / id. Apart from the tenant's others, so that a job which removes
those can tell how far it has come.
"""

from __future__ import annotations

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.privacy.model import Job, Kind

_CORE = Table("core")


class JobRows:
    def add(self, job: Job) -> None:
        _CORE.put(_row(job), absent())

    def get(self, tenant_id: str, job_id: str) -> Job | None:
        row = _CORE.get(*_key(tenant_id, job_id))
        return _job(row) if row else None

    def change(self, job: Job) -> bool:
        try:
            _CORE.write(Put(_CORE, _row(job), equals("rev", job.rev - 1)))
        except Refused:
            return False
        return True

    def drop(self, job: Job) -> None:
        _CORE.delete(*_key(job.tenant_id, job.id))


def _key(tenant_id: str, job_id: str) -> tuple[str, str]:
    return f"JOBS#{tenant_id}", job_id


def _row(job: Job) -> Row:
    pk, sk = _key(job.tenant_id, job.id)
    ttl = in_seconds(job.finished_at + job.kept_for) if job.finished_at else None
    return {"pk": pk, "sk": sk, "v": 1, **msgspec.to_builtins(job), "ttl": ttl}


def _job(row: Row) -> Job:
    if known(row)["kind"] not in set(Kind):
        raise FromTheFuture
    return msgspec.convert(row, Job)
