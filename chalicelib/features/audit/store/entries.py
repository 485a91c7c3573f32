"""The audit table: entries under `A#<tenant>#<yyyymm>` / 12-digit sequence, and under `A#<tenant>` the months that have
any (`M#<yyyymm>`), that there is a first (`GENESIS`), and what came by way of the queue (`ONCE#<request>#<action>`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.aws.dynamo import Put, Refused, Span, Table, absent, transact
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.audit.model import NEWEST_VERSION, Entry, Event, Fault, Place, genesis, moment

_TABLE = Table("audit")
_LAST = "9" * 12
_NUMBER = re.compile("[0-9]{12}")
_ONCE = "ONCE#"
_ONCE_KEPT_FOR = timedelta(days=30)  # longer than a message can wait, dead letters and a redrive included


class AuditRows:
    def last_of(self, tenant_id: str, month: str) -> Entry | None:
        page = _TABLE.query(_pk(tenant_id, month), Span(to=_LAST), limit=1, newest_first=True)
        return _entry(page.rows[0]) if page.rows else None

    def newest_month(self, tenant_id: str) -> str | None:
        page = _TABLE.query(f"A#{tenant_id}", Span(prefix="M#"), limit=1, newest_first=True)
        return str(page.rows[0]["sk"]).removeprefix("M#") if page.rows else None

    def months(self, tenant_id: str) -> Sequence[str]:
        page = _TABLE.query(f"A#{tenant_id}", Span(prefix="M#"))
        return [str(row["sk"]).removeprefix("M#") for row in page.rows]

    def stretch(self, tenant_id: str, place: Place) -> Sequence[Entry | Fault]:
        """Whatever stands there, also what nobody of ours has put."""
        span = None if place.is_first_of_month else Span(after=f"{place.sequence - 1:012d}")
        page = _TABLE.query(_pk(tenant_id, place.month), span)
        return [_entry_or_fault(row) for row in page.rows]

    def newest(self, tenant_id: str, month: str, *, before: int | None, most: int) -> Sequence[Entry | Fault]:
        span = Span(to=_LAST if before is None else f"{max(0, before - 1):012d}")
        page = _TABLE.query(_pk(tenant_id, month), span, limit=most, newest_first=True)
        return [_entry_or_fault(row) for row in page.rows]

    def at(self, tenant_id: str, place: Place) -> Entry | None:
        row = _TABLE.get(_pk(tenant_id, place.month), _sk(place))
        return _entry(row) if row else None

    def put(self, entries: Sequence[Entry], *, once: Event | None = None) -> bool:
        writes = [Put(_TABLE, _row(entry), absent()) for entry in entries]
        last = entries[-1]
        if last.place.sequence == 1:
            month = {"pk": f"A#{last.event.tenant_id}", "sk": f"M#{last.place.month}", "v": 1}
            writes.append(Put(_TABLE, month, absent()))
        if last.previous == genesis(last.event.tenant_id):
            writes.append(Put(_TABLE, {"pk": f"A#{last.event.tenant_id}", "sk": "GENESIS", "v": 1}, absent()))
        if once is not None:
            writes.append(Put(_TABLE, _once(once), absent()))
        try:
            if len(writes) == 1:
                _TABLE.write(writes[0])
            else:
                transact(*writes)
        except Refused as refused:
            return once is not None and _is_mark(refused.row)
        return True


def _pk(tenant_id: str, month: str) -> str:
    return f"A#{tenant_id}#{month}"


def _sk(place: Place) -> str:
    return f"{place.sequence:012d}"


def _row(entry: Entry) -> Row:
    event = entry.event
    return {
        "pk": _pk(event.tenant_id, entry.place.month),
        "sk": _sk(entry.place),
        "v": event.version,
        "at": moment(event.at),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "request_id": event.request_id,
        "previous": entry.previous,
        "hash": entry.hash,
        "facts": dict(event.facts) or None,
    }


def _once(event: Event) -> Row:
    return {
        "pk": f"A#{event.tenant_id}",
        "sk": f"{_ONCE}{event.request_id}#{event.action}",
        "v": 1,
        "ttl": in_seconds(event.at + _ONCE_KEPT_FOR),
    }


def _is_mark(row: Row | None) -> bool:
    """All that was in the way is that this event has landed before."""
    return row is not None and str(row["sk"]).startswith(_ONCE)


def _entry(row: Row) -> Entry:
    _, tenant_id, month = known(row, newest=NEWEST_VERSION)["pk"].split("#")
    event = Event(
        tenant_id=tenant_id,
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
        request_id=row["request_id"],
        at=datetime.fromisoformat(row["at"]),
        facts=row.get("facts", {}),
    )
    return Entry(Place(month, int(row["sk"])), event, row["previous"], row["hash"])


def _entry_or_fault(row: Row) -> Entry | Fault:
    with suppress(FromTheFuture, KeyError, TypeError, ValueError, AttributeError):
        entry = _entry(row)
        if entry.event.version == row["v"]:
            return entry
    name = str(row["sk"])
    place = Place(str(row["pk"]).rsplit("#", 1)[1], int(name) if _NUMBER.fullmatch(name) else 0)
    return Fault(place, "it cannot be read" if place.sequence else "something stands there that is no entry")
