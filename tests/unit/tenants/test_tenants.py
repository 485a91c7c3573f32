"""Tenants: names that fit on one line, and look-ups that tell strangers nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.features.tenants.model import LONGEST_NAME, State, clean_name, open_tenant
from chalicelib.features.tenants.service import Tenants
from tests.fakes.tenants import MemoryTenants

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def store() -> MemoryTenants:
    return MemoryTenants()


@pytest.fixture
def tenants(store: MemoryTenants) -> Tenants:
    return Tenants(store=store)


def test_a_tenant_opens_active(tenants: Tenants, store: MemoryTenants) -> None:
    tenant = open_tenant(name="  Ada's company ", plan="free", now=NOW)
    store.tenants[tenant.id] = tenant
    assert (tenant.name, tenant.state, tenant.created_at, tenant.rev) == ("Ada's company", State.ACTIVE, NOW, 1)
    assert tenants.get(tenant_id=tenant.id) == tenant


@pytest.mark.parametrize("tenant_id", ["ten_01hzzzzzzzzzzzzzzzzzzzzzzz", "", "ten_", "site_x", "ten_#TENANT"])
def test_an_unknown_tenant_is_not_found(tenants: Tenants, tenant_id: str) -> None:
    with pytest.raises(NotFound):
        tenants.get(tenant_id=tenant_id)


def test_many_are_found_at_once_by_id(tenants: Tenants, store: MemoryTenants) -> None:
    known = [open_tenant(name=name, plan="free", now=NOW) for name in ("One", "Two")]
    store.tenants = {tenant.id: tenant for tenant in known}
    assert tenants.get_many(tenant_ids=[known[0].id, "ten_unknown"]) == {known[0].id: known[0]}


def test_a_tenant_is_renamed_whoever_else_changes_it(tenants: Tenants, store: MemoryTenants) -> None:
    tenant = open_tenant(name="One", plan="free", now=NOW)
    store.tenants[tenant.id] = tenant
    meanwhile = replace(tenant, plan="scale", rev=2)
    store.rival = lambda: store.tenants.update({tenant.id: meanwhile})
    assert tenants.change(tenant_id=tenant.id, name=" Two ") == replace(meanwhile, name="Two", rev=3)
    with pytest.raises(NotFound):
        tenants.change(tenant_id="ten_unknown", name="Two")
    with pytest.raises(Invalid) as refused:
        tenants.change(tenant_id=tenant.id, name="")
    assert refused.value.facts["errors"][0]["pointer"] == "/name"


def test_what_is_left_out_stays_as_it_is(tenants: Tenants, store: MemoryTenants) -> None:
    tenant = open_tenant(name="One", plan="free", now=NOW)
    store.tenants[tenant.id] = tenant
    assert not tenant.requires_second_factor
    strict = tenants.change(tenant_id=tenant.id, requires_second_factor=True)
    assert strict == replace(tenant, requires_second_factor=True, rev=2)
    assert tenants.change(tenant_id=tenant.id, name="Two") == replace(strict, name="Two", rev=3)
    assert not tenants.change(tenant_id=tenant.id, requires_second_factor=False).requires_second_factor


def test_a_crowd_that_renames_is_told_to_come_back(tenants: Tenants, store: MemoryTenants) -> None:
    tenant = open_tenant(name="One", plan="free", now=NOW)
    store.tenants[tenant.id] = tenant

    def push_in() -> None:
        store.tenants[tenant.id] = replace(store.tenants[tenant.id], rev=store.tenants[tenant.id].rev + 1)
        store.rival = push_in

    store.rival = push_in
    with pytest.raises(Stale):
        tenants.change(tenant_id=tenant.id, name="Two")


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * (LONGEST_NAME + 1), "two\nlines", "bell\x07", "c1\x85c1", "sep\u2028sep", "\u202edlrow"]
)
def test_a_name_is_one_line_of_visible_text(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_name(name)
    assert refused.value.facts["errors"][0]["pointer"] == "/tenant_name"


@pytest.mark.parametrize("name", ["x", "x" * LONGEST_NAME, "Bücher & Söhne", "店"])
def test_names_of_all_tongues_are_fine(name: str) -> None:
    assert clean_name(name) == name


def test_a_tenant_closes_on_the_first_day_that_was_said_and_reopens_before_it(
    tenants: Tenants, store: MemoryTenants
) -> None:
    tenant = open_tenant(name="One", plan="free", now=NOW)
    store.tenants[tenant.id] = tenant
    day = NOW + timedelta(days=30)
    assert tenants.close(tenant_id=tenant.id, closes_at=day).closes_at == day
    assert tenants.close(tenant_id=tenant.id, closes_at=day + timedelta(days=1)).closes_at == day
    with pytest.raises(NotFound):
        tenants.reopen(tenant_id=tenant.id, now=day)
    assert tenants.reopen(tenant_id=tenant.id, now=NOW).closes_at is None
    assert tenants.reopen(tenant_id=tenant.id, now=day).closes_at is None
