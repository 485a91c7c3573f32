"""The browser of the console's tests, for the pages that everybody may read."""

from __future__ import annotations

from tests.adapters.console.conftest import chromium, page

__all__ = ["chromium", "page"]
