"""Exports: in parts, by whoever comes, killed wherever it hurts; the file is the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.features.audit.model import Entry, Export, Fault, Progress
from chalicelib.features.audit.service.exporting import Exporting, UploadLost
from tests.fakes.audit import MemoryLedger
from tests.unit.audit.test_reading import ADA, CYD, JANUARY, a_chain


class MemoryExports:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Export] = {}
        self.rival: Callable[[], None] | None = None

    def add(self, export: Export) -> None:
        self.rows[export.tenant_id, export.id] = export

    def get(self, tenant_id: str, export_id: str) -> Export | None:
        return self.rows.get((tenant_id, export_id))

    def change(self, export: Export) -> bool:
        if self.rival:
            rival, self.rival = self.rival, None
            rival()
        if self.rows[export.tenant_id, export.id].rev != export.rev - 1:
            return False
        self.add(export)
        return True


class MemoryFiles:
    """`dies_at` is the call that a worker does not outlive: it was done, and nobody heard."""

    def __init__(self) -> None:
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.file = b""
        self.calls = 0
        self.dies_at = 0
        self.loses = 0

    def begin(self, _export: Export) -> str:
        name = f"upload-{len(self.uploads)}"
        self.uploads[name] = {}
        self._end_of_call()
        return name

    def add(self, export: Export, body: bytes) -> str:
        self._upload(export)[len(export.parts) + 1] = body
        self._end_of_call()
        return str(hash(body))

    def finish(self, export: Export) -> None:
        parts = self._upload(export)
        if [str(hash(parts[number])) for number in sorted(parts)] != list(export.parts):
            raise UploadLost
        self.file = b"".join(parts[number] for number in sorted(parts))
        del self.uploads[str(export.upload)]
        self._end_of_call()

    def link(self, export: Export) -> str:
        return f"https://files.example/{export.id}"

    def _upload(self, export: Export) -> dict[int, bytes]:
        if self.loses or export.upload not in self.uploads:
            self.loses = max(0, self.loses - 1)
            raise UploadLost
        return self.uploads[str(export.upload)]

    def _end_of_call(self) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            raise KeyboardInterrupt


class Wakes:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, export: Export) -> None:
        self.sent.append(export.id)


class House:
    def __init__(self, *, part_bytes: int = 1) -> None:
        self.exports, self.files, self.wakes = MemoryExports(), MemoryFiles(), Wakes()
        broken = a_chain()
        rows: list[Entry | Fault] = [*broken[:5], Fault(broken[5].place, "it cannot be read"), broken[6]]
        self.exporting = Exporting(
            exports=self.exports,
            files=self.files,
            wakes=self.wakes,
            ledger=MemoryLedger(ADA, rows),
            least_part_bytes=part_bytes,
        )
        self.id = self.exporting.ask(tenant_id=ADA, actor="usr_ada", now=JANUARY).id

    def go_on(self, *, steps: int = 1000) -> None:
        left = iter(range(steps))
        self.exporting.go_on(tenant_id=ADA, export_id=self.id, has_time=lambda: next(left, None) is not None)

    @property
    def export(self) -> Export:
        return self.exporting.show(tenant_id=ADA, export_id=self.id)[0]


def whole() -> bytes:
    house = House(part_bytes=10_000)
    house.go_on()
    return house.files.file.replace(house.id.encode(), b"<id>")


@pytest.mark.parametrize("part_bytes", [1, 400, 900, 10_000])
def test_parts_of_any_size_make_the_same_file(part_bytes: int) -> None:
    house = House(part_bytes=part_bytes)
    house.go_on()
    assert house.files.file.replace(house.id.encode(), b"<id>") == whole()
    assert (house.export.progress, house.export.written) == (Progress.READY, 6)
    heading, *lines = [json.loads(line) for line in house.files.file.splitlines()]
    assert heading["tenant"] == ADA
    assert [line["entry"]["sequence"] for line in lines] == [1, 2, 3, 4, 1, 3]


@pytest.mark.parametrize("dies_at", range(1, 9))
def test_whoever_dies_has_a_successor(dies_at: int) -> None:
    house = House()
    house.files.dies_at = dies_at
    with pytest.raises(KeyboardInterrupt):
        house.go_on()
    house.go_on()
    assert house.export.progress is Progress.READY
    assert house.files.file.replace(house.id.encode(), b"<id>") == whole()


def test_time_that_is_up_wakes_a_successor() -> None:
    house = House()
    for _ in range(20):
        house.go_on(steps=1)
    assert house.export.progress is Progress.READY
    assert set(house.wakes.sent) == {house.id}
    assert len(house.wakes.sent) == 8


def test_two_at_once_make_one_file() -> None:
    house = House()
    house.exports.rival = house.go_on
    house.go_on()
    assert house.export.progress is Progress.READY
    assert house.files.file.replace(house.id.encode(), b"<id>") == whole()


def test_an_upload_that_is_lost_begins_anew_and_one_that_always_is_fails() -> None:
    house = House()
    house.files.loses = 2
    house.go_on()
    assert house.export.progress is Progress.READY
    lost = House()
    lost.files.loses = 99
    lost.go_on()
    assert lost.export.progress is Progress.FAILED
    assert lost.exporting.show(tenant_id=ADA, export_id=lost.id)[1] is None


def test_an_empty_trail_is_a_file_with_a_heading() -> None:
    house = House()
    made = house.exporting.ask(tenant_id=CYD, actor="usr_cyd", now=JANUARY)
    house.exporting.go_on(tenant_id=CYD, export_id=made.id, has_time=lambda: True)
    assert len(house.files.file.splitlines()) == 1
    assert house.exporting.show(tenant_id=CYD, export_id=made.id)[1] == f"https://files.example/{made.id}"


@pytest.mark.parametrize("export_id", ["exp_x", "", "exp_" + "0" * 26, "../x"])
def test_what_nobody_asked_for_is_not_there(export_id: str) -> None:
    with pytest.raises(NotFound):
        House().exporting.show(tenant_id=ADA, export_id=export_id)
