from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules import names
from tests.architecture.rules.tree import ROOT


def test_our_names_say_something() -> None:
    assert names.empty_words(ROOT) == []


@pytest.mark.parametrize(
    "module", ["utils", "date_utils", "helpers", "common", "misc", "base", "manager", "data", "info"]
)
def test_an_empty_module_name_is_caught(tmp_path: Path, module: str) -> None:
    plant(tmp_path, **{f"chalicelib/core/{module}.py": '"""Docstring."""\n'})
    assert names.empty_words(tmp_path) == [f"chalicelib/core/{module}.py:1: the module name {module!r} says nothing"]


@pytest.mark.parametrize(
    "name",
    ["SiteManager", "ManagerOfSites", "StripeImpl", "SiteDTO", "SiteDto", "CampaignService", "BaseStore", "SiteData",
     "TenantInfo", "DateUtils", "TestHelper"],
)  # fmt: skip
def test_an_empty_class_name_is_caught(tmp_path: Path, name: str) -> None:
    plant(tmp_path, **{"chalicelib/core/x.py": f"class {name}: ...\n"})
    assert len(names.empty_words(tmp_path)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "handle_message",
        "_process_batch",
        "manage_sites",
        "do_send",
        "date_helpers",
        "manage",
        "data",
        "info",
        "process",
    ],
)
def test_an_empty_function_name_is_caught(tmp_path: Path, name: str) -> None:
    plant(tmp_path, **{"chalicelib/core/x.py": f"class Sites:\n    async def {name}(self) -> None: ...\n"})
    assert len(names.empty_words(tmp_path)) == 1


@pytest.mark.parametrize(
    "name", ["data_key", "base_url", "processed", "do_GET", "handle_data", "process_request", "_handles", "documented"]
)
def test_a_word_inside_a_telling_name_is_fine(tmp_path: Path, name: str) -> None:
    plant(tmp_path, **{"infra/x.py": f"def {name}() -> None: ...\n"})
    assert names.empty_words(tmp_path) == []


@pytest.mark.parametrize("name", ["PushService", "Servicing", "DataKey", "Database", "Commons"])
def test_terms_of_the_field_are_fine(tmp_path: Path, name: str) -> None:
    plant(tmp_path, **{"infra/x.py": f"class {name}: ...\n"})
    assert names.empty_words(tmp_path) == []
