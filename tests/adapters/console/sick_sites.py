"""Three sites for the doctor: one that is well, one with everything that can be wrong, one that nobody has touched."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.features.checks.model.finding import Finding, Subject, fine, problem, unknown, warning
from infra.local.console.product_view import SiteName
from tests.adapters.console.fake_product import FakeProduct, an_empty_one

SHOP, BLOG, NEW = (f"site_01k9zq4t7m8n2p5r6s3v1w0{end}" for end in ("shp", "bg7", "new"))
_ADA, _CYD = (f"ten_01k9zq4t7m8n2p5r6s3v1w0{end}" for end in ("ada", "cyd"))
_TAG = '<script defer src="https://push.example.com/sdk/v1/pushsaas.js" data-site="pk_4e316261cfa9269de0c6807ceebd81a2"></script>'


def with_sites(*, url: str = "http://127.0.0.1:8000") -> FakeProduct:
    product = an_empty_one(url=url)
    product.site_names = [
        SiteName(tenant_id=_ADA, tenant="Ada's company", id=SHOP, name="Shop", url="https://shop.example/"),
        SiteName(tenant_id=_ADA, tenant="Ada's company", id=BLOG, name="Blog", url="https://blog.shop.example/"),
        SiteName(tenant_id=_CYD, tenant="", id=NEW, name="A site with quite a long name that somebody has given it", url="https://new.example/"),
    ]  # fmt: skip
    product.findings = {SHOP: _sick(product), BLOG: _well(product)}
    return product


def _well(product: FakeProduct) -> list[Finding]:
    just_now = product.now() - timedelta(minutes=3)
    return [fine(subject, f"`{subject.value}` is as it should be.", seen_at=just_now) for subject in Subject]


def _sick(product: FakeProduct) -> list[Finding]:
    now = product.now()
    return [
        fine(Subject.HTTPS, "The site's address and all its origins are https."),
        fine(Subject.PAGE_REACHABLE, "`https://www.shop.example/` shows a page."),
        problem(
            Subject.ORIGIN_LISTED,
            "Visitors end up at `https://www.shop.example`, and only `https://shop.example` may subscribe browsers.",
            "Add `https://www.shop.example` to the site's `origins`, if it is yours.",
        ),
        problem(Subject.SCRIPT_TAG, "`https://www.shop.example/` does not load the SDK.", f"Put this into its `<head>`: `{_TAG}`"),
        problem(
            Subject.CSP,
            "The page's Content-Security-Policy stops the SDK.",
            "Let the policy say: `script-src 'self' https://push.example.com`; `connect-src 'self' https://push.example.com`; "
            "`worker-src 'self'`.",
        ),
        unknown(Subject.WORKER, "`https://www.shop.example/pushsaas-worker.js` took longer than a few seconds.", "Put it there."),
        fine(Subject.SDK_SEEN, "The SDK came from `https://shop.example`.", seen_at=now - timedelta(hours=3)),
        warning(
            Subject.LAST_REFUSAL,
            "A browser at `https://www.shop.example` asked for `config` and was refused: `origin_not_allowed`.",
            "If the origin is yours, add it to the site's `origins`. Else somebody has copied your page.",
            seen_at=now - timedelta(minutes=8),
        ),
        fine(Subject.VAPID_SUBJECT, "Push services may write to `mailto:ada@shop.example`."),
        unknown(Subject.KEY_MATCH, "The site's key is in order. No browser is subscribed that could be compared with it."),
        fine(Subject.PAYLOAD, "A message may have 2,600 bytes, within what every service takes."),
        fine(Subject.PUSH_SERVICES, "No push service has asked us to wait, or refused us."),
    ]  # fmt: skip
