"""What browsers told by coming: whether the SDK works on the site's pages, and what the last refusal was about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.features.checks.model.finding import Finding, Subject, fine, warning
from chalicelib.features.sightings.model import Sight, Sightings

LATELY = timedelta(days=7)
_FIXES: Mapping[str, str] = {
    "origin_not_allowed": "If the origin is yours, add it to the site's `origins`. Else somebody has copied your page.",
    "endpoint_not_allowed": "Send the subscription exactly as `PushSubscription.toJSON()` gives it. Browsers of other "
    "makers have push services that we do not know; they stay out.",
    "external_id_unproven": "Sign the external id on your server with the site's identity secret: "
    "base64url(HMAC-SHA256(secret, id)).",
    "bad_subscription_token": "Harmless for a visitor who cleared the browser's data: the SDK subscribes anew. If it "
    "goes on, the page calls us without the SDK, and with a wrong `X-Subscription-Token`.",
    "subscription_ended": "Harmless: the SDK subscribes anew, unless the subscription was removed.",
    "rate_limited": "So many visitors of one address, or of the site, came at once. Each tries again by itself.",
    "invalid": "The page calls us without the SDK, and what it sends does not fit: see `errors` of the answer.",
}
_SEE = "Its page says what to do: `/problems/{code}`."


def sdk_seen(seen: Sightings, *, now: datetime) -> Finding:
    last = seen.last_seen
    if last is None:
        return warning(
            Subject.SDK_SEEN,
            "The SDK has not come from any page of the site yet.",
            "Open a page of the site in a browser, then look again. If it stays so, the other findings say why.",
        )
    named = f"The SDK, version {seen.version}," if seen.version else "The SDK"
    detail = f"{named} came from `{last.origin}`."
    if now - last.at > LATELY:
        return warning(
            Subject.SDK_SEEN,
            f"{detail} That was more than a week ago.",
            "Is the tag still on the pages that people visit?",
            seen_at=last.at,
        )
    return fine(Subject.SDK_SEEN, detail, seen_at=last.at)


def last_refusal(seen: Sightings, *, now: datetime) -> Finding:
    """Anybody can come with a made-up origin, so a refusal alone is no proof of a problem."""
    refusals = [each for each in seen.refusals if now - each.at <= LATELY]
    if not refusals:
        return fine(Subject.LAST_REFUSAL, "No browser was refused within a week.")
    last, *others = refusals
    more = f" Before it: {', '.join(f'`{each.code}` from `{each.origin}`' for each in others)}." if others else ""
    return warning(
        Subject.LAST_REFUSAL,
        f"A browser at `{last.origin}` asked for `{last.what}` and was refused: `{last.code}`.{more}",
        _FIXES.get(last.code, _SEE.format(code=last.code)),
        seen_at=last.at,
    )


def lately(seen: Sightings, *, now: datetime) -> Sight | None:
    last = seen.last_seen
    return last if last is not None and now - last.at <= LATELY else None
