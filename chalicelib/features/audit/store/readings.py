"""Who has read what in this hour, as rows of the idem table: `READ#<tenant>#<actor>#<hour>` / what."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from chalicelib.aws.dynamo import Refused, Table, absent
from chalicelib.core.clock import in_seconds

_KEPT_FOR = timedelta(hours=2)
_MOST_REMEMBERED = 10_000


class ReadingRows:
    """One conditional write an hour; what this process knows to be written is not even asked for."""

    def __init__(self) -> None:
        self._table = Table("idem")
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def is_first(self, *, tenant_id: str, actor: str, what: str, at: datetime) -> bool:
        key = (f"READ#{tenant_id}#{actor}#{at:%Y%m%d%H}", what)
        if key in self._known:
            return False
        row = {"pk": key[0], "sk": key[1], "v": 1, "ttl": in_seconds(at + _KEPT_FOR)}
        try:
            self._table.put(row, absent())
        except Refused:
            is_first = False
        else:
            is_first = True
        self._remember(key)
        return is_first

    def _remember(self, key: tuple[str, str]) -> None:
        self._known[key] = None
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
