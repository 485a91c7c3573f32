"""Sites as their owners, their browsers and the sender see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from chalicelib.aws.envelope import Tampered
from chalicelib.core.encoding import b64url, unb64url
from chalicelib.core.errors import Forbidden, Invalid, NotFound, Stale
from chalicelib.core.paging import BadCursor
from chalicelib.features.sites.adapters.key_pairs import key_pair
from chalicelib.features.sites.model import OriginNotAllowed, SealedKey, Site
from chalicelib.features.sites.service import Sites
from tests.fakes.clock import ManualClock
from tests.unit.sites.memory import NOW, MemorySites, NoNights, make_sites

ADA, CYD = "ten_ada", "ten_cyd"


def make_site(sites: Sites, tenant_id: str = ADA, **words: str) -> Site:
    return sites.create(tenant_id=tenant_id, now=NOW, **{"name": "Shop", "url": "https://shop.example/de", **words})  # type: ignore[arg-type]  # words are the texts of `create`


def test_a_site_is_made_with_its_own_key_and_sensible_defaults() -> None:
    sites = make_sites(MemorySites())
    site = make_site(sites)
    assert site == sites.get(tenant_id=ADA, site_id=site.id)
    assert (site.origins, site.subject) == (("https://shop.example",), "mailto:push@example.com")
    key = sites.signing_key(tenant_id=ADA, site_id=site.id, key_id=site.key_id)
    assert (len(key.private_scalar), len(key.public)) == (32, 65)
    assert unb64url(site.vapid_public_key) == key.public
    assert make_site(sites).site_key != site.site_key


def test_what_the_owner_says_is_kept() -> None:
    sites = make_sites(MemorySites(), allows_http_origins=True)
    site = sites.create(
        tenant_id=ADA,
        name=" Shop ",
        url="http://localhost:3000/",
        origins=("https://Shop.example", "http://localhost:3000"),
        subject="mailto:push@shop.com",
        now=NOW,
    )
    assert (site.name, site.url) == ("Shop", "http://localhost:3000/")
    assert site.origins == ("https://shop.example", "http://localhost:3000")
    assert (site.subject, site.created_at) == ("mailto:push@shop.com", NOW)


@pytest.mark.parametrize(
    "words",
    [{"name": " "}, {"url": "http://shop.example"}, {"subject": "push@shop.com"}, {"origins": ()}, {"origins": ("x",)}],
)
def test_nothing_is_stored_of_a_site_that_is_wrong(words: dict[str, str]) -> None:
    store = MemorySites()
    with pytest.raises(Invalid):
        make_site(make_sites(store), **words)
    assert store == MemorySites()


def test_a_key_bound_to_one_site_makes_no_other_and_lists_its_own() -> None:
    sites = make_sites(MemorySites())
    site, _other = make_site(sites), make_site(sites)
    with pytest.raises(Forbidden):
        make_site(sites, bound_to=site.id)
    page = sites.list(tenant_id=ADA, limit=50, cursor=None, bound_to=site.id)
    assert (page.rows, page.position) == ([site], None)


def test_anothers_site_answers_like_an_unknown_one() -> None:
    store = MemorySites()
    sites = make_sites(store)
    site = make_site(sites)
    for site_id in (site.id, "site_01hzy3f5c8k9m2n4p6q8r0s1t2"):
        before = store.reads
        for call in (
            lambda asked=site_id: sites.get(tenant_id=CYD, site_id=asked),
            lambda asked=site_id: sites.change(tenant_id=CYD, site_id=asked, name="Mine"),
            lambda asked=site_id: sites.close(tenant_id=CYD, site_id=asked, now=NOW),
            lambda asked=site_id: sites.signing_key(tenant_id=CYD, site_id=asked, key_id=site.key_id),
            lambda asked=site_id: sites.identity_secret(tenant_id=CYD, site_id=asked),
        ):
            with pytest.raises(NotFound):
                call()
        assert store.reads - before == 4
    assert sites.get(tenant_id=ADA, site_id=site.id) == site


@pytest.mark.parametrize(
    "site_id", ["", "site_", "ten_01hzy3f5c8k9m2n4p6q8r0s1t2", "site_" + "x" * 1000, "SITE#x", "\0"]
)
def test_the_store_is_never_asked_for_what_cannot_be_an_id(site_id: str) -> None:
    store = MemorySites()
    sites = make_sites(store)
    with pytest.raises(NotFound):
        sites.get(tenant_id=ADA, site_id=site_id)
    with pytest.raises(NotFound):
        sites.identity_secret(tenant_id=ADA, site_id=site_id)
    with pytest.raises(NotFound):
        sites.by_key(site_id)
    assert store.reads == 0


def test_a_list_is_paged_by_signed_cursors_of_this_tenant() -> None:
    sites = make_sites(MemorySites())
    made = sorted(make_site(sites).id for _ in range(5))
    make_site(sites, CYD)
    found, cursor = [], None
    for _ in range(3):
        page = sites.list(tenant_id=ADA, limit=2, cursor=cursor)
        found += [site.id for site in page.rows]
        cursor = page.position
    assert (found, cursor) == (made, None)
    of_ada = sites.list(tenant_id=ADA, limit=2, cursor=None).position
    for wrong in (of_ada, "AAAA", "not base64!"):
        with pytest.raises(BadCursor):
            sites.list(tenant_id=CYD, limit=2, cursor=wrong)


def test_a_change_touches_what_it_names() -> None:
    sites = make_sites(MemorySites())
    site = make_site(sites)
    changed = sites.change(
        tenant_id=ADA,
        site_id=site.id,
        name="New",
        url="https://new.example",
        origins=("https://new.example",),
        subject="https://new.com",
    )
    assert changed == sites.get(tenant_id=ADA, site_id=site.id)
    wanted = {"name": "New", "url": "https://new.example", "origins": ("https://new.example",)}
    assert changed == replace(site, **wanted, subject="https://new.com", rev=2)  # type: ignore[arg-type]  # by name
    assert sites.change(tenant_id=ADA, site_id=site.id) == changed
    assert sites.change(tenant_id=ADA, site_id=site.id, name="New") == changed


@pytest.mark.parametrize("words", [{"name": ""}, {"url": "x"}, {"origins": ()}, {"subject": "x"}])
def test_a_wrong_change_changes_nothing(words: dict[str, str]) -> None:
    sites = make_sites(MemorySites())
    site = make_site(sites)
    with pytest.raises(Invalid):
        sites.change(tenant_id=ADA, site_id=site.id, **words)  # type: ignore[arg-type]  # words are the texts of `change`
    assert sites.get(tenant_id=ADA, site_id=site.id) == site


def test_a_sunset_is_said_called_off_and_looked_after() -> None:
    nights = NoNights()
    sites = make_sites(MemorySites(), nights=nights)
    site = make_site(sites)
    asked: dict[str, Any] = {"tenant_id": ADA, "site_id": site.id}
    assert sites.change(**asked, sunset_after_days=90).sunset_after_days == 90
    assert sites.change(**asked, name="New").sunset_after_days == 90
    assert nights.planned == [f"{ADA} 01"]
    assert sites.change(**asked, sunset_after_days=60).sunset_after_days == 60
    assert sites.change(**asked, sunset_after_days=None).sunset_after_days is None
    assert nights.planned == [f"{ADA} 01"]
    sites.change(**asked, sunset_after_days=30)
    assert len(nights.planned) == 2


@pytest.mark.parametrize("days", [0, -1, 29, 401])
def test_a_site_waits_no_less_and_no_more(days: int) -> None:
    nights = NoNights()
    sites = make_sites(MemorySites(), nights=nights)
    site = make_site(sites)
    with pytest.raises(Invalid):
        sites.change(tenant_id=ADA, site_id=site.id, sunset_after_days=days)
    assert (sites.get(tenant_id=ADA, site_id=site.id), nights.planned) == (site, [])


class Contested(MemorySites):
    """Somebody else always writes first, `times` times."""

    times = 0

    def change(self, site: Site) -> bool:
        self._intervene(site)
        return super().change(site)

    def close(self, site: Site, *, at: datetime) -> bool:
        self._intervene(site)
        return super().close(site, at=at)

    def _intervene(self, site: Site) -> None:
        if self.times > 0:
            self.times -= 1
            before = self.rows[site.tenant_id, site.id]
            self.rows[site.tenant_id, site.id] = replace(before, url="https://else.example", rev=before.rev + 1)


def test_a_change_meets_another_and_both_last() -> None:
    store = Contested()
    sites = make_sites(store)
    site = make_site(sites)
    store.times = 2
    changed = sites.change(tenant_id=ADA, site_id=site.id, name="New")
    assert (changed.name, changed.url) == ("New", "https://else.example")
    store.times = 2
    sites.close(tenant_id=ADA, site_id=site.id, now=NOW)
    assert store.rows == {}


def test_an_endless_contest_is_given_up() -> None:
    store = Contested()
    sites = make_sites(store)
    site = make_site(sites)
    store.times = 100
    with pytest.raises(Stale):
        sites.change(tenant_id=ADA, site_id=site.id, name="New")
    with pytest.raises(Stale):
        sites.close(tenant_id=ADA, site_id=site.id, now=NOW)


def test_a_closed_site_is_unknown_to_everyone() -> None:
    sites = make_sites(MemorySites())
    site = make_site(sites)
    assert sites.close(tenant_id=ADA, site_id=site.id, now=NOW) == site
    for call in (
        lambda: sites.get(tenant_id=ADA, site_id=site.id),
        lambda: sites.by_key(site.site_key),
        lambda: sites.admit(site_key=site.site_key, origin=site.origins[0]),
        lambda: sites.close(tenant_id=ADA, site_id=site.id, now=NOW),
        lambda: sites.identity_secret(tenant_id=ADA, site_id=site.id),
    ):
        with pytest.raises(NotFound):
            call()
    assert sites.list(tenant_id=ADA, limit=50, cursor=None).rows == []


ORIGIN = "https://shop.example"
FOREIGN_ORIGINS = [
    None,
    "",
    "null",
    "*",
    "http://shop.example",
    "https://shop.example:443",
    "https://shop.example:8443",
    "https://www.shop.example",
    "https://evilshop.example",
    "https://shop.example.evil.test",
    "https://shop.example/",
    "https://shop.example, https://evil.test",
    "https://Shop.example",
    "HTTPS://shop.example",
    " https://shop.example",
    "https://shop.example.",
    "https://user@shop.example",
    "shop.example",
]


def test_a_browser_on_the_sites_own_page_is_admitted() -> None:
    sites = make_sites(MemorySites())
    site = make_site(sites)
    assert sites.admit(site_key=site.site_key, origin=ORIGIN) == site == sites.by_key(site.site_key)


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_browser_from_anywhere_else_is_not(origin: str | None) -> None:
    sites = make_sites(MemorySites())
    with pytest.raises(OriginNotAllowed):
        sites.admit(site_key=make_site(sites).site_key, origin=origin)


def test_an_http_origin_from_building_days_is_not_admitted_in_production() -> None:
    store, origin = MemorySites(), "http://localhost:3000"
    site = make_site(make_sites(store, allows_http_origins=True), url=origin)
    assert make_sites(store, allows_http_origins=True).admit(site_key=site.site_key, origin=origin) == site
    with pytest.raises(OriginNotAllowed):
        make_sites(store).admit(site_key=site.site_key, origin=origin)


def test_an_unknown_site_key_is_unknown_whatever_the_origin() -> None:
    with pytest.raises(NotFound):
        make_sites(MemorySites()).admit(site_key="pk_" + "0" * 32, origin=ORIGIN)


def test_signing_keys_stay_in_memory_for_five_minutes_each_in_its_place() -> None:
    store, clock = MemorySites(), ManualClock(NOW)
    sites = make_sites(store, clock=clock)
    ada, cyd = make_site(sites), make_site(sites, CYD)
    before = store.reads
    for _ in range(3):
        for site in (ada, cyd):
            key = sites.signing_key(tenant_id=site.tenant_id, site_id=site.id, key_id=site.key_id)
            assert key.public == unb64url(site.vapid_public_key)
    assert store.reads - before == 2
    for tenant_id, site_id, key_id in [(CYD, ada.id, ada.key_id), (ADA, ada.id, cyd.key_id), (ADA, cyd.id, cyd.key_id)]:
        with pytest.raises(NotFound):
            sites.signing_key(tenant_id=tenant_id, site_id=site_id, key_id=key_id)
    sites.change(tenant_id=ADA, site_id=ada.id, subject="mailto:new@shop.com")
    clock.advance(minutes=4, seconds=59)
    assert sites.signing_key(tenant_id=ADA, site_id=ada.id, key_id=ada.key_id).subject == "mailto:push@example.com"
    clock.advance(seconds=1)
    assert sites.signing_key(tenant_id=ADA, site_id=ada.id, key_id=ada.key_id).subject == "mailto:new@shop.com"


def test_of_several_who_want_a_key_in_the_same_instant_one_asks_for_it() -> None:
    class Meeting(MemorySites):
        def get(self, tenant_id: str, site_id: str) -> Site | None:
            found = super().get(tenant_id, site_id)
            with suppress(BrokenBarrierError):
                together.wait(timeout=0.2)
            return found

    together, store = Barrier(2), Meeting()
    sites = make_sites(store)
    site, before = make_site(sites), store.reads
    with ThreadPoolExecutor() as threads:
        asked = [
            threads.submit(sites.signing_key, tenant_id=ADA, site_id=site.id, key_id=site.key_id) for _ in range(4)
        ]
    assert len({each.result().private_scalar for each in asked}) == 1
    assert store.reads - before == 1


def test_a_clock_that_goes_back_does_not_keep_keys_longer() -> None:
    store, clock = MemorySites(), ManualClock(NOW)
    sites = make_sites(store, clock=clock)
    site = make_site(sites)
    sites.signing_key(tenant_id=ADA, site_id=site.id, key_id=site.key_id)
    before = store.reads
    clock.advance(days=-1)
    sites.signing_key(tenant_id=ADA, site_id=site.id, key_id=site.key_id)
    assert store.reads == before + 1


def test_the_memory_of_keys_is_bounded() -> None:
    sites = make_sites(MemorySites())
    for _ in range(300):
        site = make_site(sites)
        sites.signing_key(tenant_id=ADA, site_id=site.id, key_id=site.key_id)
    assert len(sites._opened) <= 256


def test_a_key_row_moved_elsewhere_does_not_open() -> None:
    store = MemorySites()
    sites = make_sites(store)
    ada, cyd = make_site(sites), make_site(sites, CYD)
    store.keys_at[CYD, cyd.id, ada.key_id] = store.keys_at[ADA, ada.id, ada.key_id]
    with pytest.raises(Tampered):
        sites.signing_key(tenant_id=CYD, site_id=cyd.id, key_id=ada.key_id)


def test_every_site_has_its_own_identity_secret() -> None:
    store = MemorySites()
    sites = make_sites(store)
    ada, cyd = make_site(sites), make_site(sites, CYD)
    secret = sites.identity_secret(tenant_id=ADA, site_id=ada.id)
    assert secret.startswith("ids_")
    assert len(unb64url(secret.removeprefix("ids_"))) == 32
    assert secret == sites.identity_secret(tenant_id=ADA, site_id=ada.id)
    assert secret != sites.identity_secret(tenant_id=CYD, site_id=cyd.id)
    store.secrets[CYD, cyd.id] = store.secrets[ADA, ada.id]
    with pytest.raises(Tampered):
        sites.identity_secret(tenant_id=CYD, site_id=cyd.id)


def test_a_key_is_known_by_what_browsers_were_told_of_it() -> None:
    store = MemorySites()
    sites = make_sites(store)
    site = make_site(sites)
    older = key_pair()[1]
    store.keys_at[ADA, site.id, "vap_old"] = SealedKey("vap_old", older, b"sealed")
    asked = {"tenant_id": ADA, "site_id": site.id}
    assert sites.key_id_of(**asked, vapid_public_key=site.vapid_public_key) == site.key_id
    assert sites.key_id_of(**asked, vapid_public_key=b64url(older)) == "vap_old"
    assert sites.key_id_of(**asked, vapid_public_key=b64url(key_pair()[1])) is None
    assert sites.key_id_of(tenant_id=CYD, site_id=site.id, vapid_public_key=b64url(older)) is None
