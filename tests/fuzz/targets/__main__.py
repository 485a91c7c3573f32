"""`python -m tests.fuzz.targets NAME EXAMPLES`: one target, tried hard. Ends with 1 and the smallest example that broke
its reader.
"""

from __future__ import annotations

import sys

from tests.fuzz.targets.registry import TARGETS

if __name__ == "__main__":
    _, name, examples = sys.argv
    sys.stdout.write(f"{TARGETS[name]().attack(int(examples))}\n")
