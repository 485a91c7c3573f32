"""What a site is given passes what it is judged by, whether the SDK's files have an address of their own or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.features.checks.adapters.markup import read_markup
from chalicelib.features.checks.model.csp import csp
from chalicelib.features.checks.model.finding import Status
from chalicelib.features.checks.model.product import Product
from chalicelib.features.checks.model.script_tag import script_tag
from chalicelib.features.checks.model.visit import Page
from chalicelib.features.checks.model.worker_file import worker
from tests.unit.checks.cases import KEY, PRODUCT, SHOP, SITE, worker_file

DEPLOYED = replace(PRODUCT, files_url="https://files.example.net")
WORKER_URL = f"{SHOP}/pushsaas-worker.js"


@pytest.fixture(params=[PRODUCT, DEPLOYED], ids=["one address", "two"])
def product(request: pytest.FixtureRequest) -> Product:
    found: Product = request.param
    return found


def page_with_the_tag(product: Product, *policies: str) -> Page:
    return Page(f"{SHOP}/", read_markup(product.tag(KEY).encode(), url=f"{SHOP}/"), policies, is_whole=True)


def test_the_tag_is_fine(product: Product) -> None:
    assert script_tag(SITE, page_with_the_tag(product), product, lately=None).status is Status.OK


def test_the_workers_line_is_fine(product: Product) -> None:
    seen = worker_file(body=product.worker_line.encode())
    found = worker(seen, scope=f"{SHOP}/pushsaas/", page_url=f"{SHOP}/", product=product)
    assert found.status is Status.OK


def test_a_worker_from_where_the_files_are_not_is_told() -> None:
    seen = worker_file(body=PRODUCT.worker_line.encode())
    found = worker(seen, scope=f"{SHOP}/pushsaas/", page_url=f"{SHOP}/", product=DEPLOYED)
    assert found.status is Status.PROBLEM
    assert DEPLOYED.worker_line in found.fix


def test_a_policy_of_both_addresses_lets_it_work(product: Product) -> None:
    said = "script-src 'self' https://push.example.com https://files.example.net; connect-src https://push.example.com"
    found = csp(page_with_the_tag(product, f"{said}; worker-src 'self'"), None, WORKER_URL, product, site_key=KEY)
    assert found.status is Status.OK
