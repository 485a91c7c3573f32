"""A trail as a file that a stranger can verify: one line an entry, exactly as it was sealed. A job in parts, each put
before the row that counts it, so that whoever dies leaves a successor at most one part to put again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound
from chalicelib.features.audit.model import Entry, Export, Place, Progress, canonical, genesis
from chalicelib.features.audit.service.reading import Ledger

_LEAST_PART_BYTES = 6_000_000  # S3 takes no less than 5 MiB, but for the last
_MOST_RESTARTS = 3
KIND = "application/x-ndjson"


class Exports(Protocol):
    def add(self, export: Export) -> None:
        """A new one."""
        ...

    def get(self, tenant_id: str, export_id: str) -> Export | None:
        """None when there is none, or no more."""
        ...

    def change(self, export: Export) -> bool:
        """False when somebody else has, since its `rev` was read: one less than it has now."""
        ...


class Files(Protocol):
    def begin(self, export: Export) -> str:
        """A new upload."""
        ...

    def add(self, export: Export, body: bytes) -> str:
        """The next part."""
        ...

    def finish(self, export: Export) -> None:
        """All parts are there."""
        ...

    def link(self, export: Export) -> str:
        """Opens the file for a few minutes."""
        ...


class Wakes(Protocol):
    def send(self, export: Export) -> None:
        """Have it worked on, soon."""
        ...


class UploadLost(Exception):
    """What was uploaded cannot be gone on with."""


class Exporting:
    def __init__(
        self, *, exports: Exports, files: Files, wakes: Wakes, ledger: Ledger, least_part_bytes: int = _LEAST_PART_BYTES
    ) -> None:
        self._exports = exports
        self._files = files
        self._wakes = wakes
        self._ledger = ledger
        self._least_part_bytes = least_part_bytes

    def ask(self, *, tenant_id: str, actor: str, now: datetime) -> Export:
        export = Export(ids.new("exp"), tenant_id, actor, now)
        self._exports.add(export)
        self._wakes.send(export)
        return export

    def show(self, *, tenant_id: str, export_id: str) -> tuple[Export, str | None]:
        """With a link, when the file is there."""
        export = self._exports.get(tenant_id, export_id) if ids.is_id(export_id, "exp") else None
        if export is None:
            raise NotFound
        return export, self._files.link(export) if export.progress is Progress.READY else None

    def go_on(self, *, tenant_id: str, export_id: str, has_time: Callable[[], bool]) -> None:
        """May be called at any time, by several at once: one of them gets each step in, the others leave."""
        export = self._exports.get(tenant_id, export_id)
        restarts = 0
        while export is not None and not export.is_over:
            if not has_time():
                self._wakes.send(export)
                return
            try:
                following = self._step(export)
            except UploadLost:
                restarts += 1
                is_hopeless = restarts == _MOST_RESTARTS
                following = replace(export, progress=Progress.FAILED) if is_hopeless else self._anew(export)
            following = replace(following, rev=export.rev + 1)
            export = following if self._exports.change(following) else None

    def _step(self, export: Export) -> Export:
        if export.upload is None:
            return self._anew(export)
        if export.parts and export.at is None:
            self._files.finish(export)
            return replace(export, progress=Progress.READY)
        lines, at = self._part(export)
        body = b"".join([] if export.parts else [_heading(export)]) + b"".join(lines)
        return export.by(self._files.add(export, body), at=at, lines=len(lines))

    def _anew(self, export: Export) -> Export:
        return export.begun(self._files.begin(export))

    def _part(self, export: Export) -> tuple[Sequence[bytes], Place | None]:
        """Enough lines for a part, and where the next begins; None when these were the last."""
        lines: list[bytes] = []
        size = 0
        for entry in self._entries(export):
            if size >= self._least_part_bytes:
                return lines, entry.place
            lines.append(_line(entry))
            size += len(lines[-1])
        return lines, None

    def _entries(self, export: Export) -> Iterator[Entry]:
        """What cannot be read is left out; whoever verifies the file finds the gap."""
        for month in self._ledger.months(export.tenant_id):
            at = Place(month, 1)
            if export.at is not None and month <= export.at.month:
                at = export.at
            while month >= at.month and (found := self._ledger.stretch(export.tenant_id, at)):
                yield from (one for one in found if isinstance(one, Entry))
                at = found[-1].place.next


def _heading(export: Export) -> bytes:
    told = {
        "format": "pushsaas-audit-log",
        "tenant": export.tenant_id,
        "export": export.id,
        "genesis": genesis(export.tenant_id),
    }
    return f"{json.dumps(told)}\n".encode()


def _line(entry: Entry) -> bytes:
    return f'{{"hash":"{entry.hash}","entry":{canonical(entry)}}}\n'.encode()
