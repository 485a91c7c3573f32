"""`make matrix`: every route, asked as everybody who might come. Ends with 1 when somebody got the wrong answer."""

from __future__ import annotations

import logging
import sys

from tests import conftest
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation


def main() -> int:
    from app import app
    from chalicelib.core import clock
    from infra.local import moto_patch
    from tests.matrix.scene import set_up
    from tests.matrix.walk import walk
    from tests.world import World

    logging.disable(logging.CRITICAL)  # what is refused is told below
    manual = ManualClock(clock.now().replace(microsecond=0))
    clock.use(manual)
    with Installation.standing(conftest.PREFIX) as aws:
        aws.empty()
        moto_patch.follow(manual)
        report = walk(set_up(World.with_people(aws, manual)), app.endpoints)
    sys.stdout.writelines(f"{failure}\n" for failure in report.failures)
    sys.stdout.write(f"{report.line}\n")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
