"""The sites of all tenants, as the doctor offers them."""

from __future__ import annotations

from infra.local.console.site_book import sites
from tests.http.sites.test_sites import make
from tests.world import World


def test_every_site_that_stands_is_named_with_its_tenant(world: World) -> None:
    assert sites(prefix=world.aws.prefix) == []
    shop, blog = make(world, name="Shop"), make(world, name="Blog")
    gone = make(world, name="Gone")
    assert world.client.delete(f"/v1/sites/{gone['id']}", as_=world.ada).status == 202
    found = sites(prefix=world.aws.prefix)
    assert [(site.id, site.name, site.url) for site in found] == [
        (blog["id"], "Blog", blog["url"]),
        (shop["id"], "Shop", shop["url"]),
    ]
    assert {(site.tenant_id, site.tenant) for site in found} == {(world.ada.tenant_id, "Ada's company")}
