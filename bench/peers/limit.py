"""The least that a push can cost on this machine: its two multiplications on the curve, and a bare HTTP/2 exchange.

OpenSSL says what its assembler needs for them: an ECDH, and a signature, which is the only thing it times whose work is
a multiplication of the curve's own point, as making the message's key is. h2load sends the same body again and again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from bench.peers.contender import SENDERS_CORE, Contender, on_core
from bench.peers.job import PAYLOAD_BYTES, Job

NAMES = {"limit, curve", "limit, wire"}
_SPEED = ("openssl", "speed", "-seconds", "1", "ecdhp256", "ecdsap256")
_REQUESTS = 20_000
_H2LOAD = ("h2load", "-n", str(_REQUESTS), "-c", "1", "-m", "100")
_BODY_BYTES = PAYLOAD_BYTES + 103


def parts(job_path: Path) -> dict[str, Callable[[], float]]:
    """Their measurements, in microseconds a message, by `NAMES`; without openssl none, and so no limit."""
    if shutil.which("openssl") is None:
        print("  limit_us: skipped, no openssl on this machine")
        return {}
    if shutil.which("h2load") is None:
        print("  limit_us: no h2load (Debian: nghttp2-client), so its bare exchange is our own transport's")
        return {"limit, curve": _curve_us, "limit, wire": lambda: _transport_us(job_path)}
    endpoint = msgspec.json.decode(job_path.read_bytes(), type=Job).subscriptions[0]["endpoint"]
    return {"limit, curve": _curve_us, "limit, wire": lambda: _h2load_us(endpoint)}


def _curve_us() -> float:
    with on_core(SENDERS_CORE):
        said = subprocess.run(_SPEED, check=True, capture_output=True, text=True).stdout
    return 1e6 / _rate(said, "ecdh", column=-1) + 1e6 / _rate(said, "ecdsa", column=-2)


def _rate(said: str, algorithm: str, *, column: int) -> float:
    """`256 bits ecdsa (nistp256)   0.0000s   0.0000s  69019.1  23733.9`: seconds, then operations a second."""
    (line,) = [line for line in said.splitlines() if f" {algorithm} (nistp256)" in line]
    return float(line.split()[column])


def _h2load_us(endpoint: str) -> float:
    with NamedTemporaryFile() as body, on_core(SENDERS_CORE):
        body.write(b"." * _BODY_BYTES)
        body.flush()
        token = "." * 300
        headers = (f"authorization: vapid t={token}", "ttl: 60", "urgency: normal", "content-encoding: aes128gcm")
        named = [word for header in headers for word in ("-H", header)]
        with subprocess.Popen(
            [*_H2LOAD, "-d", body.name, *named, endpoint], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None, "it was asked for"
            said = process.stdout.read()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
    if f" {_REQUESTS} 2xx" not in said:
        raise RuntimeError(f"h2load was not answered as it should be:\n{said}")
    return (usage.ru_utime + usage.ru_stime) / _REQUESTS * 1e6


def _transport_us(job_path: Path) -> float:
    with Contender([sys.executable, "-m", "bench.peers.bare", str(job_path)]) as bare:
        bare.push(200)
        return bare.push(4_000).cpu_us
