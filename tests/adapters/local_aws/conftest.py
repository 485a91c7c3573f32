from collections.abc import Iterator

import pytest

from infra.local import aws


@pytest.fixture(scope="module")
def empty_aws() -> Iterator[None]:
    with aws.running():
        yield


@pytest.fixture
def resources() -> Iterator[str]:
    """A new AWS with everything in it, for this test alone; yields the prefix."""
    with aws.running():
        aws.create_resources("test")
        yield "test"
