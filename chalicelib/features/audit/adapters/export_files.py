"""Files of exports: `exports/<tenant>/<id>.jsonl`, which the bucket drops after a week."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.aws import blobs
from chalicelib.features.audit.model import Export
from chalicelib.features.audit.service.exporting import KIND, UploadLost

_LINK_SECONDS = 300


class ExportFiles:
    def begin(self, export: Export) -> str:
        return blobs.begin(_key(export), kind=KIND)

    def add(self, export: Export, body: bytes) -> str:
        with _or_lost():
            return blobs.add(_key(export), upload=str(export.upload), number=len(export.parts) + 1, body=body)

    def finish(self, export: Export) -> None:
        with _or_lost():
            blobs.finish(_key(export), upload=str(export.upload), parts=export.parts)

    def link(self, export: Export) -> str:
        return blobs.link(_key(export), seconds=_LINK_SECONDS, file_name=f"audit-log-{export.id}.jsonl")


def _key(export: Export) -> str:
    return f"exports/{export.tenant_id}/{export.id}.jsonl"


@contextmanager
def _or_lost() -> Iterator[None]:
    try:
        yield
    except blobs.UploadGone as error:
        raise UploadLost from error
