"""Batch records as rows of the sends table: `C#<tenant>#<run>#<s>` / `B#<n>`, s being the top three bits of n.

What conditions test are attributes; all else is one packed value, read and written whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Span, Table, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import from_milliseconds, in_milliseconds, in_seconds
from chalicelib.features.sending.model.batch import Batch, Grave, Progress, Wait
from chalicelib.features.sending.model.ring import KEY_BYTES
from chalicelib.features.sending.model.run import Run

_VERSION = 1
_PARTITION_BITS = 3
_SINCE_BYTES = 8
_NAMED_AT_ONCE = 64  # batches are a power of two, and a look-up takes a hundred names


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    """Only ever extended at the end, with defaults: an old record is read by new code, and the other way round."""

    cursor: bytes
    is_read: bool
    passes: int
    counts: dict[str, int]
    in_doubt: bytes
    later: list[tuple[int, int, str, bytes]]
    gone: list[tuple[str, bytes]]
    hosts: dict[str, list[int]]


class BatchRows:
    def __init__(self) -> None:
        self._table = Table("sends")

    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        unstarted = Batch.unstarted(run, number)
        row = self._table.get(_pk(tenant_id, run.id, number, unstarted.of), _sk(number))
        return _batch(run, row) if row else None

    async def get_many(self, tenant_id: str, run: Run, numbers: Sequence[int]) -> list[Batch]:
        of = run.batches or 1
        rows = self._table.get_many((_pk(tenant_id, run.id, number, of), _sk(number)) for number in numbers)
        return [_batch(run, row) for row in rows]

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        write = Put(self._table, _row(tenant_id, batch), equals("rev", batch.rev) if batch.rev else absent())
        try:
            self._table.write(write)
        except Refused as refused:
            if not write.stands_in(refused.row or {}):
                return False  # and if it does, an earlier try of ours had arrived
        batch.rev += 1
        return True

    async def of_run(self, tenant_id: str, run: Run) -> list[Batch]:
        """As many as one look-up takes by their names, more by the eight partitions they lie in."""
        found: list[Batch] = []
        of = run.batches or 1
        if of <= _NAMED_AT_ONCE:
            return sorted(await self.get_many(tenant_id, run, range(of)), key=lambda batch: batch.number)
        for partition in range(min(of, 1 << _PARTITION_BITS)):
            position = None
            while True:
                page = self._table.query(f"C#{tenant_id}#{run.id}#{partition}", Span(prefix="B#"), position=position)
                found += [_batch(run, row) for row in page.rows]
                position = page.position
                if position is None:
                    break
        return found


def _pk(tenant_id: str, run_id: str, number: int, of: int) -> str:
    bits = of.bit_length() - 1
    return f"C#{tenant_id}#{run_id}#{number >> max(0, bits - _PARTITION_BITS)}"


def _sk(number: int) -> str:
    return f"B#{number:06d}"


def _row(tenant_id: str, batch: Batch) -> Row:
    return {
        "pk": _pk(tenant_id, batch.run_id, batch.number, batch.of),
        "sk": _sk(batch.number),
        "v": _VERSION,
        "rev": batch.rev + 1,
        "n": batch.number,
        "owner": batch.owner or None,
        "leased_until": in_milliseconds(batch.leased_until) if batch.leased_until else None,
        "next_at": in_milliseconds(batch.next_at) if batch.next_at else None,
        "final": batch.is_final,
        "packed": msgspec.msgpack.encode(_pack(batch.progress)),
        "ttl": in_seconds(batch.keep_until),
    }


def _batch(run: Run, row: Row) -> Batch:
    batch = Batch.unstarted(run, known(row, newest=_VERSION)["n"])
    batch.progress = _unpack(msgspec.msgpack.decode(row["packed"], type=_Packed))
    batch.owner = row.get("owner", "")
    batch.leased_until = from_milliseconds(row["leased_until"]) if "leased_until" in row else None
    batch.next_at = from_milliseconds(row["next_at"]) if "next_at" in row else None
    batch.is_final = row["final"]
    batch.rev = row["rev"]
    return batch


def _pack(progress: Progress) -> _Packed:
    return _Packed(
        progress.cursor,
        progress.is_read,
        progress.passes,
        progress.counts,
        b"".join(progress.in_doubt),
        [(wait.at, wait.attempt, wait.reason, b"".join(keys)) for wait, keys in progress.later.items()],
        [(host, b"".join(map(_buried, graves))) for host, graves in progress.gone.items()],
        progress.hosts,
    )


def _unpack(packed: _Packed) -> Progress:
    return Progress(
        packed.cursor,
        packed.is_read,
        packed.passes,
        packed.counts,
        dict.fromkeys(_split(packed.in_doubt, KEY_BYTES)),
        {
            Wait(at, attempt, reason): dict.fromkeys(_split(keys, KEY_BYTES))
            for at, attempt, reason, keys in packed.later
        },
        {host: [_dug_up(grave) for grave in _split(graves, KEY_BYTES + _SINCE_BYTES)] for host, graves in packed.gone},
        packed.hosts,
    )


def _split(joined: bytes, size: int) -> list[bytes]:
    return [joined[position : position + size] for position in range(0, len(joined), size)]


def _buried(grave: Grave) -> bytes:
    return grave.key + grave.active_since.to_bytes(_SINCE_BYTES)


def _dug_up(packed: bytes) -> Grave:
    return Grave(packed[:KEY_BYTES], int.from_bytes(packed[KEY_BYTES:]))
