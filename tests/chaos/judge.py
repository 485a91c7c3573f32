"""What must be true of a story that is over, batch by batch. Knows the audience by itself, not from the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.guard import FEWEST_ANSWERS, sums
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.totals import EXCLUDED, FAMILIES, totals_of
from tests.chaos.owners import People
from tests.chaos.plot import Plot
from tests.chaos.service import PushServices, Trouble
from tests.chaos.stores import Audience
from tests.chaos.witness import Breach, Kind

_BESIDES = {*FAMILIES, EXCLUDED, "unknown", "spared"}
_UNPUSHED = ("skipped", "expired", "gone:ended_meanwhile")


class Judge:
    def __init__(
        self,
        plot: Plot,
        run: Run,
        batches: list[Batch],
        *,
        services: PushServices,
        audience: Audience,
        people: People,
        deaths: Counter[int],
    ) -> None:
        self._plot = plot
        self._run = run
        self._batches = batches
        self._services = services
        self._audience = audience
        self._people = people
        self._deaths = deaths
        self._unknown = Counter(self._arc_of(key) for key in services.unknown)

    def breaches(self) -> Iterator[Breach]:
        for batch in self._batches:
            yield from self._of(batch)
        yield from self._of_hosts()
        totals = totals_of(self._run, [])
        added: Counter[str] = Counter()
        for batch in self._batches:
            added.update(batch.progress.counts)
        if added != totals.counts:
            yield Breach(Kind.COUNT, f"the run says {totals.counts}, its batches {dict(added)}")
        if totals.counts.get("expired") and self._plot.order.is_patient:
            yield Breach(Kind.LOST, f"{totals.counts['expired']} expired, with a day's time", totals.counts["expired"])
        if not (totals.counts.get("spared") or self._deaths):
            left = sum(self._is_left(key) for key in self._services.heard_gone)
            if left:
                yield Breach(Kind.COUNT, f"{left} are gone, and nobody ended them")
        odd = {name for name in totals.counts if name.partition(":")[0] not in _BESIDES}
        if odd:
            yield Breach(Kind.COUNT, f"odd outcomes {odd}")

    def _of_hosts(self) -> Iterator[Breach]:
        """A host that calls most of its subscriptions gone ends nobody, unless it was hardly asked."""
        answers = sums(self._batches)
        for host in {one.host for one in self._plot.episodes if one.trouble is Trouble.MASS_GONE}:
            ended = sum(self._audience.rows[key].host == host for key in self._audience.buried)
            if ended and answers.get(host, (0, 0))[0] >= FEWEST_ANSWERS:
                yield Breach(Kind.BOUND, f"{host} called most of them gone, and {ended} were ended")

    def _is_left(self, key: bytes) -> bool:
        return self._audience.rows[key].is_active and key not in self._people.returned_at

    def _arc_of(self, key: bytes) -> int:
        return int.from_bytes(key) * (self._run.batches or 1) >> 8 * ring.KEY_BYTES

    def _of(self, batch: Batch) -> Iterator[Breach]:
        counts, number = batch.progress.counts, batch.number
        arc = ring.arc(number, batch.of)
        keys = self._audience.rows.between(arc.start, arc.end)
        must, may = self._audience_of(keys)
        settled = sum(_family(counts, name) for name in FAMILIES)
        if settled < len(must):
            yield Breach(Kind.LOST, f"batch {number}: {settled} of {len(must)} {counts}", len(must) - settled)
        if settled > len(must) + len(may):
            yield Breach(Kind.COUNT, f"batch {number}: {settled}, of at most {len(must)} + {len(may)}: {counts}")
        unpushed = len(must - self._services.attempted) - sum(_family(counts, name) for name in _UNPUSHED)
        if unpushed > 0:
            yield Breach(Kind.LOST, f"batch {number}: {unpushed} never pushed to, and nothing says why", unpushed)
        ledger = [self._services.accepted[key] for key in keys if key in self._services.accepted]
        duplicates = sum(ledger) - len(ledger)
        allowed = self._plot.window * self._deaths[number] + self._unknown[number]
        if duplicates > allowed:
            yield Breach(Kind.BOUND, f"batch {number}: {duplicates} duplicates, {allowed} allowed")

    def _audience_of(self, keys: list[bytes]) -> tuple[set[bytes], set[bytes]]:
        """Who must be in exactly once, and who may be in: those that changed before the last time they were read."""
        if self._run.is_for_chosen:
            return {chosen.key for chosen in self._run.order.chosen}.intersection(keys), set()
        must: set[bytes] = set()
        may: set[bytes] = set()
        for key in keys:
            versions = self._people.versions(key)
            fits = [row.is_active and row.active_since < self._run.order.cutoff for _, row in versions]
            if any(fits):
                was_there = versions[0][0] == 0.0 and fits[0]
                (must if was_there and not self._has_changed(key) else may).add(key)
        return must, may

    def _has_changed(self, key: bytes) -> bool:
        changed_at = self._people.changed_at(key)
        return changed_at is not None and changed_at <= max(
            (reading.seconds for reading in self._audience.readings if reading.start <= key <= reading.end),
            default=float("inf"),
        )


def _family(counts: dict[str, int], name: str) -> int:
    return sum(n for outcome, n in counts.items() if outcome == name or outcome.startswith(f"{name}:"))
