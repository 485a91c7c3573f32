"""The pieces of `make bench B=send`: what all are given, what is said of it, and when it fails. No figures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from bench import send
from bench.peers import workshop
from bench.peers.contender import SLOW_SINK, Contender, Spent, cpu_seconds, sink
from bench.peers.job import PAYLOAD_BYTES, Job, new_job
from bench.peers.limit import NAMES
from bench.peers.ours import CLICKS, new_run
from chalicelib.channels.webpush.payload import envelope

PACE = Spent(count=100, cpu_seconds=0.01, ready_seconds=0.0, wall_seconds=0.02)
PACES = {"ours_at_50ms_per_s": PACE, "pywebpush_async_at_50ms_per_s": PACE}
COSTS = {
    "ours_us": 100.0,
    "pywebpush_loop_us": 600.0,
    "pywebpush_async_us": 250.0,
    "node_web_push_us": 500.0,
    **dict.fromkeys(NAMES, 22.5),
}


def a_job(folder: Path, port: int = 1) -> Path:
    path = folder / "job.json"
    job = new_job(port=port, ca_path=folder / "ca.pem", at_once=2, subscriptions=5)
    path.write_bytes(msgspec.json.encode(job))
    return path


def test_everybody_sends_as_much(tmp_path: Path) -> None:
    run = new_run()
    assert len(envelope(run.order.message, tag=run.id, clicks=CLICKS)) == PAYLOAD_BYTES == 400
    job = msgspec.json.decode(a_job(tmp_path).read_bytes(), type=Job)
    assert len(job.payload) == PAYLOAD_BYTES
    assert len({one["endpoint"] for one in job.first(7)}) == 5


def test_the_line_has_all_its_names_and_null_for_what_is_absent() -> None:
    figures = send.figures_of(COSTS, PACES)
    assert tuple(figures) == send.LINE
    assert (figures["limit_us"], figures["go_us"], figures["ours_at_50ms_per_s"]) == (45.0, None, 5_000)
    assert json.loads(json.dumps(figures))["rust_us"] is None


def test_who_reaches_every_bar_misses_none() -> None:
    assert send.bars_missed(send.figures_of(COSTS, PACES), is_cpu_bound=False) == []


@pytest.mark.parametrize("name", ["pywebpush_loop_us", "pywebpush_async_us", "node_web_push_us", *sorted(NAMES)])
def test_a_bar_that_is_missed_is_named(name: str) -> None:
    figures = send.figures_of(COSTS | {name: COSTS[name] - 1}, PACES)
    (missed,) = send.bars_missed(figures, is_cpu_bound=False)
    assert ("limit_us" if name in NAMES else name) in missed


def test_what_is_absent_misses_no_bar() -> None:
    figures = send.figures_of({"ours_us": 1e9}, PACES)
    assert send.bars_missed(figures, is_cpu_bound=False) == []


def test_a_window_that_is_not_filled_is_forgiven_only_to_who_has_no_time_left() -> None:
    slow = PACES | {"ours_at_50ms_per_s": Spent(100, 0.01, 0.0, 1.0)}
    figures = send.figures_of(COSTS, slow)
    assert len(send.bars_missed(figures, is_cpu_bound=False)) == 1
    assert send.bars_missed(figures, is_cpu_bound=True) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the clock of another process is Linux's")
def test_the_processor_time_of_a_process_has_that_of_its_children() -> None:
    work = "import time\nwhile time.process_time() < 0.3: pass\ninput()"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as parent:
        give_up_at = time.monotonic() + 20
        while cpu_seconds(parent.pid) < 0.3 and time.monotonic() < give_up_at:
            time.sleep(0.01)
        assert cpu_seconds(parent.pid) >= 0.3
        parent.communicate(b"\n")


@pytest.mark.skipif(sys.platform != "linux", reason="cores are chosen Linux's way")
@pytest.mark.parametrize("module", ["ours", "pywebpush_loop", "pywebpush_async", "bare"])
def test_every_sender_in_python_is_answered_yes(tmp_path: Path, module: str) -> None:
    with (
        sink(SLOW_SINK, tmp_path, delay_ms=0) as port,
        Contender([*send.module(module), str(a_job(tmp_path, port))]) as contender,
    ):
        spent = contender.push(5)
    assert spent.count == 5
    assert spent.cpu_us > 0


def test_a_sender_that_is_refused_ends_the_measurement(tmp_path: Path) -> None:
    with (
        Contender([*send.module("bare"), str(a_job(tmp_path))]) as contender,
        pytest.raises(RuntimeError, match="bare"),
    ):
        contender.push(1)


def test_what_cannot_be_made_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    program = workshop.Program("odd_us", "node", ("no-such-tool",), ("./odd",))
    assert workshop.command(program) is None
    assert capsys.readouterr().out == "  odd_us: skipped, no no-such-tool on this machine\n"


def test_the_figures_that_others_build_on_are_there() -> None:
    assert set(json.loads(send.FIGURES.read_text())) == set(send.KEPT)
