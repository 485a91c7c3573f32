"""`python -m tests.adapters.golden` writes the next museum, after a format has changed. Those before it stay."""

from __future__ import annotations

import sys

from tests import conftest
from tests.fakes.installation import Installation


def main() -> None:
    from tests.adapters.golden.life import lived, standing
    from tests.adapters.golden.museum import FOLDER, paths

    with Installation.standing(conftest.PREFIX) as aws, standing(aws) as shop:
        museum = lived(shop)
    path = FOLDER / f"museum-{len(paths()) + 1}.json"
    path.write_text(museum.text(), encoding="utf-8")
    kinds = sorted(museum.kinds())
    sys.stdout.write("\n".join([*(" ".join(kind) for kind in kinds), f"{path}: {len(kinds)} kinds of rows", ""]))


if __name__ == "__main__":
    main()
