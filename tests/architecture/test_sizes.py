from __future__ import annotations

from pathlib import Path

from tests.architecture.planting import plant
from tests.architecture.rules import sizes
from tests.architecture.rules.tree import ROOT


def test_no_file_is_taller_than_its_ceiling() -> None:
    assert sizes.tall_files(ROOT) == []


def test_no_function_is_taller_than_its_ceiling() -> None:
    assert sizes.tall_functions(ROOT) == []


def test_packages_are_empty() -> None:
    assert sizes.filled_packages(ROOT) == []


def test_a_tall_file_is_caught(tmp_path: Path) -> None:
    plant(tmp_path, **{"chalicelib/tall.py": "x = 1\n" * 401, "chalicelib/fits.py": "x = 1\n" * 400})
    assert sizes.tall_files(tmp_path) == ["chalicelib/tall.py:401: more than 400 lines"]


def test_a_tall_script_of_the_browser_is_caught(tmp_path: Path) -> None:
    plant(tmp_path, **{"web/sdk/worker.js": "x();\n" * 401})
    assert sizes.tall_files(tmp_path)


def test_an_app_that_leaves_the_screen_is_caught(tmp_path: Path) -> None:
    plant(tmp_path, **{"app.py": "x = 1\n" * 91})
    assert sizes.tall_files(tmp_path) == ["app.py:91: more than 90 lines"]


def test_a_tall_function_is_caught_even_inside_another(tmp_path: Path) -> None:
    inner = "    def inner() -> None:\n" + "        x = 1\n" * 50
    plant(tmp_path, **{"tests/tall.py": f"class Outer:\n{inner}\n\nasync def fits() -> None:\n" + "    x = 1\n" * 49})
    (finding,) = sizes.tall_functions(tmp_path)
    assert finding.startswith("tests/tall.py:2: inner has 51 lines")


def test_a_package_with_content_is_caught(tmp_path: Path) -> None:
    plant(
        tmp_path, **{"chalicelib/core/__init__.py": "from chalicelib.core import errors\n", "infra/__init__.py": "\n"}
    )
    (finding,) = sizes.filled_packages(tmp_path)
    assert finding.startswith("chalicelib/core/__init__.py")
