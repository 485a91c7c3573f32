"""A browser for the whole file; without one these tests are skipped, or fail where one is required."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.adapters.console.chromium import Browser, browser, installed
from tests.adapters.console.page import DESKTOP, OnStage
from tests.adapters.console.stage import on_stage


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if installed() is None:
        if os.getenv("E2E_REQUIRED"):  # noqa: TID251 -- a wish about the tests, not a setting of the product
            pytest.fail("E2E_REQUIRED is set, but there is no chromium")
        pytest.skip("no chromium here")
    with browser(Path(tmp_path_factory.mktemp("profile"))) as started:
        yield started


@pytest.fixture
def stage() -> Iterator[OnStage]:
    with ExitStack() as stack:
        yield lambda make: stack.enter_context(on_stage(make))


@pytest.fixture
def page(chromium: Browser) -> Iterator[Browser]:
    """The browser, wide; what it complains of fails the test unless the test took it off the list."""
    chromium.complaints.clear()
    chromium.look(width=DESKTOP, height=800)
    yield chromium
    chromium.visit("about:blank")
    assert chromium.complaints == []
