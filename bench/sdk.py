"""What a visitor's browser fetches for the SDK, gzipped, against the budgets that its build keeps.

Prompt and texts come only when somebody is about to be asked: counted is the largest language.
"""

from __future__ import annotations

import json
import sys

from infra.sdk import DIST

BUDGET_BYTES = {"page": 5_000, "worker": 3_000, "prompt": 5_000, "texts": 5_000}


def main() -> int:
    manifest = json.loads((DIST / "manifest.json").read_text())
    sizes = {name: file["gzip_bytes"] for name, file in manifest.items()}
    found = {
        "page": sizes["pushsaas"],
        "worker": sizes["worker"],
        "prompt": sizes["prompt"],
        "texts": max(size for name, size in sizes.items() if name.startswith("texts-")),
    }
    for name, size in found.items():
        print(f"  {name:<6} {size:>6,} bytes gzipped, of {BUDGET_BYTES[name]:,}")
    print("BENCH", json.dumps({f"{name}_gzip_bytes": found[name] for name in ("page", "worker", "prompt")}))
    return int(any(size > BUDGET_BYTES[name] for name, size in found.items()))


if __name__ == "__main__":
    sys.exit(main())
