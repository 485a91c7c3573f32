from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.aws.faults import Faults
from tests.fakes.installation import Installation


@pytest.fixture
def faults(aws: Installation) -> Iterator[Faults]:
    with Faults() as planted:
        yield planted
