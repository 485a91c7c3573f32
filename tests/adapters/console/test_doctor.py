"""The doctor's page in a real browser: which site, what is wrong with it, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.adapters.console.chromium import Browser
from tests.adapters.console.fake_product import FakeProduct, an_empty_one
from tests.adapters.console.page import DESKTOP, PHONE, OnStage, click, shows, text
from tests.adapters.console.sick_sites import BLOG, NEW, SHOP, with_sites

pytestmark = pytest.mark.e2e


def opened(page: Browser, stage: OnStage, product: FakeProduct, query: str = "") -> None:
    standing = stage(lambda _url: product)
    page.visit(f"{standing.url}/local/doctor{query}")


def choose(page: Browser, site_id: str) -> None:
    page.evaluate(
        f"(document.querySelector('#site').value = {json.dumps(site_id)}, "
        "document.querySelector('#site').dispatchEvent(new Event('change')))"
    )


@pytest.mark.parametrize("make", [with_sites, an_empty_one])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_doctor_fits_every_window(
    page: Browser, stage: OnStage, tmp_path: Path, *, width: int, dark: bool, make: type[FakeProduct]
) -> None:
    page.look(width=width, height=844, dark=dark, is_phone=width == PHONE)
    opened(page, stage, make())
    page.until("document.body.innerText.includes('No site yet') || !!document.querySelector('.finding')")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cut = "[...document.querySelectorAll('button, h2, .chip, .fix')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
    page.screenshot(tmp_path / "doctor.png")
    assert (tmp_path / "doctor.png").stat().st_size > 10_000


def test_the_first_page_leads_there(page: Browser, stage: OnStage) -> None:
    standing = stage(lambda url: with_sites(url=url))
    page.visit(f"{standing.url}/")
    page.until(shows("#mode", "pushes"))
    click(page, "a[href='/local/doctor']")
    page.until(shows("#verdict", "3 problems and 1 warning"))


def test_what_is_wrong_comes_first_and_with_what_to_do(page: Browser, stage: OnStage) -> None:
    opened(page, stage, with_sites())
    page.until(shows("#verdict", "3 problems and 1 warning to look at"))
    statuses = page.evaluate("[...document.querySelectorAll('.finding')].map((one) => one.dataset.status).join()")
    assert statuses.split(",") == ["problem"] * 3 + ["warning"] + ["unknown"] * 2 + ["ok"] * 6
    assert "Add https://www.shop.example to the site's origins" in text(page, ".finding .fix")
    assert page.evaluate("document.querySelectorAll('.finding[data-status=ok] .fix').length") == 0
    assert '<script defer src="https://push.example.com' in text(page, "#findings")  # as text


def test_another_site_is_chosen_and_kept_in_the_address(page: Browser, stage: OnStage) -> None:
    product = with_sites()
    opened(page, stage, product)
    page.until(shows("#verdict", "problems"))
    choose(page, BLOG)
    page.until(shows("#verdict", "Everything that could be looked at is fine"))
    assert page.evaluate("location.search") == f"?site={BLOG}"
    choose(page, NEW)
    page.until(f"location.search === '?site={NEW}' && !document.body.classList.contains('looking')")
    assert product.looked == [SHOP, BLOG, NEW]


def test_an_address_names_its_site(page: Browser, stage: OnStage) -> None:
    product = with_sites()
    opened(page, stage, product, f"?site={BLOG}")
    page.until(shows("#verdict", "fine"))
    click(page, "#again")
    page.until("!document.body.classList.contains('looking')")
    assert set(product.looked) == {BLOG}


def test_without_a_site_it_says_how_to_get_one(page: Browser, stage: OnStage) -> None:
    product = an_empty_one()
    opened(page, stage, product)
    page.until(shows("#site", "no site yet"))
    assert "POST /v1/sites" in text(page, "#sites-empty")
    furnished = with_sites()
    product.site_names, product.findings = furnished.site_names, furnished.findings
    click(page, "#again")
    page.until(shows("#verdict", "problems"))
    assert page.evaluate("document.querySelector('#sites-empty').hidden")


def test_trouble_is_said_and_passes(page: Browser, stage: OnStage) -> None:
    product = with_sites()
    product.is_down = True
    opened(page, stage, product)
    page.until(shows("#alarm", "answers with an error"))
    product.is_down = False
    click(page, "#again")
    page.until(shows("#verdict", "problems"))
    assert page.evaluate("document.querySelector('#alarm').hidden")
    product.site_names = []
    choose(page, SHOP)
    page.until(shows("#alarm", "There is nothing here"))
    assert page.evaluate("document.querySelector('#result').hidden")
    page.complaints[:] = [one for one in page.complaints if "503" not in one and "404" not in one]
