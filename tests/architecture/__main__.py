"""The rules that need nothing but the files, in a second: for the pre-commit hook. The rest runs with the tests."""

from __future__ import annotations

import gc
import sys

from tests.architecture.rules import names, neighbours, pages, purity, sizes, texts
from tests.architecture.rules.tree import ROOT

FAST = (
    sizes.tall_files,
    sizes.tall_functions,
    sizes.filled_packages,
    names.empty_words,
    texts.forbidden_texts,
    texts.closed_modules,
    texts.wordy_modules,
    neighbours.trespassers,
    purity.impure_core,
    purity.unlocked_imports,
    pages.unmapped_slices,
    pages.dead_paths,
)


def main() -> int:
    gc.disable()  # looking for garbage among so many syntax trees took longer than all the rules; we end soon anyway
    findings = [finding for rule in FAST for finding in rule(ROOT)]
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
