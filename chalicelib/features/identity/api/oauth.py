"""Signing in with Google or Microsoft over HTTP: two addresses for browsers, and one for the client they belong to."""

from __future__ import annotations

from typing import cast

from chalicelib.config import settings
from chalicelib.core.errors import Conflict, Invalid, NotFound, Stale
from chalicelib.core.limits import RouteClass
from chalicelib.core.suspicion import Blocked
from chalicelib.features.identity.api.keepsake import Keepsake
from chalicelib.features.identity.api.seen import device_of
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.oauth import (
    TRIP_LASTS,
    EmailUnverified,
    PasswordRequired,
    ProviderUnavailable,
    SignInFailed,
)
from chalicelib.features.identity.model.person import EmailTaken, InvalidToken, NoTenant
from chalicelib.features.identity.model.second_factor import OtpRequired
from chalicelib.features.identity.schemas.accounts import TokensView
from chalicelib.features.identity.schemas.oauth import CodeExchange, Departing, Returning
from chalicelib.features.identity.service.oauth import Claim, Return
from chalicelib.features.identity.wiring import oauth
from chalicelib.web.allow import ANYONE
from chalicelib.web.api import Answer, Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(__name__, tag="accounts")

_KEEPSAKE = Keepsake("sign_in", TRIP_LASTS)
_OF_PROVIDER = "/v1/auth/oauth/{provider}"


@api.endpoint(
    "GET", f"{_OF_PROVIDER}/start", allow=ANYONE, query=Departing, status=302, errors=(NotFound,),
    counts_as=RouteClass.SIGN_IN,
)  # fmt: skip
def start_oauth(call: Call[Nothing]) -> Answer:
    """Go to Google or Microsoft to sign in; `provider` is `google` or `microsoft`.

    For browsers: it sets a cookie that the way back is bound to, for ten minutes. A provider that this installation is
    not registered with does not exist here.
    """
    query = cast("Departing", call.query)
    departure = oauth().begin(
        provider=call.path["provider"],
        browser=_KEEPSAKE.kept(call.header("cookie")),
        challenge=query.code_challenge or "",
        now=call.at,
    )
    return Answer(headers={"Location": departure.url, "Set-Cookie": _KEEPSAKE.cookie(departure.browser)}, status=302)


@api.endpoint(
    "GET", f"{_OF_PROVIDER}/callback", allow=ANYONE, query=Returning, status=302,
    errors=(NotFound, SignInFailed, ProviderUnavailable), counts_as=RouteClass.SIGN_IN,
)  # fmt: skip
def finish_oauth(call: Call[Nothing]) -> Answer:
    """Come back from the provider.

    Leads on to the front end of the installation, or to a page that says what to do, with a one-time code in the
    fragment: `#code=…`. The code is good for two minutes, once.
    """
    query = cast("Returning", call.query)
    back = Return(query.state, query.code, query.error, query.iss, browser=_KEEPSAKE.kept(call.header("cookie")))
    code = oauth().arrive(provider=call.path["provider"], back=back, now=call.at)
    landing = settings().sign_in_url or f"{settings().public_url}/signed-in"
    return Answer(headers={"Location": f"{landing}#code={code}"}, status=302)


@api.endpoint(
    "POST", "/v1/auth/oauth/exchange", allow=ANYONE, body=CodeExchange, returns=TokensView,
    errors=(
        InvalidToken, InvalidCredentials, PasswordRequired, OtpRequired, EmailUnverified, NoTenant, EmailTaken,
        NotFound, Conflict, Invalid, Stale, Blocked,
    ),
)  # fmt: skip
def exchange_oauth_code(call: Call[CodeExchange]) -> TokensView:
    """Exchange a provider's one-time code for tokens.

    Who has an account with that address is asked for its password once (`password_required`), and for a code of the
    second factor every time where one is on (`otp_required`): send the same code again with what was asked for, five
    times at most. Who has none gets an account, and a tenant of their own.
    """
    body = call.body
    claim = Claim(
        code=body.code,
        verifier=body.code_verifier,
        password=body.password,
        otp=body.otp,
        tenant_id=body.tenant_id,
        tenant_name=body.tenant_name,
        address=call.client_address,
        device=device_of(call),
    )
    return TokensView.of(oauth().exchange(claim=claim, request_id=call.request_id, now=call.at))
