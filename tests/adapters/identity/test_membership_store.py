"""Who hands an account over to whom, read together."""

from __future__ import annotations

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.core.identity import Role
from chalicelib.features.identity.store.membership import MembershipRows
from chalicelib.features.tenants.wiring import standing_tenant
from tests.world import World


@pytest.fixture
def rows(world: World) -> MembershipRows:
    return MembershipRows(tenant=standing_tenant())


def test_both_parties_and_their_tenant_are_found_together(world: World, rows: MembershipRows) -> None:
    ada, ben = world.ada, world.ben
    found = rows.handover(ada.tenant_id, owner_id=ada.user_id, heir_id=ben.user_id)
    assert (found.tenant.id, found.owner.role, found.heir.role) == (ada.tenant_id, Role.OWNER, Role.EDITOR)
    assert (found.giver.email, found.taker.email) == (ada.email, ben.email)
    rows.transfer(found.owner, found.heir)
    after = rows.handover(ada.tenant_id, owner_id=ada.user_id, heir_id=ben.user_id)
    assert (after.owner.role, after.heir.role) == (Role.ADMIN, Role.OWNER)


def test_a_stranger_is_no_party_to_it(world: World, rows: MembershipRows) -> None:
    with pytest.raises(NotFound):
        rows.handover(world.ada.tenant_id, owner_id=world.ada.user_id, heir_id=world.cyd.user_id)
    with pytest.raises(NotFound):
        rows.handover("ten_nobody", owner_id=world.ada.user_id, heir_id=world.ben.user_id)
