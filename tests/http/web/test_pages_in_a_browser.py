"""Our pages in a real browser, under their own policies, at the root of a domain and under a stage's path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app import app
from chalicelib.config import settings
from infra.local.gateway import Gateway
from infra.local.rest_event import Incoming, Outgoing
from tests.adapters.console.chromium import Browser
from tests.adapters.console.page import DESKTOP, PHONE, text
from tests.world import World

pytestmark = pytest.mark.e2e

EMAIL, PASSWORD = "dora@example.com", "a long enough password"


class Staged(Gateway):
    """API Gateway's own address: the stage stands before every path, and the app never sees it."""

    stage = ""

    def answer(self, incoming: Incoming) -> Outgoing:
        assert incoming.path.startswith(f"{self.stage}/"), incoming.path
        return super().answer(replace(incoming, path=incoming.path.removeprefix(self.stage)))


@dataclass(frozen=True)
class Place:
    """Where the product is reached."""

    host: str
    stage: str

    @property
    def url(self) -> str:
        return self.host + self.stage


@pytest.fixture(params=["", "/prod"])
def place(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with Staged(app) as gateway:
        gateway.stage = request.param
        found = Place(gateway.url, request.param)
        monkeypatch.setenv("PUBLIC_URL", found.url)
        settings.cache_clear()
        yield found
        settings.cache_clear()


def test_the_letters_page_opens_the_account(page: Browser, world: World, place: Place) -> None:
    world.client.post("/v1/auth/register", json={"email": EMAIL, "password": PASSWORD, "tenant_name": "Dora's"})
    token = re.search(r"token=([\w.-]+)", world.mail_to(EMAIL)[0].text)
    assert token
    page.ask("Page.navigate", url=f"{place.url}/verify?token={token[1]}")
    page.until("document.readyState === 'complete' && location.search === ''")
    page.evaluate(f"document.querySelector('#password').value = {PASSWORD!r}")
    page.evaluate("document.querySelector('button').click()")
    page.until("document.querySelector('#said').textContent.includes('is open')")
    assert "Sign in" in text(page, "#said")


def test_the_letters_page_takes_a_new_password(page: Browser, place: Place, world: World) -> None:
    page.visit(f"{place.url}/forgot")
    page.evaluate(f"document.querySelector('#email').value = {world.ada.email!r}")
    page.evaluate("document.querySelector('button').click()")
    page.until("document.querySelector('#said').textContent.includes('mailbox')")
    token = re.search(r"token=([\w.-]+)", world.mail_to(world.ada.email)[-1].text)
    assert token
    page.ask("Page.navigate", url=f"{place.url}/reset?token={token[1]}")
    page.until("document.readyState === 'complete' && location.search === ''")
    page.evaluate("document.querySelector('#password').value = 'a brand new password'")
    page.evaluate("document.querySelector('button').click()")
    page.until("document.querySelector('#said').textContent.includes('is changed')")
    login = {"email": world.ada.email, "password": "a brand new password"}
    assert world.client.post("/v1/auth/login", json=login).status == 200


@pytest.mark.parametrize("path", ["/docs", "/problems", "/problems/wrong_campaign_state", "/problems/nope", "/verify"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("dark", [False, True])
def test_a_page_is_dressed_and_fits(
    page: Browser, place: Place, tmp_path: Path, *, path: str, width: int, dark: bool
) -> None:
    page.look(width=width, height=844, dark=dark, is_phone=width == PHONE)
    page.visit(place.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px", "it has no style"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is not dark
    page.complaints[:] = [one for one in page.complaints if "404" not in one or "nope" not in one]


def test_every_place_in_the_reference_can_be_gone_to(page: Browser, place: Place) -> None:
    page.visit(f"{place.url}/docs")
    lost = "[...document.querySelectorAll('a[href^=\"#\"]')].filter((a) => !document.querySelector(a.hash)).length"
    assert page.evaluate(lost) == 0
    page.evaluate("document.querySelector('.rail a[href=\"#create_campaign\"]').click()")
    page.until("location.hash === '#create_campaign'")
    assert 0 <= page.evaluate("document.querySelector('#create_campaign').getBoundingClientRect().top") < 200
