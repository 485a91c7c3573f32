"""What the bulk lane asks: how often by the simulation of its batches, how heavy by the demo run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from infra.cost import assumptions as assumed
from infra.cost.asked import Asked
from infra.cost.batch_simulation import Averages
from infra.cost.demo_run import LANE, Run
from infra.cost.dynamo_units import READ_BYTES
from infra.cost.meter import Call
from infra.cost.scales import Weight

_MESSAGES_A_CALL = 10
_ROWS, _RECORDS, _SITE_AND_KEY = "subs", "sends", "core"


@dataclass(frozen=True)
class Lane:
    demo: Run
    batch: Averages
    rows: int
    batches: int

    def requests(self) -> Iterator[Asked]:
        yield from self._by_port()
        yield from self._messages()
        yield from self._by_container()

    @property
    def containers(self) -> int:
        return min(assumed.CONTAINERS, ceil(self.invocations))

    @property
    def invocations(self) -> float:
        return self.batches * self.batch.invocations

    @property
    def row_bytes(self) -> float:
        """Real endpoints are longer than the stand-in's."""
        read = [call.weight for call in self._calls if call.target == _ROWS and call.operation == "dynamodb.Query"]
        row_bytes = sum(weight.row_bytes for weight in read) / sum(weight.rows for weight in read)
        return row_bytes + max(0, assumed.ENDPOINT_BYTES - self.demo.endpoint_bytes)

    @property
    def pushes(self) -> float:
        return self._times("push")

    def _by_port(self) -> Iterator[Asked]:
        for item, port, operation, weight in (
            ("subscribers' rows", "read", "Query", Weight(reads=self._page_reads)),
            ("rows of those who wait", "picked", "BatchGetItem", Weight(reads=1)),
            ("run and record of a batch", "get", "GetItem", self._mean("GetItem", _RECORDS)),
            ("checkpoints of a batch", "save", "PutItem", self._mean("PutItem", _RECORDS)),
            ("gates of the site's hosts", "gates", "Query", Weight(reads=0.5)),
            ("the operator's switch", "switch", "BatchGetItem", Weight(reads=1.5)),  # three rows, half a unit each
            ("tombstones", "bury", "UpdateItem", self._mean("UpdateItem", _ROWS)),
            ("calendar", "put", "PutItem", Weight(writes=1)),
            ("calendar", "drop", "DeleteItem", Weight(writes=1)),
        ):
            yield Asked(item, f"dynamodb.{operation}", self._times(port), weight)

    def _messages(self) -> Iterator[Asked]:
        sent = ceil(self.batches / _MESSAGES_A_CALL) + self._times("wake")
        yield Asked("wake-ups", "sqs.SendMessageBatch", sent)
        yield Asked("wake-ups", "sqs.ReceiveMessage", self.invocations)
        yield Asked("wake-ups", "sqs.DeleteMessage", self.batches * self.batch.messages)

    def _by_container(self) -> Iterator[Asked]:
        """What the product keeps in memory for minutes it asks once in each container, not once in each batch."""
        kept = [call for call in self._calls if _is_kept(call)]
        for operation, target in dict.fromkeys((call.operation, call.target) for call in kept):
            asked = [call for call in kept if (call.operation, call.target) == (operation, target)]
            askers = len({call.invocation for call in asked})
            for call in asked:
                yield Asked("site and key, each container", operation, self.containers / askers, call.weight)

    def _times(self, port: str) -> float:
        return self.batches * self.batch.asked.get(port, 0.0)

    @property
    def _page_reads(self) -> int:
        return ceil(self.rows / self.batches * self.row_bytes / READ_BYTES)

    def _mean(self, operation: str, target: str) -> Weight:
        found = [c.weight for c in self._calls if c.target == target and c.operation == f"dynamodb.{operation}"]
        return Weight(
            reads=sum(weight.reads for weight in found) / len(found),
            writes=sum(weight.writes for weight in found) / len(found),
        )

    @property
    def _calls(self) -> list[Call]:
        return [call for call in self.demo.campaign.calls if call.function == LANE]


def _is_kept(call: Call) -> bool:
    is_the_sites = (call.operation, call.target) == ("dynamodb.GetItem", _SITE_AND_KEY)
    return is_the_sites or not call.operation.startswith(("dynamodb.", "sqs."))
