"""One's second factor over HTTP: set up, confirmed, switched off, and what to do without the phone."""

from __future__ import annotations

from chalicelib.core.errors import NotFound, Stale
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.second_factor import SecondFactorOn
from chalicelib.features.identity.model.session import TokenExpired
from chalicelib.features.identity.schemas.accounts import FreshRecoveryCodes, NewSecondFactor, Otp
from chalicelib.features.identity.wiring import identity
from chalicelib.web.allow import OWN, fresh, standing
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(__name__, tag="accounts")

_OVER = (InvalidToken, TokenExpired)


@api.endpoint(
    "POST", "/v1/auth/totp", allow=fresh(OWN), returns=NewSecondFactor, audit="second_factor.begun",
    errors=(*_OVER, NotFound, SecondFactorOn, Stale),
)  # fmt: skip
def set_up_second_factor(call: Call[Nothing]) -> NewSecondFactor:
    """Begin to set up an authenticator app. Nothing is asked for until a code of it is confirmed.

    The secret is shown this once; asking again makes a new one, and the one before void.
    """
    return NewSecondFactor.of(identity().second_factors.begin(user_id=call.principal.subject, now=call.at))


@api.endpoint(
    "POST", "/v1/auth/totp/confirm", allow=standing(OWN), body=Otp, returns=FreshRecoveryCodes,
    audit="second_factor.switched_on", errors=(*_OVER, InvalidCredentials, NotFound, SecondFactorOn, Stale),
)  # fmt: skip
def confirm_second_factor(call: Call[Otp]) -> FreshRecoveryCodes:
    """Switch the second factor on, by a code of the app. Every other session ends, and a letter says so.

    The recovery codes are shown this once. Without the app, they are the only way in.
    """
    principal = call.principal
    codes = identity().second_factors.confirm(
        user_id=principal.subject,
        session_id=principal.session_id or "",
        otp=call.body.otp,
        request_id=call.request_id,
        now=call.at,
    )
    return FreshRecoveryCodes(recovery_codes=codes)


@api.endpoint(
    "DELETE", "/v1/auth/totp", allow=fresh(OWN), status=204, audit="second_factor.switched_off",
    errors=(*_OVER, NotFound, Stale),
)  # fmt: skip
def remove_second_factor(call: Call[Nothing]) -> None:
    """Switch the second factor off. A letter says so."""
    identity().second_factors.remove(user_id=call.principal.subject, request_id=call.request_id)


@api.endpoint(
    "POST", "/v1/auth/totp/recovery-codes", allow=fresh(OWN), returns=FreshRecoveryCodes,
    audit="recovery_codes.replaced", errors=(*_OVER, NotFound, Stale),
)  # fmt: skip
def replace_recovery_codes(call: Call[Nothing]) -> FreshRecoveryCodes:
    """Get new recovery codes. Those there were are void, and a letter says so."""
    codes = identity().second_factors.replace_recovery_codes(user_id=call.principal.subject, request_id=call.request_id)
    return FreshRecoveryCodes(recovery_codes=codes)
