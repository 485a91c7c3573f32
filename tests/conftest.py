"""The environment, fixed once before anything of the product is imported, and the fixtures every suite shares.

`aws`: an installation of its own for each test file, emptied before each test. `clock`: stands still. `world`: Ada,
Ben and Cyd, who are the same in all tests of a file, as if just made, and an HTTP client over the real app.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis.strategies import _internal as parts_of_hypothesis

from tests.fakes.clock import ManualClock

PREFIX = "pushsaas-test"

os.environ.update(
    STAGE="test",
    PREFIX=PREFIX,
    PUBLIC_URL="http://127.0.0.1:8000",
    KMS_KEY=f"alias/{PREFIX}",
    BLOBS_BUCKET=f"{PREFIX}-blobs-123456789012",
    MAIL_FROM="push@example.com",
    SECRET_JWT=f"/{PREFIX}/jwt",
    SECRET_PEPPER=f"/{PREFIX}/pepper",
    SECRET_INSTALLATION=f"/{PREFIX}/installation",
    SECRET_OAUTH_GOOGLE=f"/{PREFIX}/oauth-google",
    SECRET_OAUTH_MICROSOFT=f"/{PREFIX}/oauth-microsoft",
    COUNTRY_HEADER="CloudFront-Viewer-Country",
    LIMITS_SCALE="1000",  # nothing here is about limits but what says so
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    AWS_DEFAULT_REGION="eu-central-1",
    AWS_CONFIG_FILE="/dev/null",
    AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    AWS_EC2_METADATA_DISABLED="true",
)

from chalicelib.channels import registry  # noqa: E402 -- the environment comes first
from chalicelib.channels.outside.curl import Way  # noqa: E402
from chalicelib.core import clock as product_clock  # noqa: E402
from tests.fakes.nowhere import Nobody, Nowhere  # noqa: E402

registry.use(Nowhere())
registry.lead(Way(resolver=Nobody()))

if TYPE_CHECKING:  # moto takes a second to import, which unit tests do without
    from tests.fakes.installation import Installation
    from tests.fakes.keyring import Keyring
    from tests.world import Kept, World


def pytest_collection_finish() -> None:
    """Hypothesis loads its parts when they are first used, and pytest parses what it loads; Python 3.11 breaks when two
    threads parse at once (gh-106905). So all of them are there before any test has a thread.
    """
    for part in pkgutil.iter_modules(parts_of_hypothesis.__path__):
        importlib.import_module(f"{parts_of_hypothesis.__name__}.{part.name}")


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """The product's clock, standing at the present until advanced."""
    manual = ManualClock(product_clock.now().replace(microsecond=0))
    product_clock.use(manual)
    yield manual
    product_clock.use(product_clock.SystemClock())


@pytest.fixture
def real_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in production: everywhere else they are a thousand times as wide."""
    from chalicelib.config import settings

    monkeypatch.setenv("LIMITS_SCALE", "1")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    from tests.fakes.installation import Installation

    with Installation.standing(PREFIX) as standing:
        yield standing


@pytest.fixture
def aws(installation: Installation) -> Installation:
    """All tables, queues, keys and secrets; nothing in them."""
    installation.empty()
    return installation


@pytest.fixture(scope="module")
def kept_world(installation: Installation) -> Kept:
    from infra.local import moto_patch
    from tests.world import World

    installation.empty()
    manual = ManualClock(product_clock.now().replace(microsecond=0))
    product_clock.use(manual)
    moto_patch.follow(manual)
    kept = World.with_people(installation, manual).kept()
    moto_patch.follow(None)
    product_clock.use(product_clock.SystemClock())
    return kept


@pytest.fixture
def world(aws: Installation, kept_world: Kept, clock: ManualClock) -> Iterator[World]:
    from infra.local import moto_patch
    from tests.world import World

    moto_patch.follow(clock)
    yield World.as_it_was(aws, clock, kept_world)
    moto_patch.follow(None)


@pytest.fixture
def keyring(aws: Installation) -> Iterator[Keyring]:
    from tests.fakes.keyring import Keyring

    with Keyring.of(aws.prefix) as keyring:
        yield keyring
