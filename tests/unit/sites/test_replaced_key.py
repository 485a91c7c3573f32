"""Secrets of sites while the installation's key is being replaced: sealed anew where a site is read, at nobody's cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.features.sites.model import SealedKey, Site
from chalicelib.features.sites.service import Sites
from tests.fakes.clock import ManualClock
from tests.unit.sites.memory import NOW, GlassVault, MemorySites, make_sites

ADA, CYD = "ten_ada", "ten_cyd"


class Scene:
    """A site with two VAPID keys, made under the first key; from `replace` on the second one seals."""

    def __init__(self) -> None:
        self.store, self.vault, self.clock = Counted(), GlassVault(), ManualClock(NOW)
        self.sites = make_sites(self.store, vault=self.vault, clock=self.clock)
        self.site = self.sites.create(tenant_id=ADA, name="Shop", url="https://shop.example", now=NOW)
        self.older = SealedKey("vap_older", b"public", self.vault.seal(b"older", self.context("vap_older")))
        self.store.keys_at[ADA, self.site.id, "vap_older"] = self.older
        self.secret = self.sites.identity_secret(tenant_id=ADA, site_id=self.site.id)
        self.store.writes = 0

    def replace(self) -> None:
        self.vault.key, self.vault.other = "second", "first"

    def read(self) -> Site:
        return self.sites.get(tenant_id=ADA, site_id=self.site.id)

    def context(self, key: str) -> dict[str, str]:
        return {"tenant": ADA, "site": self.site.id, "key": key}

    @property
    def stale(self) -> list[str]:
        lying = {each.key_id: each.sealed for each in self.store.keys(ADA, self.site.id)}
        lying["identity"] = self.store.secrets[ADA, self.site.id]
        return sorted(name for name, sealed in lying.items() if self.vault.is_stale(sealed))


class Counted(MemorySites):
    """`rival`, if set, is called once, just before the next sealed secret is replaced."""

    writes = 0
    rival: Callable[[], None] | None = None

    def seal_key_anew(self, tenant_id: str, site_id: str, key: SealedKey, *, instead_of: bytes) -> bool:
        self._let_a_rival_in()
        return super().seal_key_anew(tenant_id, site_id, key, instead_of=instead_of)

    def seal_identity_secret_anew(self, tenant_id: str, site_id: str, sealed: bytes, *, instead_of: bytes) -> bool:
        self._let_a_rival_in()
        return super().seal_identity_secret_anew(tenant_id, site_id, sealed, instead_of=instead_of)

    def _let_a_rival_in(self) -> None:
        self.writes += 1
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()


@pytest.fixture
def scene() -> Scene:
    return Scene()


_WAYS: dict[str, Callable[[Sites, Site], object]] = {
    "read": lambda sites, site: sites.get(tenant_id=ADA, site_id=site.id),
    "changed": lambda sites, site: sites.change(tenant_id=ADA, site_id=site.id, name="New"),
    "asked by a browser": lambda sites, site: sites.admit(site_key=site.site_key, origin=site.origins[0]),
    "asked for its secret": lambda sites, site: sites.identity_secret(tenant_id=ADA, site_id=site.id),
}


@pytest.mark.parametrize("way", _WAYS)
def test_whoever_reads_the_site_has_all_its_secrets_sealed_anew(scene: Scene, way: str) -> None:
    scene.replace()
    assert len(scene.stale) == 3
    _WAYS[way](scene.sites, scene.site)
    assert scene.stale == []
    assert scene.sites.identity_secret(tenant_id=ADA, site_id=scene.site.id) == scene.secret
    for key_id in ("vap_older", scene.site.key_id):
        assert scene.sites.signing_key(tenant_id=ADA, site_id=scene.site.id, key_id=key_id).key_id == key_id
    _WAYS[way](scene.sites, scene.site)
    assert scene.store.writes == 3


def test_while_no_key_is_replaced_nothing_is_written(scene: Scene) -> None:
    for way in _WAYS.values():
        way(scene.sites, scene.site)
    assert scene.store.writes == 0


def test_who_may_open_nothing_seals_nothing(scene: Scene) -> None:
    """The sender's function and the sweeper's read sites as well."""
    scene.replace()
    assert scene.sites.name(tenant_id=ADA, site_id=scene.site.id) == "Shop"
    scene.sites.signing_key(tenant_id=ADA, site_id=scene.site.id, key_id=scene.site.key_id)
    scene.sites.list(tenant_id=ADA, limit=10, cursor=None)
    assert scene.store.writes == 0
    with pytest.raises(NotFound):
        scene.sites.name(tenant_id=CYD, site_id=scene.site.id)


def test_what_could_not_be_sealed_anew_is_tried_again_in_five_minutes_and_nobody_notices(scene: Scene) -> None:
    scene.replace()
    scene.vault.is_away = True
    assert scene.read() == scene.site
    assert scene.sites.identity_secret(tenant_id=ADA, site_id=scene.site.id) == scene.secret
    scene.vault.is_away = False
    scene.clock.advance(minutes=4, seconds=59)
    scene.read()
    assert len(scene.stale) == 3
    scene.clock.advance(seconds=1)
    scene.read()
    assert scene.stale == []


def test_cut_short_the_identity_secret_still_tells(scene: Scene) -> None:
    """It is the last to be sealed anew, so that what was left is found again."""
    scene.replace()
    scene.store.rival = lambda: setattr(scene.vault, "is_away", True)
    scene.read()
    assert "identity" in scene.stale
    assert len(scene.stale) == 2
    scene.vault.is_away = False
    scene.clock.advance(minutes=5)
    scene.read()
    assert scene.stale == []


def test_a_secret_that_does_not_open_is_left_and_stops_nobody(scene: Scene) -> None:
    scene.replace()
    moved = replace(scene.older, sealed=scene.store.secrets[ADA, scene.site.id])
    scene.store.keys_at[ADA, scene.site.id, "vap_older"] = moved
    assert scene.read() == scene.site
    assert "vap_older" in scene.stale


def test_of_two_at_once_one_writes_and_what_the_other_made_is_dropped(scene: Scene) -> None:
    scene.replace()
    another = make_sites(scene.store, vault=scene.vault, clock=scene.clock)
    scene.store.rival = lambda: (another.get(tenant_id=ADA, site_id=scene.site.id), None)[1]
    scene.read()
    assert scene.stale == []
    assert scene.sites.identity_secret(tenant_id=ADA, site_id=scene.site.id) == scene.secret


def test_it_loses_to_whoever_changed_the_secret_meanwhile(scene: Scene) -> None:
    scene.replace()
    theirs = scene.vault.seal(b"theirs", scene.context("identity"))
    scene.store.rival = lambda: scene.store.secrets.update({(ADA, scene.site.id): theirs})
    assert not scene.sites.seal_identity_secret_anew(tenant_id=ADA, site_id=scene.site.id)
    assert scene.store.secrets[ADA, scene.site.id] == theirs


def test_one_at_a_time_for_who_goes_through_the_rows(scene: Scene) -> None:
    scene.replace()
    place = {"tenant_id": ADA, "site_id": scene.site.id}
    assert scene.sites.seal_key_anew(**place, key_id="vap_older")
    assert scene.sites.seal_identity_secret_anew(**place)
    assert scene.stale == [scene.site.key_id]
    assert not scene.sites.seal_key_anew(**place, key_id="vap_unknown")
    assert not scene.sites.seal_identity_secret_anew(tenant_id=CYD, site_id=scene.site.id)


def test_the_keys_of_a_closed_site_can_be_sealed_anew_too(scene: Scene) -> None:
    scene.replace()
    scene.store.close(scene.site, at=NOW)
    assert scene.sites.seal_key_anew(tenant_id=ADA, site_id=scene.site.id, key_id=scene.site.key_id)
    assert not scene.sites.seal_identity_secret_anew(tenant_id=ADA, site_id=scene.site.id)


def test_the_memory_of_what_was_tried_is_bounded(scene: Scene) -> None:
    scene.replace()
    scene.vault.is_away = True
    with_stale = [replace(scene.site, id=f"site_{number:026}") for number in range(300)]
    for site in with_stale:
        scene.store.rows[ADA, site.id], scene.store.secrets[ADA, site.id] = (
            site,
            scene.store.secrets[ADA, scene.site.id],
        )
        scene.sites.get(tenant_id=ADA, site_id=site.id)
    assert len(scene.sites._tried) <= 256
