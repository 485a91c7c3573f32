"""A whole look at a site over ports that stand still: what is asked, in which order, and what is never asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.core.errors import NotFound, PushError, Unavailable
from chalicelib.core.outside import Reason, Reply, Unreached
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import Campaign
from chalicelib.features.checks.model.finding import Status, Subject
from chalicelib.features.checks.model.visit import Lead, Lost, Markup, Shown, Tag
from chalicelib.features.checks.service.checks import Checks
from chalicelib.features.checks.service.visiting import Visits
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sightings.model import Sightings
from chalicelib.features.sites.model import SigningKey, Site
from chalicelib.features.subscriptions.model import Recipient
from tests.unit.checks.cases import NOW, PRODUCT, SHOP, TAG, site

HTML = Reply(200, "text/html", b"<p>", is_whole=True)
SCRIPT = Reply(200, "text/javascript", PRODUCT.worker_line.encode(), is_whole=True)


def toward(place: str) -> Reply:
    return Reply(302, "", b"", is_whole=True, headers={"location": (place,)})


@dataclass
class Web:
    """`Outside`, as far as it is looked at."""

    pages: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def look(self, url: str, **_: Any) -> Reply:
        self.asked.append(url)
        if url not in self.pages:
            raise Unreached(Reason.UNREACHABLE)
        return self.pages[url]

    def fetch(self, url: str, **_: Any) -> Any:
        raise AssertionError

    def post(self, url: str, **_: Any) -> Any:
        raise AssertionError


@dataclass
class World:
    """Everything else that is asked."""

    site: Site
    trouble: PushError | None = None

    def get(self, *, tenant_id: str, site_id: str) -> Site:
        if (tenant_id, site_id) != (self.site.tenant_id, self.site.id):
            raise NotFound
        return self.site

    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:
        if self.trouble:
            raise self.trouble
        return SigningKey(key_id, b"", b"public", self.site.subject)

    def of_site(self, *, tenant_id: str, site_id: str) -> Sightings:
        return Sightings()

    def read(self, *_: str, **__: object) -> tuple[list[Recipient], bool]:
        return [], False

    def gates(self, *, tenant_id: str, site_id: str) -> Sequence[Gate]:
        return []


class NoCampaigns:
    def of_site(self, *, tenant_id: str, site_id: str, limit: int, position: str | None) -> Page[Campaign]:
        return Page([], None)


def visits(web: Web, *tags: Tag) -> Visits:
    return Visits(outside=lambda: web, read_markup=lambda _body, *, url: Markup(tags))


def checks(world: World, web: Web, *tags: Tag) -> Checks:
    return Checks(
        sites=world,
        witness=world,
        audience=world,
        campaigns=NoCampaigns(),
        hosts=world,
        visits=visits(web, *tags),
        product=PRODUCT,
    )


def found(world: World, web: Web, *tags: Tag) -> dict[Subject, Status]:
    there = checks(world, web, *tags).check(tenant_id="ten_1", site_id="site_1", now=NOW)
    return {each.id: each.status for each in there}


def test_everything_is_told_once_and_in_its_order() -> None:
    web = Web({f"{SHOP}/": HTML, f"{SHOP}/pushsaas-worker.js": SCRIPT})
    told = found(World(site(vapid_public_key="cHVibGlj")), web, TAG)
    assert list(told) == list(Subject)
    assert set(told.values()) == {Status.OK, Status.WARNING, Status.UNKNOWN}
    assert [each for each, status in told.items() if status is Status.WARNING] == [Subject.SDK_SEEN]
    assert [each for each, status in told.items() if status is Status.UNKNOWN] == [Subject.KEY_MATCH]


def test_a_site_that_cannot_be_seen_is_told_all_the_rest() -> None:
    told = found(World(site(vapid_public_key="cHVibGlj")), Web())
    assert [each for each, status in told.items() if status is Status.PROBLEM] == [Subject.PAGE_REACHABLE]
    assert told[Subject.SCRIPT_TAG] == told[Subject.CSP] == told[Subject.WORKER] == Status.UNKNOWN


def test_a_foreign_site_is_not_visited() -> None:
    web = Web()
    with pytest.raises(NotFound):
        checks(World(site()), web).check(tenant_id="ten_2", site_id="site_1", now=NOW)
    assert web.asked == []


def test_a_key_that_is_not_there_is_a_finding_and_one_that_cannot_be_asked_for_is_not() -> None:
    assert found(World(site(), NotFound()), Web())[Subject.KEY_MATCH] is Status.PROBLEM
    with pytest.raises(Unavailable):
        found(World(site(), Unavailable()), Web())


def test_a_page_is_followed_on_the_sites_own_origins() -> None:
    listed = site(url=f"{SHOP}/old#top", origins=(SHOP, "https://www.shop.example"))
    web = Web(
        {f"{SHOP}/old": toward("/new"), f"{SHOP}/new": toward("//www.shop.example/"), "https://www.shop.example/": HTML}
    )
    seen = visits(web).front(listed)
    assert isinstance(seen, Shown)
    assert seen.url == "https://www.shop.example/"
    assert web.asked == [f"{SHOP}/old", f"{SHOP}/new", "https://www.shop.example/"]


@pytest.mark.parametrize(
    "place", ["https://evil.test/", "http://shop.example/", "http://169.254.169.254/", "//[", "data:x"]
)
def test_and_nowhere_else(place: str) -> None:
    web = Web({f"{SHOP}/": toward(place)})
    seen = visits(web).front(site())
    assert isinstance(seen, Lost)
    assert seen.why is Lead.ELSEWHERE
    assert web.asked == [f"{SHOP}/"]


def test_nor_for_ever() -> None:
    web = Web({f"{SHOP}/": toward("/")})
    assert visits(web).front(site()) == Lost(f"{SHOP}/", Lead.IN_CIRCLES)
    assert len(web.asked) == 3


def test_a_redirect_that_leads_nowhere_is_an_answer() -> None:
    seen = visits(Web({f"{SHOP}/": Reply(302, "", b"", is_whole=True)})).front(site())
    assert isinstance(seen, Shown)
    assert seen.status == 302


@pytest.mark.parametrize(
    "seen",
    [
        Lost(SHOP, Reason.TOO_SLOW),
        Shown(SHOP, 404, "text/html", b"x"),
        Shown(SHOP, 200, "image/png", b"x"),
        Shown(SHOP, 200, "text/html", b""),
    ],
)
def test_what_is_no_page_is_not_read(seen: Shown | Lost) -> None:
    assert visits(Web()).page(seen) is None


def test_a_worker_elsewhere_is_not_asked_for() -> None:
    web = Web()
    assert visits(web).worker("https://cdn.example/w.js", page_url=SHOP) is None
    assert visits(web).worker("", page_url=SHOP) is None
    assert web.asked == []


def test_the_policy_of_an_error_page_is_no_workers() -> None:
    missing = Reply(404, "text/html", b"", is_whole=True, headers={"content-security-policy": ("default-src 'none'",)})
    told = found(World(site()), Web({f"{SHOP}/": HTML, f"{SHOP}/pushsaas-worker.js": missing}), TAG)
    assert (told[Subject.CSP], told[Subject.WORKER]) == (Status.OK, Status.PROBLEM)
