"""Single sign-on over HTTP: what browsers and identity providers ask, and what an admin says of theirs."""

from __future__ import annotations

from functools import partial
from typing import cast

from chalicelib.config import settings
from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.core.suspicion import Blocked
from chalicelib.features.identity.api.keepsake import Keepsake
from chalicelib.features.identity.api.seen import device_of
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.oauth import PasswordRequired
from chalicelib.features.identity.model.person import InvalidToken, NoTenant
from chalicelib.features.identity.model.saml import TRIP_LASTS, NotAdmitted, OwnersNeedPassword, SsoFailed
from chalicelib.features.identity.model.second_factor import OtpRequired
from chalicelib.features.identity.model.session import TokenExpired
from chalicelib.features.identity.schemas.accounts import TokensView
from chalicelib.features.identity.schemas.saml import SamlAnswer, SsoChange, SsoDeparting, SsoExchange, SsoView
from chalicelib.features.identity.service.oauth import Claim
from chalicelib.features.identity.service.saml import Posted
from chalicelib.features.identity.wiring import saml, sso_settings
from chalicelib.web.allow import ANYONE, OWNER, fresh, person
from chalicelib.web.api import Answer, Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(__name__, tag="accounts")

_METADATA = "text/xml; charset=utf-8"
_KEEPSAKE = Keepsake("sso", TRIP_LASTS, is_for_posts=True)
_OF_TENANT = "/v1/auth/saml/{tenant_id}"
_KEEPER = fresh(person(Scope.TEAM_WRITE))


@api.endpoint("GET", f"{_OF_TENANT}/metadata", allow=ANYONE, media_type=_METADATA, counts_as=RouteClass.SIGN_IN)
def read_saml_metadata(call: Call[Nothing]) -> Answer:
    """Fetch what an identity provider has to know of us: SAML 2.0 metadata, one for each tenant."""
    return Answer(saml().metadata(tenant_id=call.path["tenant_id"]))


@api.endpoint("GET", f"{_OF_TENANT}/start", allow=ANYONE, query=SsoDeparting, status=302, counts_as=RouteClass.SIGN_IN)
def start_saml(call: Call[Nothing]) -> Answer:
    """Go to the tenant's identity provider to sign in.

    For browsers: it sets a cookie that the way back is bound to, for ten minutes. A tenant without an identity provider
    answers like one that does not exist.
    """
    query = cast("SsoDeparting", call.query)
    departure = saml().begin(
        tenant_id=call.path["tenant_id"],
        browser=_KEEPSAKE.kept(call.header("cookie")),
        challenge=query.code_challenge or "",
        is_fresh=query.fresh,
        now=call.at,
    )
    return Answer(headers={"Location": departure.url, "Set-Cookie": _KEEPSAKE.cookie(departure.browser)}, status=302)


@api.endpoint("POST", f"{_OF_TENANT}/acs", allow=ANYONE, body=SamlAnswer, status=303, errors=(SsoFailed,))
def finish_saml(call: Call[SamlAnswer]) -> Answer:
    """Come back from the identity provider, with what it has the browser post.

    Leads on to the front end of the installation, or to a page that says what to do, with a one-time code in the
    fragment: `#code=…`. The code is good for two minutes, once.
    """
    posted = Posted(call.body.answer, call.body.relay_state, browser=_KEEPSAKE.kept(call.header("cookie")))
    code = saml().arrive(tenant_id=call.path["tenant_id"], posted=posted, now=call.at)
    landing = settings().sign_in_url or f"{settings().public_url}/signed-in"
    return Answer(headers={"Location": f"{landing}#code={code}"}, status=303)


@api.endpoint(
    "POST", "/v1/auth/saml/exchange", allow=ANYONE, body=SsoExchange, returns=TokensView,
    errors=(
        InvalidToken, InvalidCredentials, PasswordRequired, OtpRequired, SsoFailed, NotAdmitted, OwnersNeedPassword,
        NoTenant, NotFound, Stale, Blocked,
    ),
)  # fmt: skip
def exchange_saml_code(call: Call[SsoExchange]) -> TokensView:
    """Exchange an identity provider's one-time code for tokens of its tenant.

    Who is new becomes a member. A member with that address is asked for their password once (`password_required`), and
    for a code where a second factor is on: send the same code again with it, five times at most. That takes who began:
    a `code_verifier`, or the cookie that `start` has set; a letter says so. The session is good for this tenant only,
    and for twelve hours at most.
    """
    body = call.body
    claim = Claim(
        code=body.code,
        verifier=body.code_verifier,
        password=body.password,
        otp=body.otp,
        address=call.client_address,
        browser=_KEEPSAKE.kept(call.header("cookie")),
        device=device_of(call),
    )
    return TokensView.of(saml().exchange(claim=claim, request_id=call.request_id, now=call.at))


@api.endpoint("GET", "/v1/tenant/sso", allow=person(Scope.TEAM_WRITE), returns=SsoView, errors=(NotFound,))
def get_sso(call: Call[Nothing]) -> SsoView:
    """Show the tenant's identity provider, and what it has to be told of us."""
    return SsoView.of(sso_settings().show(tenant_id=call.tenant_id))


@api.endpoint(
    "PUT", "/v1/tenant/sso", allow=_KEEPER, body=SsoChange, returns=SsoView, audit="sso.changed",
    errors=(InvalidToken, TokenExpired, Invalid, NotFound, Stale), stricter={"required": fresh(OWNER)},
)  # fmt: skip
def change_sso(call: Call[SsoChange]) -> SsoView:
    """Name the identity provider that lets people into this tenant, and as what. Owners are told by letter.

    It may sign in anybody as a member, and nobody as an owner. Once it is required, members but owners get 403
    `sso_required` with any other session; tokens from before are believed for the minutes they live. API keys go on.
    With another entity id, or with a certificate less, sessions end that it has opened before.
    """
    shown = sso_settings().change(
        tenant_id=call.tenant_id, wish=call.body.wish(), request_id=call.request_id, now=call.at
    )
    return SsoView.of(shown)


@api.endpoint(
    "DELETE", "/v1/tenant/sso", allow=_KEEPER, status=204, audit="sso.removed",
    errors=(InvalidToken, TokenExpired, NotFound, Stale),
)  # fmt: skip
def remove_sso(call: Call[Nothing]) -> None:
    """Have no identity provider any more. It is required no longer, and owners are told by letter.

    While it is required, only an owner may. Members whom only it knows stay members, and cannot sign in. Sessions that
    it has opened end: within fifteen minutes, and at once where it matters.
    """
    lift = partial(OWNER.check, call.principal)
    sso_settings().remove(tenant_id=call.tenant_id, lift=lift, request_id=call.request_id)
