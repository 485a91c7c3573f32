"""`firefox` and `chromium` by turns; where one is missing its tests are skipped, or fail where browsers are required.

Of a test that failed a picture, the browser's log and what the product knows are kept in `.e2e/`.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from infra.local.shop.server import ShopServer
from infra.local.shop.shop import Shop
from tests.e2e.browsers import chromium, desktop, firefox
from tests.e2e.browsers.evidence import keep, last_words
from tests.e2e.browsers.person import Person
from tests.e2e.browsers.scene import Equipment, Scene, Site, standing

_SITES = ("site", "demo_site")


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with standing(tmp_path_factory.mktemp("scene")) as opened:
        yield opened


@pytest.fixture(params=["firefox", "chromium"])
def program(request: pytest.FixtureRequest) -> str:
    """Its name; it is there, and so is what it shows on."""
    programs = {"firefox": firefox.installed, "chromium": chromium.installed}
    missing = [
        name
        for name, found in ((request.param, programs[request.param]()), ("dbus-daemon", desktop.installed()))
        if found is None
    ]
    if missing and os.getenv("E2E_REQUIRED"):  # noqa: TID251 -- a wish about the tests, not a setting of the product
        pytest.fail(f"E2E_REQUIRED is set, but there is no {missing[0]}")
    if missing:
        pytest.skip(f"no {missing[0]} here")
    return str(request.param)


@pytest.fixture
def equipment(program: str, request: pytest.FixtureRequest) -> Equipment:
    scene: Scene = request.getfixturevalue("scene")  # only where there is a browser for it
    return scene.equipment(program)


@pytest.fixture
def grounds(equipment: Equipment, scene: Scene) -> Iterator[tuple[ShopServer, Site, Shop]]:
    with scene.shop() as grounds:
        yield grounds


@pytest.fixture
def site(grounds: tuple[ShopServer, Site, Shop]) -> Site:
    return grounds[1]


@pytest.fixture
def closed_person(equipment: Equipment, grounds: tuple[ShopServer, Site, Shop]) -> Iterator[Person]:
    """Before a shop that is not open yet."""
    person = Person(equipment.browser, equipment.service, equipment.desktop, origin=grounds[0].origin)
    yield person
    person.leaves()


@pytest.fixture
def person(closed_person: Person, grounds: tuple[ShopServer, Site, Shop]) -> Person:
    server, _, shop = grounds
    server.open(shop)
    return closed_person


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    found = getattr(item, "funcargs", {})
    if report.failed and report.when == "call" and "scene" in found:
        keep(
            item.name,
            equipment=found["equipment"],
            sites=[found[name] for name in _SITES if name in found],
            scene=found["scene"],
        )
        report.sections.append(("the browser's log", last_words(equipment=found["equipment"], scene=found["scene"])))
    return report
